"""Requantisation: from an accumulator to a code, in each of the roundings of the references.

All of the arithmetic's names can be imported from here; :mod:`intaglio.spec.scale` makes scales,
:mod:`intaglio.spec.rounding` chooses them. Golden calls :func:`requantise`;
the gates are tested against it and share nothing with it.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from intaglio.spec.errors import Finding, ModelError
from intaglio.spec.formats import IntArray
from intaglio.spec.rounding import Rounding, clamp_range, operator_scales, rounding_of
from intaglio.spec.scale import (
    ADD_LEFT_SHIFT,
    ADD_LEFT_SHIFT_16,
    FP32_MANTISSA_BITS,
    FP32_SHIFTS,
    IDENTITY,
    MULTIPLIER_FRACTION_BITS,
    SHIFTS,
    Scale,
    add_rescales,
    average_scale,
    fp32_scale,
    mean_scale,
    multiplier,
    q15,
)

__all__ = [
    "ADD_LEFT_SHIFT",
    "ADD_LEFT_SHIFT_16",
    "FP32_MANTISSA_BITS",
    "FP32_SHIFTS",
    "IDENTITY",
    "MULTIPLIER_FRACTION_BITS",
    "SHIFTS",
    "Rounding",
    "Scale",
    "add_rescales",
    "average_scale",
    "clamp_range",
    "fp32_scale",
    "mean_scale",
    "multiplier",
    "operator_scales",
    "q15",
    "requantise",
    "rescale_add_operand",
    "rounding_of",
]


def rescale_add_operand(
    codes: npt.ArrayLike, zero_point: int, scale: Scale, left: int = ADD_LEFT_SHIFT
) -> IntArray:
    """Return (codes - zero_point) * 2**left * scale, rounded in mode 0: an operand of ADD.

    The sum of both operands is requantised with the third scale of :func:`add_rescales`.
    """
    shifted = (np.asarray(codes, np.int64) - zero_point) << left
    return _double(shifted, np.array(scale.multiplier), np.array(scale.shift))


def requantise(
    acc: npt.ArrayLike,
    multiplier: npt.ArrayLike,
    shift: npt.ArrayLike,
    rounding: Rounding,
    zero_point: int,
    low: int,
    high: int,
) -> IntArray:
    """Return clip(round(acc * scale) + zero_point, low, high), rounded as `rounding` says.

    Exact for 32-bit accumulators in every mode, and in mode 3 for |acc| < 2**47 if shift <= 14.
    Mode 0 with a positive shift wraps ``acc << shift`` to 32 bits, as the reference kernels do.

    Parameters
    ----------
    acc : int array
        Accumulators, bias added; channels last.
    multiplier, shift : int or int array
        See :class:`Scale`; broadcast along the last axis. Mode 3 rounds the multiplier to 16 bits
        (:func:`q15`); the gates expect it rounded.
    zero_point, low, high : int
        Offset and clamp of the output.

    Raises
    ------
    ModelError
        E304: a shift lies outside :data:`SHIFTS` (:data:`FP32_SHIFTS` in mode 4), or a multiplier
        is above 2**31 (2**24 - 1 in mode 4).
    """
    x = np.asarray(acc, np.int64)
    q, s = np.asarray(multiplier, np.int64), np.asarray(shift, np.int64)
    floating = rounding is Rounding.FP32_RNE
    bits = FP32_MANTISSA_BITS if floating else MULTIPLIER_FRACTION_BITS
    _check("shift", s, FP32_SHIFTS if floating else SHIFTS, rounding)
    # 2**31 is the dyadic multiplier of scale 1 at shift 0.
    _check("multiplier", q, range((1 << bits) + (not floating)), rounding)
    rounded = _MODES[rounding](x, q, s)
    return np.asarray(np.clip(rounded + zero_point, low, high), np.int64)


def _double(x: IntArray, q: IntArray, s: IntArray) -> IntArray:
    """Round at 31 bits, ties up, then at -s bits, ties away from zero."""
    wrapped = (x << np.maximum(s, 0)).astype(np.int32).astype(np.int64)
    # The reference nudges by the sign and truncates towards zero, which equals one floor.
    value = (wrapped * q + (1 << 30)) >> 31
    right = np.maximum(-s, 0)
    half = (np.int64(1) << right) >> 1
    return _signed(value, (np.abs(value) + half) >> right)


def _single_up(x: IntArray, q: IntArray, s: IntArray) -> IntArray:
    t = MULTIPLIER_FRACTION_BITS - s
    value: IntArray = (x * q + (np.int64(1) << (t - 1))) >> t
    return value


def _single_away(x: IntArray, q: IntArray, s: IntArray) -> IntArray:
    return _signed(x, _single_up(np.abs(x), q, s))


def _single_even(x: IntArray, q: IntArray, s: IntArray) -> IntArray:
    return _half_even(x * q, MULTIPLIER_FRACTION_BITS - s)


def _q15(x: IntArray, q: IntArray, s: IntArray) -> IntArray:
    """As :func:`_single_up`, with the 16 zero bits dropped as far as the shift allows."""
    q = np.minimum((q + (1 << 15)) >> 16, (1 << 15) - 1)
    t = MULTIPLIER_FRACTION_BITS - 16 - s
    left = np.maximum(1 - t, 0)
    value: IntArray = (x * (q << left) + (np.int64(1) << (t + left - 1))) >> (t + left)
    return value


def _fp32(x: IntArray, q: IntArray, s: IntArray) -> IntArray:
    """Round |x|, then the product, to 24 significant bits and then to an integer."""
    magnitude, up = _significant(np.abs(x))
    product, more = _significant(magnitude * q)
    exponent = up + more + s
    # Below 2**24, a shift by 26 leaves 0 as any longer one does.
    whole = _half_even(product, np.clip(-exponent, 0, FP32_MANTISSA_BITS + 2))
    return _signed(x, whole << np.maximum(exponent, 0))


def _significant(value: IntArray) -> tuple[IntArray, IntArray]:
    """Return (m, e): value, 0 or more and below 2**53, as about m * 2**e with m <= 2**24."""
    length = np.frexp(value.astype(np.float64))[1].astype(np.int64)
    drop = np.maximum(length - FP32_MANTISSA_BITS, 0)
    return _half_even(value, drop), drop


def _half_even(value: IntArray, shift: IntArray) -> IntArray:
    """Return value / 2**shift, ties to even."""
    whole = value >> shift
    twice = (value - (whole << shift)) << 1
    one = np.int64(1) << shift
    up = (twice > one) | ((twice == one) & (whole & 1 == 1))
    return np.asarray(whole + up, np.int64)


def _signed(sign: IntArray, magnitude: IntArray) -> IntArray:
    return np.asarray(np.where(sign < 0, -magnitude, magnitude), np.int64)


_MODES = {
    Rounding.DOUBLE: _double,
    Rounding.SINGLE_UP: _single_up,
    Rounding.SINGLE_AWAY: _single_away,
    Rounding.I64_Q15: _q15,
    Rounding.FP32_RNE: _fp32,
    Rounding.SINGLE_RNE: _single_even,
}


def _check(what: str, values: IntArray, allowed: range, rounding: Rounding) -> None:
    bad = values[(values < allowed.start) | (values >= allowed.stop)]
    if bad.size:
        raise ModelError(
            Finding(
                "E304",
                f"{what} {bad[0]} is outside [{allowed.start}, {allowed.stop - 1}]"
                f" of rounding {rounding.name}",
                have=str(bad[0]),
                need=f"{allowed.start} to {allowed.stop - 1}",
                help="make scales with intaglio.spec.quant.multiplier or fp32_scale",
            )
        )
