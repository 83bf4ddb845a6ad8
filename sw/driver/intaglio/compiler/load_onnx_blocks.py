"""Weights of ONNX whose scales belong to blocks of terms, as integer scales of groups."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from intaglio.compiler.load_onnx_node import OnnxNode
from intaglio.compiler.load_onnx_values import Blocks, Constant, RefusedError
from intaglio.spec.formats import INT8, INT32
from intaglio.spec.graph import Quantisation

Array = npt.NDArray[Any]
WIDTHS = range(16, 7, -1)
"""Bits of an integer scale, the widest first."""


def in_blocks(value: Constant, scale: Constant, points: Array | None, node: OnnxNode) -> Constant:
    """Return constant codes with scales of blocks.

    Raises
    ------
    RefusedError
        Blocks that do not fill the axis, zero points, scales that are no positive numbers.
    """
    size, codes, scales = node.integer("block_size"), value.values, scale.values
    if points is not None and points.any():
        raise RefusedError("blocks with zero points, whose sums of inputs leave the array apart")
    if codes.ndim != scales.ndim or not 0 <= node.integer("axis", 1) % codes.ndim < codes.ndim:
        raise RefusedError(f"scales of shape {scales.shape} for {codes.shape}")
    axis = node.integer("axis", 1) % codes.ndim
    wanted = tuple(n // max(size, 1) if i == axis else n for i, n in enumerate(codes.shape))
    if size < 1 or codes.shape[axis] % size or scales.shape != wanted:
        raise RefusedError(f"blocks of {size} along dimension {axis} of {codes.shape}")
    if not (np.isfinite(scales) & (scales > 0)).all():
        raise RefusedError("a block with a scale that is no positive number")
    real = codes.astype(np.float32) * np.repeat(scales, size, axis).astype(np.float32)
    unit = Quantisation(np.ones(1, np.float32), np.zeros(1, np.int64))
    return Constant(real, codes, unit, Blocks(scales.astype(np.float64), axis, size))


def integer_scales(codes: Array, scales: Array) -> tuple[Array, Array]:
    """Return a real scale of each output channel and an integer scale of each block.

    scale[o] = max scale of o / (2**b - 1), count = rint(scale of the block / scale[o]); b is the
    widest of :data:`WIDTHS` with which no sum leaves 32 bits.

    Parameters
    ----------
    codes : O, ..., C
    scales : O, ..., C / block
    """
    size = codes.shape[-1] // scales.shape[-1]
    out = codes.shape[0]
    greatest = scales.reshape(out, -1).max(axis=1).reshape(-1, *[1] * (scales.ndim - 1))
    magnitude = np.abs(codes.astype(np.int64)).reshape(*scales.shape, size).sum(axis=-1)
    for width in WIDTHS:
        base = greatest / ((1 << width) - 1)
        counts = np.rint(scales / base).astype(np.int64)
        worst = (magnitude * counts).reshape(out, -1).sum(axis=1).max()
        if worst * (INT8.max - INT8.min) <= INT32.max:
            break
    return base.reshape(-1).astype(np.float32), counts
