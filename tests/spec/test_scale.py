"""Scales: exact values, ranges, and the proofs of their docstrings by trial."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from intaglio.spec.errors import ModelError
from intaglio.spec.formats import IntArray
from intaglio.spec.quant import Rounding, requantise, rescale_add_operand
from intaglio.spec.scale import (
    FP32_SHIFTS,
    SHIFTS,
    Scale,
    add_rescales,
    average_scale,
    fp32_scale,
    mean_scale,
    multiplier,
)

WIDE = (-(1 << 62), (1 << 62) - 1)


def real(scale: Scale) -> Fraction:
    return scale.multiplier * Fraction(2) ** (scale.shift - 31)


@settings(derandomize=True)
@given(st.floats(2.0**-31, 2.0**29))
def test_multiplier_is_the_nearest_of_31_bits(value: float) -> None:
    scale = multiplier(value)
    assert 1 << 30 <= scale.multiplier < 1 << 31
    assert scale.shift in SHIFTS
    assert abs(real(scale) - Fraction(value)) <= Fraction(2) ** (scale.shift - 32)


@pytest.mark.parametrize(
    ("value", "scale"),
    [
        (0.0, Scale(0, 0)),
        (1.0, Scale(1 << 30, 1)),
        (0.5, Scale(1 << 30, 0)),
        (math.nextafter(1.0, 0.0), Scale(1 << 30, 1)),  # rounds up to the next power of two
        (2.0**-32, Scale(1 << 30, -31)),
        (2.0**-33, Scale(0, 0)),
        (2.0**30 - 1, Scale((1 << 31) - 2, 30)),
    ],
)
def test_multiplier_at_its_ends(value: float, scale: Scale) -> None:
    assert multiplier(value) == scale


@pytest.mark.parametrize("value", [-0.1, math.nan, math.inf, 2.0**30])
def test_impossible_scales_are_refused(value: float) -> None:
    with pytest.raises(ModelError, match="E304"):
        multiplier(value)


@pytest.mark.parametrize("value", [-0.1, math.nan, math.inf, 2.0**31])
def test_impossible_float32_scales_are_refused(value: float) -> None:
    with pytest.raises(ModelError, match="E304"):
        fp32_scale(value)


@settings(derandomize=True)
@given(st.floats(2.0**-41, 2.0**30, width=32))
def test_fp32_scale_is_exact(value: float) -> None:
    scale = fp32_scale(value)
    assert 1 << 23 <= scale.multiplier < 1 << 24
    assert scale.shift in FP32_SHIFTS
    assert scale.multiplier * Fraction(2) ** scale.shift == Fraction(value)


def test_float32_scales_without_effect_are_zero() -> None:
    assert fp32_scale(0.0) == Scale(0, 0)
    assert fp32_scale(2.0**-42) == Scale(0, 0)
    assert fp32_scale(1e-45) == Scale(0, 0)  # not a normal number
    least = fp32_scale(2.0**-41)
    assert least.multiplier
    number, shift = least.multiplier, least.shift
    assert requantise([-(1 << 31)], number, shift, Rounding.FP32_RNE, 0, -128, 127) == 0


def divided(sums: IntArray, count: int) -> IntArray:
    magnitude = (np.abs(sums) + count // 2) // count
    return np.asarray(np.where(sums < 0, -magnitude, magnitude), np.int64)


def averaged(sums: IntArray, count: int) -> IntArray:
    scale = average_scale(count)
    assert 1 << 30 <= scale.multiplier < 1 << 31
    return requantise(sums, scale.multiplier, scale.shift, Rounding.SINGLE_AWAY, 0, *WIDE)


def test_average_scale_divides_all_sums_of_few_codes_exactly() -> None:
    for count in [*range(1, 200), 255, 256, 257, 1023, 1024, 1025]:
        sums = np.arange(-128 * count, 128 * count + 1)
        np.testing.assert_array_equal(averaged(sums, count), divided(sums, count), f"{count}")


def test_average_scale_divides_exactly_beside_every_tie(rng: np.random.Generator) -> None:
    for count in [2047, 32768, 65533, 65534, 65535, *map(int, rng.integers(1, 1 << 16, 200))]:
        quotients = np.arange(-128, 129) * count
        near = [count // 2 + d for d in (-1, 0, 1, 2)] + [-1, 0, 1]
        sums = np.add.outer(quotients, near).ravel()
        sums = sums[np.abs(sums) <= 128 * count]
        np.testing.assert_array_equal(averaged(sums, count), divided(sums, count), f"{count}")


@pytest.mark.slow
def test_average_scale_divides_exactly_for_every_count() -> None:
    for count in range(1, 1 << 16):
        quotients = np.arange(-128, 129) * count
        sums = np.add.outer(quotients, [count // 2, count // 2 + 1, (count - 1) // 2]).ravel()
        sums = sums[np.abs(sums) <= 128 * count]
        np.testing.assert_array_equal(averaged(sums, count), divided(sums, count), f"{count}")


@pytest.mark.parametrize("count", [0, -1, 1 << 16])
def test_averages_that_are_not_exact_are_refused(count: int) -> None:
    with pytest.raises(ModelError, match=rf"E304.*{count}"):
        average_scale(count)


def test_mean_scale_folds_the_division_in() -> None:
    for count in (1, 2, 3, 7, 16, 49, 8192):
        scale = mean_scale(0.1, 0.25, count)
        assert 0 <= Fraction(0.1) / Fraction(0.25) / count - real(scale) < Fraction(1, 2**30)
    assert mean_scale(0.5, 0.5, 16) == Scale(1 << 30, -3)
    assert mean_scale(0.5, 0.5, 3) == Scale(715827882, 0)  # 2**31 // 3: truncated, unlike 1/3
    assert mean_scale(2.0**-29, 1.0, 1024) == Scale(1 << 23, -31)  # no room for a larger shift


def test_add_rescales_bring_operands_and_sum_to_one_scale() -> None:
    a, b, y = add_rescales(0.5, 0.125, 0.25)
    assert (real(a), real(b)) == (Fraction(1, 2), Fraction(1, 8))
    assert real(y) == Fraction(4, 2**20)
    assert add_rescales(0.125, 0.5, 0.25) == (b, a, y)
    # 10 * 0.5 + 4 * 0.125 = 22 * 0.25
    total = rescale_add_operand([13], 3, a) + rescale_add_operand([4], 0, b)
    assert requantise(total, y.multiplier, y.shift, Rounding.DOUBLE, -1, -128, 127) == 21
