"""Requantisation against its definition on Python's integers, at ties, at edges and by chance."""

from __future__ import annotations

from fractions import Fraction
from math import ceil, floor
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from intaglio.bench.stimulus import beside, edges, sensitive, ties, uniform
from intaglio.spec.errors import ModelError
from intaglio.spec.formats import INT32
from intaglio.spec.quant import (
    FP32_SHIFTS,
    IDENTITY,
    SHIFTS,
    Rounding,
    Scale,
    fp32_scale,
    q15,
    requantise,
)

WIDE = (-(1 << 62), (1 << 62) - 1)
FIXED = [mode for mode in Rounding if mode is not Rounding.FP32_RNE]


def ties_up(value: Fraction) -> int:
    return floor(value + Fraction(1, 2))


def ties_away(value: Fraction) -> int:
    return ties_up(value) if value >= 0 else -ties_up(-value)


def truncate(value: Fraction) -> int:
    return floor(value) if value >= 0 else ceil(value)


def significant(value: int) -> int:
    """Round to 24 significant bits, ties to even: Python's round of a fraction does that."""
    unit = 1 << max(abs(value).bit_length() - 24, 0)
    return round(Fraction(value, unit)) * unit


def scaled(acc: int, multiplier: int, shift: int, rounding: Rounding) -> int:
    """Return round(acc * scale)."""
    if rounding is Rounding.FP32_RNE:
        product = significant(significant(acc) * multiplier)
        return round(product * Fraction(2) ** shift)
    if rounding is Rounding.DOUBLE:
        wrapped = ((acc << max(shift, 0)) + 2**31) % 2**32 - 2**31
        product = wrapped * multiplier
        first = truncate(Fraction(product + (2**30 if product >= 0 else 1 - 2**30), 2**31))
        return ties_away(Fraction(first, 2 ** max(-shift, 0)))
    if rounding is Rounding.I64_Q15:
        short = 0x7FFF if multiplier >= 0x7FFF0000 else (multiplier + 2**15) >> 16
        return ties_up(acc * short * Fraction(2) ** (shift - 15))
    value = acc * multiplier * Fraction(2) ** (shift - 31)
    if rounding is Rounding.SINGLE_RNE:
        return round(value)
    return ties_up(value) if rounding is Rounding.SINGLE_UP else ties_away(value)


def check(acc: Any, scale: Scale, rounding: Rounding) -> None:
    values = np.asarray(acc, np.int64)
    got = requantise(values, scale.multiplier, scale.shift, rounding, 0, *WIDE)
    want = [scaled(int(a), scale.multiplier, scale.shift, rounding) for a in values]
    np.testing.assert_array_equal(got, want)


def scales(rounding: Rounding) -> st.SearchStrategy[Scale]:
    bits, shifts = (24, FP32_SHIFTS) if rounding is Rounding.FP32_RNE else (31, SHIFTS)
    numbers = st.integers(1 << (bits - 1), (1 << bits) - 1)
    ends = st.sampled_from([0, 1, 1 << (bits - 1), (1 << bits) - 1, 3 << (bits - 2)])
    return st.builds(
        Scale,
        numbers | ends,
        st.integers(shifts.start, shifts.stop - 1) | st.integers(-12, 1),
    )


@pytest.mark.parametrize("rounding", Rounding, ids=lambda r: r.name)
def test_each_rounding_equals_its_definition(rounding: Rounding) -> None:
    @settings(max_examples=200, derandomize=True)
    @given(scales(rounding), st.lists(st.integers(INT32.min, INT32.max), min_size=1, max_size=20))
    def run(scale: Scale, acc: list[int]) -> None:
        check([*acc, *edges(INT32)], scale, rounding)
        check(beside(ties(scale, rounding, count=3)), scale, rounding)

    run()


@pytest.mark.parametrize("rounding", Rounding, ids=lambda r: r.name)
def test_each_shift_at_the_edges(rounding: Rounding, rng: np.random.Generator) -> None:
    floating = rounding is Rounding.FP32_RNE
    top = 1 << (24 if floating else 31)
    for shift in FP32_SHIFTS if floating else SHIFTS:
        for number in (0, 1, top // 2, top // 2 + 1, 3 * top // 4, top - 1):
            scale = Scale(number, shift)
            acc = np.concatenate([edges(INT32), uniform(rng, INT32, 5)])
            check(acc, scale, rounding)
            check(beside(sensitive(rng, scale, rounding, 5)), scale, rounding)


def test_the_roundings_differ_where_they_should() -> None:
    acc = [-3, -1, 1, 3]  # times one half
    results = {mode: requantise(acc, 1 << 30, 0, mode, 0, *WIDE).tolist() for mode in FIXED}
    assert results[Rounding.SINGLE_UP] == [-1, 0, 1, 2]
    assert results[Rounding.SINGLE_AWAY] == [-2, -1, 1, 2]
    assert results[Rounding.DOUBLE] == [-1, 0, 1, 2]  # a shift of 0: the first step alone
    assert results[Rounding.I64_Q15] == [-1, 0, 1, 2]
    assert results[Rounding.SINGLE_RNE] == [-2, 0, 0, 2]
    single = requantise(acc, 1 << 23, -24, Rounding.FP32_RNE, 0, *WIDE)
    assert single.tolist() == [-2, 0, 0, 2]
    # Rounded twice: 0.4999 becomes 0.5 in the first step, and 1 in the second.
    below = (1 << 31) - 1
    assert requantise([1], below, -1, Rounding.DOUBLE, 0, *WIDE) == 1
    assert requantise([1], below, -1, Rounding.SINGLE_AWAY, 0, *WIDE) == 0


def test_float32_itself_is_mode_4(rng: np.random.Generator) -> None:
    # The definition that the reference engine evaluates: rint(float32(acc) * scale).
    for exponent in range(-36, 7):
        real = np.float32(rng.uniform(0.5, 1) * 2.0**exponent)
        scale = fp32_scale(float(real))
        acc = np.concatenate(
            [
                uniform(rng, INT32, 2000),
                sensitive(rng, scale, Rounding.FP32_RNE, 2000),
                beside(ties(scale, Rounding.FP32_RNE, count=50)),
                edges(INT32),
            ]
        )
        want = np.rint(acc.astype(np.float32) * real).astype(np.int64)
        got = requantise(acc, scale.multiplier, scale.shift, Rounding.FP32_RNE, 0, *WIDE)
        np.testing.assert_array_equal(got, want)


def test_mode_3_takes_48_bit_accumulators(rng: np.random.Generator) -> None:
    acc = rng.integers(-(1 << 47) + 1, 1 << 47, 200)
    for shift in (-31, -15, 0, 14):
        check(acc, Scale(1_999_999_999, shift), Rounding.I64_Q15)


def test_mode_3_is_mode_1_with_a_rounded_multiplier(rng: np.random.Generator) -> None:
    acc = np.concatenate([edges(INT32), uniform(rng, INT32, 500)])
    for number in (1 << 30, 1_234_567_890, 0x7FFEFFFF, 0x7FFF0000, (1 << 31) - 1):
        scale = Scale(number, -9)
        short = q15(scale)
        assert short.multiplier % (1 << 16) == 0
        assert q15(short) == short
        np.testing.assert_array_equal(
            requantise(acc, scale.multiplier, -9, Rounding.I64_Q15, 0, *WIDE),
            requantise(acc, short.multiplier, -9, Rounding.SINGLE_UP, 0, *WIDE),
        )


def test_channels_take_their_own_scale_and_the_clamp_comes_last() -> None:
    acc = np.array([[1000, 1000, 1000], [-1000, -1000, -1000]])
    got = requantise(acc, [1 << 30] * 3, [1, 0, -3], Rounding.SINGLE_AWAY, 10, -128, 127)
    assert got.tolist() == [[127, 127, 73], [-128, -128, -53]]


def test_a_positive_shift_wraps_in_mode_0_as_32_bit_arithmetic_does() -> None:
    assert requantise([1 << 30], 1 << 30, 1, Rounding.DOUBLE, 0, *WIDE) == -(1 << 30)
    assert requantise([1 << 30], 1 << 30, 1, Rounding.SINGLE_UP, 0, *WIDE) == 1 << 30


@pytest.mark.parametrize(
    ("number", "shift", "rounding"),
    [
        (1 << 30, -32, Rounding.DOUBLE),
        (1 << 30, 31, Rounding.SINGLE_UP),
        ((1 << 31) + 1, 0, Rounding.SINGLE_AWAY),
        (-1, 0, Rounding.I64_Q15),
        (1 << 24, 0, Rounding.FP32_RNE),
        (1 << 23, 8, Rounding.FP32_RNE),
    ],
)
def test_scales_outside_the_range_are_refused(number: int, shift: int, rounding: Rounding) -> None:
    with pytest.raises(ModelError, match="E304") as caught:
        requantise([0], number, shift, rounding, 0, -128, 127)
    assert rounding.name in caught.value.findings[0].message


@pytest.mark.parametrize("rounding", [m for m in FIXED if m is not Rounding.I64_Q15])
def test_the_dyadic_multiplier_is_scale_1(rounding: Rounding) -> None:
    codes = edges(INT32)
    got = requantise(codes, 1 << 31, 0, rounding, 0, *WIDE)
    np.testing.assert_array_equal(got, codes)
    assert requantise([5], 1 << 31, -1, rounding, 0, *WIDE) == scaled(5, 1 << 31, -1, rounding)


@pytest.mark.parametrize("rounding", FIXED, ids=lambda r: r.name)
def test_identity_changes_nothing(rounding: Rounding) -> None:
    codes = np.arange(-(1 << 9), 1 << 9)
    got = requantise(codes, IDENTITY.multiplier, IDENTITY.shift, rounding, 0, *WIDE)
    np.testing.assert_array_equal(got, codes)
