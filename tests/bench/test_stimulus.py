"""The stimulus hits what it names: ties are ties, edges are edges, and a seed repeats."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from intaglio.bench.residues import residual_cases
from intaglio.bench.stimulus import beside, edges, sensitive, ties, uniform
from intaglio.spec.formats import INT8, INT16, INT32, IntArray
from intaglio.spec.quant import Rounding, Scale, fp32_scale, multiplier, q15, requantise

ONCE = (Rounding.SINGLE_UP, Rounding.SINGLE_AWAY)


def is_half(value: Fraction) -> bool:
    return (2 * value).denominator == 1 and value.denominator == 2


@pytest.mark.parametrize("rounding", ONCE, ids=lambda r: r.name)
@pytest.mark.parametrize("real", [0.5, 0.75, 0.001, 0.0123456, 5e-6])
def test_ties_of_one_rounding_lie_halfway(rounding: Rounding, real: float) -> None:
    scale = multiplier(real)
    factor = scale.multiplier * Fraction(2) ** (scale.shift - 31)
    # An odd multiplier has its first tie at 2**(30 - shift) only.
    found = ties(scale, rounding, INT32)
    assert all(is_half(int(acc) * factor) for acc in found)
    assert set(found) == set(-found)


def test_round_scales_have_ties_at_small_accumulators() -> None:
    assert set(ties(multiplier(0.75), Rounding.SINGLE_UP, count=2)) == {2, -2, 6, -6}
    assert ties(multiplier(0.5), Rounding.SINGLE_AWAY, count=1).tolist() == [1, -1]
    assert ties(q15(multiplier(0.1)), Rounding.I64_Q15).size
    assert ties(multiplier(2.0), Rounding.SINGLE_UP).size == 0
    assert ties(Scale(0, 0), Rounding.DOUBLE).size == 0


def test_ties_of_two_roundings_include_those_that_the_first_one_makes() -> None:
    scale = multiplier(0.0123456)
    found = ties(scale, Rounding.DOUBLE)
    first = (found * scale.multiplier + (1 << 30)) >> 31
    halves = first % (1 << -scale.shift) == 1 << (-scale.shift - 1)
    assert halves.sum() >= 8
    twice = requantise(found, scale.multiplier, scale.shift, Rounding.DOUBLE, 0, -128, 127)
    once = requantise(found, scale.multiplier, scale.shift, Rounding.SINGLE_AWAY, 0, -128, 127)
    assert (twice != once).any()


def mantissa_ties(values: IntArray) -> int:
    """Count the values that lie halfway between two of 24 significant bits."""
    lost = [max(int(value).bit_length() - 24, 0) for value in np.abs(values)]
    return sum(
        bool(n) and abs(int(v)) % (1 << n) == 1 << (n - 1)
        for v, n in zip(values, lost, strict=True)
    )


def test_ties_of_float32_are_of_all_three_kinds() -> None:
    scale = fp32_scale(0.1)
    found = ties(scale, Rounding.FP32_RNE)
    assert mantissa_ties(found) >= 8
    odd = Scale(9395241, -27)  # 0.07: three times it has 25 bits, and the last one is 1
    products = ties(odd, Rounding.FP32_RNE)
    products = products[np.abs(products) < 1 << 24] * odd.multiplier
    assert mantissa_ties(products) >= 8
    # 0.1 is slightly above 1/10 in float32, but its products with 5, 15, ... round to halves.
    assert {5, 15, -25} <= set(found)
    got = requantise(found, scale.multiplier, scale.shift, Rounding.FP32_RNE, 0, -(2**31), 2**31)
    np.testing.assert_array_equal(got, np.rint(found.astype(np.float32) * np.float32(0.1)))
    away = requantise(found, *_fixed(multiplier(0.1)), Rounding.SINGLE_AWAY, 0, -(2**31), 2**31)
    assert (got != away).any()


def _fixed(scale: Scale) -> tuple[int, int]:
    return scale.multiplier, scale.shift


def test_ties_stay_in_the_format() -> None:
    assert INT8.holds(ties(multiplier(0.5), Rounding.SINGLE_UP, INT8, 1000))
    assert len(ties(multiplier(0.5), Rounding.SINGLE_UP, INT8, 1000)) == 128


def test_edges_and_neighbours() -> None:
    assert {-128, -127, -1, 0, 1, 126, 127} <= set(edges(INT8))
    assert INT8.holds(edges(INT8))
    assert beside(np.array([127, 3]), INT8).tolist() == [126, 127, 2, 3, 4]


def test_a_seed_repeats_and_every_value_can_come() -> None:
    one, two = (uniform(np.random.default_rng(7), INT8, 5000) for _ in range(2))
    assert (one == two).all()
    assert set(one) == set(range(-128, 128))
    assert INT16.holds(uniform(np.random.default_rng(1), INT16, 1000))


@pytest.mark.parametrize("rounding", Rounding, ids=lambda r: r.name)
def test_sensitive_accumulators_mostly_escape_the_clamp(rounding: Rounding) -> None:
    scale = fp32_scale(0.003) if rounding is Rounding.FP32_RNE else multiplier(0.003)
    acc = sensitive(np.random.default_rng(3), scale, rounding, 1000)
    got = requantise(acc, scale.multiplier, scale.shift, rounding, 0, -128, 127)
    assert 600 < ((got > -128) & (got < 127)).sum() < 1000


@pytest.mark.parametrize("rounding", [Rounding.SINGLE_UP, Rounding.SINGLE_AWAY, Rounding.I64_Q15])
def test_residual_cases_lie_on_a_tie_or_one_bit_from_it(rounding: Rounding) -> None:
    sums, multipliers, shifts = residual_cases(rounding, 600, np.random.default_rng(5))
    low = np.int64(1) << (31 - shifts)
    distance = np.abs(np.abs(sums * multipliers) % low - low // 2)
    assert ((distance & (distance - 1)) == 0).all()
    assert len(set(distance.tolist())) > 12
    assert (sums < 0).any() and (sums > 0).any()


def test_residual_cases_of_floats_are_decided_by_their_last_bits() -> None:
    sums, multipliers, shifts = residual_cases(Rounding.FP32_RNE, 60, np.random.default_rng(5))
    codes = requantise(sums, multipliers, shifts, Rounding.FP32_RNE, 0, -1000, 1000)
    exact = [
        Fraction(s) * m * Fraction(2) ** h
        for s, m, h in zip(sums.tolist(), multipliers.tolist(), shifts.tolist(), strict=True)
    ]
    once = [round(value) for value in exact]
    assert (codes != once).any(), "no case in which the first rounding decides the second"
    off = [abs(abs(value) % 1 - Fraction(1, 2)) for value in exact]
    assert max(off) < Fraction(1, 2**13)
