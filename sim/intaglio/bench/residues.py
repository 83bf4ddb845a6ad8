"""Operands whose product lies exactly one bit away from where a rounding changes its mind.

Neighbours of a tie in the accumulator are a whole multiplier away from it: they never show whether
a single low bit of the product still counts. Here the product is chosen first, and the operands
are solved for.
"""

from __future__ import annotations

import numpy as np

from intaglio.spec.formats import INT32, IntArray
from intaglio.spec.quant import (
    FP32_MANTISSA_BITS,
    FP32_SHIFTS,
    MULTIPLIER_FRACTION_BITS,
    SHIFTS,
    Rounding,
)

REACH = 300
"""Results mostly lie within so much of 0: the clamp would hide what is beyond."""
Q15 = 16
"""Low bits of a mode-3 multiplier, which are 0."""
SAMPLES, KEPT = 1 << 12, 4
"""Factors tried at once, and solutions kept of those for one target."""


def residual_cases(
    rounding: Rounding, count: int, rng: np.random.Generator
) -> tuple[IntArray, IntArray, IntArray]:
    """Return about `count` (sums, multipliers, shifts) next to ties, each on either side or on it.

    The distance is 0 or a power of two, of every size that the product has bits below its tie.
    Both signs of the sum occur. Where a mode rounds twice, the first rounding decides the second.
    """
    found = [np.zeros((3, 0), np.int64)]
    have = 0
    while have < count:
        cases = _single(rng) if rounding is Rounding.FP32_RNE else _integer(rounding, rng)
        have += cases.shape[1]
        found.append(cases)
    sums, multipliers, shifts = np.concatenate(found, axis=1)[:, :count]
    return sums * rng.choice((-1, 1), sums.shape), multipliers, shifts


def powers(
    rounding: Rounding, count: int, rng: np.random.Generator
) -> tuple[IntArray, IntArray, IntArray]:
    """Return (sums, multipliers, shifts) whose products are a single bit, at every place.

    Most are beyond every code: what tells so has that one bit to tell it by.
    """
    floating = rounding is Rounding.FP32_RNE
    bits = FP32_MANTISSA_BITS if floating else MULTIPLIER_FRACTION_BITS
    span = FP32_SHIFTS if floating else SHIFTS
    sums = (1 << rng.integers(0, INT32.bits - 1, count)) * rng.choice((-1, 1), count)
    shifts = rng.integers(span.start, span.stop, count)
    return sums, np.full(count, 1 << bits - 1), shifts


def _integer(rounding: Rounding, rng: np.random.Generator) -> IntArray:
    """Solve multiplier * sum = target modulo 2**low for odd sums; keep multipliers that exist."""
    shift = int(rng.integers(-9, 12))
    low = MULTIPLIER_FRACTION_BITS - shift  # bits of the product below the integers
    if rounding is Rounding.DOUBLE:
        shift, low = min(shift, 0), max(low, MULTIPLIER_FRACTION_BITS)
    zeros = Q15 if rounding is Rounding.I64_Q15 else 0
    half = 1 << low - 1
    if rounding is Rounding.DOUBLE and shift < 0 and rng.random() < 0.7:
        half -= 1 << MULTIPLIER_FRACTION_BITS - 1  # to the tie by the first rounding alone
    place = int(rng.integers(zeros, low))
    target = half + int(rng.choice((-1, 0, 1))) * (1 << place)
    # A product of at most REACH integers, of which the multiplier has 30 bits or 31.
    most = min(max((REACH << low) >> MULTIPLIER_FRACTION_BITS, 2), INT32.max)
    sums = rng.integers(0, most, SAMPLES) | 1
    modulus = (1 << low - zeros) - 1
    multipliers = (_inverse(sums) * (target >> zeros) & modulus) << zeros
    # Lower residues than a multiplier's own size leave its high bits to chance.
    free = MULTIPLIER_FRACTION_BITS - low
    if free > 0:
        multipliers |= rng.integers(0, 1 << free, SAMPLES) << low
    fits = multipliers < 1 << MULTIPLIER_FRACTION_BITS
    chosen = np.flatnonzero(fits)[:KEPT]
    return np.stack([sums[chosen], multipliers[chosen], np.full(len(chosen), shift)])


def _inverse(odd: IntArray) -> IntArray:
    """Return the inverses of odd numbers modulo 2**64, by Newton's iteration."""
    found = odd.copy()
    for _ in range(5):
        found *= 2 - odd * found
    return found


def _single(rng: np.random.Generator) -> IntArray:
    """Solve for floats: what is rounded to 24 bits decides a half of the integers."""
    whole = 2 * int(rng.integers(0, REACH // 2)) + 1  # twice the half integer
    kind = int(rng.integers(0, 4))
    if kind == 0:
        return _rounded_sum(whole, rng)
    width = 2 * FP32_MANTISSA_BITS - int(rng.integers(0, 2))
    exact = whole << width - whole.bit_length()
    half = 1 << width - FP32_MANTISSA_BITS - 1
    target = exact + (kind - 2) * half
    factors = rng.integers(1 << FP32_MANTISSA_BITS - 1, 1 << FP32_MANTISSA_BITS, SAMPLES << 6)
    multipliers = (target + factors // 2) // factors
    distance = np.abs(factors * multipliers - target)
    fits = (distance & (distance - 1)) == 0
    fits &= (multipliers >= 1 << FP32_MANTISSA_BITS - 1) & (multipliers < 1 << FP32_MANTISSA_BITS)
    chosen = np.flatnonzero(fits)
    # The sum has zeros below its 24 bits, as many as there may be.
    up = rng.integers(0, INT32.bits - FP32_MANTISSA_BITS, len(chosen))
    shifts = whole.bit_length() - 1 - width - up
    return np.stack([factors[chosen] << up, multipliers[chosen], shifts])


def _rounded_sum(whole: int, rng: np.random.Generator) -> IntArray:
    """Return sums that go to a half integer, or stay beside it, when they become floats."""
    width = int(rng.integers(FP32_MANTISSA_BITS + 1, INT32.bits))
    lost = width - FP32_MANTISSA_BITS
    exact = whole << width - whole.bit_length()
    places = np.concatenate([[0], 1 << np.arange(lost - 1), 1 << np.arange(lost - 1)])
    signs = np.repeat((1, -1), (lost, lost - 1))
    side = rng.choice((-1, 1), len(places))
    sums = exact + side * (1 << lost - 1) + signs * places
    shift = whole.bit_length() - 1 - width - (FP32_MANTISSA_BITS - 1)
    one = np.full(len(sums), 1 << FP32_MANTISSA_BITS - 1)
    return np.stack([sums, one, np.full(len(sums), shift)])
