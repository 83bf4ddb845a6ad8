"""Quantisers in numpy, as ONNX defines them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from intaglio.compiler.load_onnx_node import OnnxNode
from intaglio.compiler.load_onnx_values import RefusedError

Array = npt.NDArray[Any]


def quantize(node: OnnxNode, operands: Sequence[Array]) -> Array:
    """Return codes of 8 or 16 bits: half to even, plus the zero point, saturated."""
    if len(operands) < 3:
        raise RefusedError("no zero point, which tells the type")
    x, scale, point = operands
    scale, point = (_along(a, x, node) for a in (scale, point))
    limits = np.iinfo(operands[2].dtype)
    codes = np.rint(x / scale) + point.astype(np.float32)
    return np.asarray(np.clip(codes, limits.min, limits.max), operands[2].dtype)


def dequantize(node: OnnxNode, operands: Sequence[Array]) -> Array:
    """Return (code - zero point) * scale."""
    x = operands[0]
    scale, *rest = (_along(a, x, node) for a in operands[1:])
    codes = x.astype(np.int64) - (rest[0].astype(np.int64) if rest else 0)
    return np.asarray(codes.astype(np.float32) * scale, np.float32)


def _along(array: Array, x: Array, node: OnnxNode) -> Array:
    """Return a scale or zero point in a shape that meets `x`."""
    block, axis = node.integer("block_size"), node.integer("axis", 1)
    if block:
        wide = np.repeat(array, block, axis=axis)
        return wide[tuple(slice(0, size) for size in x.shape)]
    if array.size == 1:
        return array.reshape(())
    return array.reshape([-1 if i == axis % x.ndim else 1 for i in range(x.ndim)])
