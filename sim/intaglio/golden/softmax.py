"""Softmax on int8 codes in fixed point."""

from __future__ import annotations

import math

import numpy as np

from intaglio.golden.output import Codes
from intaglio.golden.windows import Array
from intaglio.spec.errors import Finding, ModelError
from intaglio.spec.formats import IntArray
from intaglio.spec.quant import multiplier

_INT32_MAX = 2**31 - 1
_EXPONENT_FRACTION = 26  # the exponent is Q5.26: from -32 to 0
_SUM_SHIFT = 12  # the sum of exponentials is Q12.19: room for 4096 terms
_RECIPROCAL_STEPS = 3


def _fixed(value: float, fraction: int) -> int:
    return math.floor(value * 2.0**fraction + 0.5)


def _times(a: IntArray, b: IntArray | int) -> IntArray:
    """Return a * b / 2**31, ties up: the product of Q0.31 numbers."""
    value: IntArray = (a * b + (1 << 30)) >> 31
    return value


def _over(a: IntArray, bits: IntArray | int) -> IntArray:
    """Return a / 2**bits, ties away from zero."""
    half = (np.int64(1) << np.asarray(bits)) >> 1
    magnitude = (np.abs(a) + half) >> np.asarray(bits)
    return np.asarray(np.where(a < 0, -magnitude, magnitude), np.int64)


def exp_negative(exponent: IntArray) -> IntArray:
    """Return exp(exponent) in Q0.31.

    The exponent splits into a part in [-1/4, 0), for which a polynomial of degree 4 about -1/8 is
    used, and multiples of 1/4, one factor for each of their bits.

    Parameters
    ----------
    exponent : int array
        Q5.26, at most 0.
    """
    low = (exponent & ((1 << 24) - 1)) - (1 << 24)
    x = (low << 5) + (1 << 28)  # Q0.31
    square = _times(x, x)
    cube, fourth = _times(square, x), _times(square, square)
    tail = _over(_times(_over(fourth, 2) + cube, _fixed(1 / 3, 31)) + square, 1)
    centre = _fixed(math.exp(-1 / 8), 31)
    result = centre + _times(x + tail, centre)
    rest = low - exponent
    for bit in range(-2, 5):
        factor = _fixed(math.exp(-(2.0**bit)), 31)
        result = np.where((rest >> (_EXPONENT_FRACTION + bit)) & 1, _times(result, factor), result)
    return np.asarray(np.where(exponent == 0, _INT32_MAX, result), np.int64)


def _reciprocal(total: IntArray) -> tuple[IntArray, IntArray]:
    """Return (r, e): 1 / total as r in Q0.31, and the bits that normalised total."""
    length = np.frexp(total.astype(np.float64))[1].astype(np.int64)
    left = 32 - length
    fraction = (total << left) - (1 << 31)  # total = 1 + fraction, in Q0.31
    half = fraction + _INT32_MAX  # half of 1 + fraction, ties away from zero
    half = (half + 1) >> 1
    r = _fixed(48 / 17, 29) + _times(half, -_fixed(32 / 17, 29))
    for _ in range(_RECIPROCAL_STEPS):
        step = _times(r, (1 << 29) - _times(half, r)) << 2
        r = r + np.clip(step, -_INT32_MAX - 1, _INT32_MAX)
    return np.clip(r << 1, -_INT32_MAX - 1, _INT32_MAX), left


def softmax(x: Array, scale: float, beta: float = 1.0) -> Codes:
    """Return the softmax over the last axis: scale 1/256, zero point -128.

    Parameters
    ----------
    x : int8 array
        Codes; their zero point has no effect.
    scale : float
        Scale of the input.
    beta : float
        Factor of the exponents.

    Raises
    ------
    ModelError
        E304: beta * scale is 2**-26 or less, which the fixed-point form does not cover.

    Source: TensorFlow Lite, reference/softmax.h; gemmlowp, fixedpoint.h.
    """
    real = float(np.float32(beta)) * float(np.float32(scale)) * 2.0**_EXPONENT_FRACTION
    if not 1.0 < real < math.inf:
        raise ModelError(
            Finding(
                "E304",
                f"softmax cannot use beta {beta} with input scale {scale}",
                have=f"beta * scale = {real * 2.0**-_EXPONENT_FRACTION}",
                need="above 2**-26",
                help="quantise the network again",
            )
        )
    factor = multiplier(min(real, float(_INT32_MAX)))
    below = np.arange(256, dtype=np.int64)  # how far a code lies below the row's greatest
    counted = below <= math.floor(31 * 2**_EXPONENT_FRACTION / 2**factor.shift)
    steps = np.where(counted, -below, 0) << factor.shift
    table = np.where(counted, exp_negative(_times(steps, factor.multiplier)), 0)

    codes = x.astype(np.int64)
    exponentials = table[codes.max(axis=-1, keepdims=True) - codes]
    total = _over(exponentials, _SUM_SHIFT).sum(axis=-1, keepdims=True)
    inverse, left = _reciprocal(total)
    bits = _SUM_SHIFT - left + 31 - 8
    result = _over(_times(exponentials, inverse), bits) - 128
    return np.clip(result, -128, 127).astype(np.int8)
