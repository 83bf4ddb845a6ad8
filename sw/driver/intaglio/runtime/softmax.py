"""Softmax of int8 codes on the host, in the 32-bit fixed point of the reference kernels."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from intaglio.spec.formats import INT8, INT32
from intaglio.spec.quant import multiplier

_INPUT_BITS = 26  # exponents are Q5.26
_LIMIT = 31  # exponents below -31 count as minus infinity
_TERM_SHIFT = 12  # terms of the sum lose 12 bits, so that 4096 of them fit


def softmax(codes: npt.NDArray[np.int8], scale: float, beta: float = 1.0) -> npt.NDArray[np.int8]:
    """Return the softmax along the last axis, with output scale 1/256 and zero point -128.

    Parameters
    ----------
    codes : int8 array
        Inputs; their zero point cancels.
    scale : float
        Of the inputs.
    beta : float
        Factor of the exponent.

    Source: TensorFlow Lite, reference/softmax.h, with gemmlowp's fixed-point functions.
    """
    rows = codes.reshape(-1, codes.shape[-1]).astype(np.int64)
    result = np.stack([_row(row, float(scale), float(beta)) for row in rows])
    return result.reshape(codes.shape)


def _row(row: npt.NDArray[np.int64], scale: float, beta: float) -> npt.NDArray[np.int8]:
    powers = _powers(scale, beta)
    terms = [powers[int(row.max()) - int(code)] for code in row]
    total = sum(_rounded(term, _TERM_SHIFT) for term in terms if term is not None)
    headroom = 32 - total.bit_length()
    inverse = _one_over_one_plus((total << headroom) - (1 << 31))
    shift = _TERM_SHIFT - headroom + 31 - 8
    values = [
        INT8.min if term is None else _rounded(_high(term, inverse), shift) + INT8.min
        for term in terms
    ]
    return np.clip(values, INT8.min, INT8.max).astype(np.int8)


@lru_cache(maxsize=32)
def _powers(scale: float, beta: float) -> tuple[int | None, ...]:
    """Return exp(-beta * scale * d) in Q0.31 for each difference d of codes; None: no term."""
    real = float(np.float32(beta)) * float(np.float32(scale)) * 2.0**_INPUT_BITS
    factor = multiplier(min(real, float(INT32.max)))
    limit = math.floor(_LIMIT * 2.0**_INPUT_BITS / 2.0**factor.shift)
    return tuple(
        _exp(_high(-d << factor.shift, factor.multiplier)) if d <= limit else None
        for d in range(INT8.max - INT8.min + 1)
    )


def _high(a: int, b: int) -> int:
    """Return a * b / 2**31, nudged by half and cut towards zero."""
    product = a * b
    value = product + (1 << 30 if product >= 0 else 1 - (1 << 30))
    return value >> 31 if value >= 0 else -(-value >> 31)


def _rounded(value: int, bits: int) -> int:
    """Return value / 2**bits, ties away from zero."""
    magnitude = (abs(value) + ((1 << bits) >> 1)) >> bits
    return magnitude if value >= 0 else -magnitude


def _constant(value: float, bits: int) -> int:
    return math.floor(value * 2.0**bits + 0.5)


def _exp(a: int) -> int:
    """Return exp(a), a at most 0 in Q5.26, in Q0.31."""
    if a == 0:
        return INT32.max
    quarter = 1 << (_INPUT_BITS - 2)
    low = (a & (quarter - 1)) - quarter  # in [-1/4, 0)
    x = (low << 5) + (1 << 28)  # from -1/8, where the series is taken
    x2 = _high(x, x)
    series = _rounded(_high(x2, x2), 2) + _high(x2, x)
    series = _rounded(_high(series, _constant(1 / 3, 31)) + x2, 1)
    centre = _constant(math.exp(-1 / 8), 31)
    result = centre + _high(x + series, centre)
    for power in range(-2, 5):
        if (low - a) >> (_INPUT_BITS + power) & 1:
            result = _high(result, _constant(math.exp(-(2.0**power)), 31))
    return result


def _one_over_one_plus(a: int) -> int:
    """Return 1 / (1 + a) for a in [0, 1), all in Q0.31, by three Newton steps."""
    half = (a + INT32.max + 1) >> 1
    x = _constant(48 / 17, 29) + _high(half, -_constant(32 / 17, 29))
    for _ in range(3):
        step = _high(x, (1 << 29) - _high(half, x)) << 2
        x += min(max(step, INT32.min), INT32.max)
    return min(max(x << 1, INT32.min), INT32.max)
