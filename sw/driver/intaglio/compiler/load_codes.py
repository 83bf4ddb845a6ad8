"""From the codes of a file to those of a graph: signed, weights without a zero point."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from intaglio.spec.formats import INT8, IntArray
from intaglio.spec.graph import Quantisation, Tensor

UNSIGNED_OFFSET = 128
"""What signed codes are less than those of an unsigned file."""


def signed_activation(tensor: Tensor) -> Tensor:
    """Return an activation tensor with signed codes: uint8 becomes int8, exactly.

    code = file's code - 128, and the zero point is moved likewise, so that no real value changes.
    """
    if tensor.dtype != "uint8":
        return tensor
    quant = tensor.quant
    if quant is not None:
        quant = replace(quant, zero_points=quant.zero_points - UNSIGNED_OFFSET)
    data = None
    if tensor.data is not None:
        data = (tensor.data.astype(np.int16) - UNSIGNED_OFFSET).astype(np.int8)
    return replace(tensor, dtype="int8", quant=quant, data=data, offset=UNSIGNED_OFFSET)


def centred_weights(tensor: Tensor, axis: int) -> Tensor:
    """Return weights whose zero point is taken off: int8 where they all fit, else int16.

    Parameters
    ----------
    axis : int
        Along which the zero points lie where there are several.
    """
    quant = tensor.quant
    if quant is None or tensor.data is None:
        return tensor
    if tensor.dtype != "uint8" and not quant.zero_points.any():
        return tensor
    points: IntArray = quant.zero_points
    if points.size > 1:
        shape = [1] * tensor.data.ndim
        shape[axis] = -1
        points = points.reshape(shape)
    values = tensor.data.astype(np.int64) - points
    dtype, offset = ("int8", 0) if INT8.holds(values) else ("int16", UNSIGNED_OFFSET)
    centred = Quantisation(quant.scales, np.zeros_like(quant.zero_points), quant.axis)
    data = values.astype(dtype)
    return replace(tensor, dtype=dtype, quant=centred, data=data, offset=offset)


def places_tensor(tensor: Tensor) -> Tensor:
    """Return the output of ARG_MAX, places from 0 to 255, as codes of scale 1."""
    quant = Quantisation(np.ones(1, np.float32), np.array([-UNSIGNED_OFFSET], np.int64))
    return replace(tensor, dtype="int8", quant=quant, offset=UNSIGNED_OFFSET)


def unpacked_int4(raw: IntArray, count: int) -> IntArray:
    """Return `count` values of -8 to 7 from bytes that hold two each, the low half first."""
    halves = np.stack([raw & 15, raw >> 4], axis=-1).reshape(-1)[:count]
    return np.asarray((halves ^ 8) - 8, np.int64)
