"""Stimulus: the decision points of the arithmetic first, then seeded chance."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import count as count_from
from itertools import islice
from math import gcd

import numpy as np

from intaglio.spec.formats import INT32, IntArray, IntFormat
from intaglio.spec.quant import FP32_MANTISSA_BITS, MULTIPLIER_FRACTION_BITS, Rounding, Scale, q15


def edges(form: IntFormat) -> IntArray:
    """Return both ends of a format, what lies beside them, and the values around zero."""
    near = (form.min, form.min + 1, -2, -1, 0, 1, 2, form.max - 1, form.max)
    return _within(near, form)


def uniform(rng: np.random.Generator, form: IntFormat, count: int) -> IntArray:
    """Return `count` values, each of the format's as likely as any other."""
    return rng.integers(form.min, form.max, count, dtype=np.int64, endpoint=True)


def sensitive(
    rng: np.random.Generator, scale: Scale, rounding: Rounding, count: int, reach: int = 160
) -> IntArray:
    """Return `count` 32-bit accumulators whose results mostly escape the clamp.

    Parameters
    ----------
    reach : int
        The results lie within about -reach to reach.
    """
    point = 0 if rounding is Rounding.FP32_RNE else MULTIPLIER_FRACTION_BITS
    real = scale.multiplier * 2.0 ** (scale.shift - point)
    bound = int(min(INT32.max, reach / real)) if real else INT32.max
    return rng.integers(-bound, bound, count, dtype=np.int64, endpoint=True)


def beside(values: IntArray, form: IntFormat = INT32) -> IntArray:
    """Return the values and their neighbours, as far as the format holds them."""
    return _within((int(v) + d for v in values for d in (-1, 0, 1)), form)


def ties(scale: Scale, rounding: Rounding, form: IntFormat = INT32, count: int = 8) -> IntArray:
    """Return accumulators at which a rounding has to break a tie, nearest to zero first.

    Up to `count` of each sign and of each kind of tie:

    - modes 1 to 3: acc * multiplier lies halfway between two multiples of 2**(31 - shift);
    - mode 0: the same for the first step (2**31), and for the second step every accumulator whose
      first result is an odd multiple of 2**(-shift - 1): also those that are no ties before the
      first rounding;
    - mode 4: an accumulator above 2**24 halfway between two float32 values; a product halfway
      between two; and a float32 product halfway between two integers.

    Empty where the scale has no tie: a power of two with a shift up, or multiplier 0.

    Parameters
    ----------
    scale : Scale
        See :class:`intaglio.spec.quant.Scale`.
    form : IntFormat
        Format of the accumulators.
    """
    if not scale.multiplier:
        return np.zeros(0, np.int64)
    if rounding is Rounding.DOUBLE:
        kinds = [_first_ties(scale), _second_ties(scale)]
    elif rounding is Rounding.FP32_RNE:
        kinds = [_accumulator_ties(), _product_ties(scale.multiplier), _integer_ties(scale)]
    else:
        exact = q15(scale) if rounding is Rounding.I64_Q15 else scale
        kinds = [_halves(exact.multiplier, MULTIPLIER_FRACTION_BITS - exact.shift)]
    found: set[int] = set()
    for kind in kinds:
        reachable = (value for value in islice(kind, 64 * count) if value <= form.max)
        found |= set(islice(reachable, count))
    return _within((sign * value for value in sorted(found) for sign in (1, -1)), form)


def _within(values: Iterable[int], form: IntFormat) -> IntArray:
    kept = dict.fromkeys(value for value in values if form.min <= value <= form.max)
    return np.array(list(kept), np.int64)


def _halves(multiplier: int, bits: int, least: int = 1) -> Iterator[int]:
    """Yield each a >= least with a * multiplier = 2**(bits - 1) modulo 2**bits, upwards."""
    period, half = 1 << bits, 1 << (bits - 1)
    common = gcd(multiplier, period)
    if half % common:
        return
    period //= common
    first = half // common * pow(multiplier // common, -1, period) % period
    yield from count_from(first + max(0, -(-(least - first) // period)) * period, period)


def _first_ties(scale: Scale) -> Iterator[int]:
    """Yield ties of mode 0 at 31 bits; a positive shift acts before the multiplication."""
    factor = scale.multiplier << max(scale.shift, 0)
    yield from _halves(factor, MULTIPLIER_FRACTION_BITS)


def _second_ties(scale: Scale) -> Iterator[int]:
    """Yield accumulators whose first result lies halfway for the second step of mode 0."""
    if scale.shift >= 0:
        return
    period, half = 1 << -scale.shift, 1 << (-scale.shift - 1)
    one = 1 << MULTIPLIER_FRACTION_BITS
    for target in count_from(half, period):
        # (acc * multiplier + one / 2) // one == target; a multiplier below one skips no target.
        least = -(-(target * one - one // 2) // scale.multiplier)
        most = ((target + 1) * one - one // 2 - 1) // scale.multiplier
        yield from range(least, most + 1)


def _accumulator_ties() -> Iterator[int]:
    """Yield the first two ties of each binade above 2**24: one goes down, one goes up."""
    for lost in count_from(1):
        binade = 1 << (FP32_MANTISSA_BITS + lost - 1)
        for odd in (1, 3):
            yield binade + (odd << (lost - 1))


def _product_ties(multiplier: int) -> Iterator[int]:
    """Yield accumulators below 2**24 whose product lies halfway between two of 24 bits."""
    for lost in range(1, FP32_MANTISSA_BITS):
        least = 1 << (FP32_MANTISSA_BITS + lost - 1)  # the least product of 24 + lost bits
        candidates = _halves(multiplier, lost, -(-least // multiplier))
        yield from (value for value in islice(candidates, 1) if value * multiplier < 2 * least)


def _integer_ties(scale: Scale) -> Iterator[int]:
    """Yield the accumulators next to each half integer: their float32 products may be ties."""
    for twice in count_from(1, 2):
        shift = -scale.shift - 1
        exact = twice << shift if shift >= 0 else twice >> -shift
        nearest = exact // scale.multiplier
        yield from (value for value in (nearest, nearest + 1) if value > 0)
