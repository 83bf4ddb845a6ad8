"""Softmax on int16 codes, by two tables with linear interpolation."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache

import numpy as np

from intaglio.spec.formats import INT16, Array, IntArray
from intaglio.spec.quant import Rounding, multiplier, requantise

_STEPS = 512
_RANGE = 65535
_EXPONENTS = 10.0  # exp(-10) counts as 0


def softmax16(x: Array, scale: float, beta: float = 1.0) -> Array:
    """Return the softmax along the last axis, with output scale 1/32768 and zero point 0.

    exp(x - max) is read from a table over [-10, 0], one over the sum from a table of 1 / (1 + x)
    over [0, 1]; both have 513 entries, between which is interpolated.

    Parameters
    ----------
    x : int16 array
        Codes; the zero point is 0.
    scale : float
        Of the input.
    beta : float
        Factor of the exponent.

    Source: TensorFlow Lite, reference/softmax.h, SoftmaxInt16.
    """
    rows = x.reshape(-1, x.shape[-1]).astype(np.int64)
    factor = multiplier(float(np.float32(scale)) * float(np.float32(beta)) / (_EXPONENTS / _RANGE))
    below = rows - rows.max(axis=1, keepdims=True)
    scaled = requantise(
        below, factor.multiplier, factor.shift, Rounding.DOUBLE, INT16.max, INT16.min, INT16.max
    )
    terms = _look_up(_exponentials(), scaled)
    sums = terms.sum(axis=1)
    left = np.array([32 - int(total).bit_length() for total in sums], np.int64)
    shifted = ((sums << (left - 1)) + (1 << 13)) >> 14
    places = np.clip(shifted - ((1 << 15) + (1 << 16)), INT16.min, INT16.max)
    inverse = _look_up(_reciprocals(), places)
    right = (31 - left)[:, None]
    result = (terms * inverse[:, None] + (np.int64(1) << (right - 1))) >> right
    return np.asarray(np.clip(result, 0, INT16.max), np.int16).reshape(x.shape)


def _look_up(table: IntArray, value: IntArray) -> IntArray:
    """Return the table's value at `value`, of which 7 bits lie between two entries."""
    index = 256 + (value >> 7)
    slope = table[index + 1] - table[index]
    return np.asarray(table[index] + ((slope * (value & 127) + 64) >> 7), np.int64)


@cache
def _exponentials() -> IntArray:
    return _table(_EXPONENTS / _RANGE, INT16.max, math.exp)


@cache
def _reciprocals() -> IntArray:
    return _table(1.0 / _RANGE, INT16.min, lambda value: 1.0 / (1.0 + value))


def _table(scale: float, zero_point: int, function: Callable[[float], float]) -> IntArray:
    """Return 513 entries that halve the error in the middle between two of them; output 2/65535."""
    least, most = (scale * (code - zero_point) for code in (INT16.min, INT16.max))
    step = (most - least) / _STEPS
    out = 2.0 / _RANGE
    inverse = (INT16.max - INT16.min + 1) / (out * INT16.max - out * INT16.min)
    entries = []
    for number in range(_STEPS):
        at = least + number * step
        sample = _round(function(at) * inverse)
        between = _round((function(at + step) * inverse + sample) / 2)
        bias = _round((between - _round(function(at + step / 2) * inverse)) / 2)
        entries.append(sample - bias)
    entries.append(_round(function(most) * inverse))
    return np.asarray(np.clip(np.array(entries), INT16.min, INT16.max), np.int64)


def _round(value: float) -> int:
    return int(math.copysign(math.floor(abs(value) + 0.5), value))
