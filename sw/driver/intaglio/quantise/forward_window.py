"""Convolutions and pools of real numbers in numpy, one or two dimensions, channels first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view

from intaglio.compiler.load_onnx_node import OnnxNode
from intaglio.compiler.load_onnx_values import RefusedError
from intaglio.compiler.load_onnx_window import window_of
from intaglio.spec.graph import Attributes

Array = npt.NDArray[Any]


def conv(node: OnnxNode, operands: Sequence[Array]) -> Array:
    """Return a convolution of float32."""
    x, weights = operands[0], operands[1]
    bias = operands[2] if len(operands) > 2 and operands[2].size else None
    groups = node.integer("group", 1)
    taps, places = columns(node, x, weights.shape)
    matrix = weights.reshape(groups, weights.shape[0] // groups, -1)
    y = np.matmul(matrix, taps)  # N, G, O/G, places
    y = y.reshape(x.shape[0], weights.shape[0], *places)
    if bias is not None:
        y = y + bias.reshape(1, -1, *(1 for _ in places))
    return np.asarray(y, np.float32)


def columns(node: OnnxNode, x: Array, weights: tuple[int, ...]) -> tuple[Array, tuple[int, ...]]:
    """Return what each place of a convolution reads: N, groups, terms, places; and the places.

    Parameters
    ----------
    weights : tuple of int
        Shape: O, C / groups, kernel.
    """
    rank = x.ndim - 2
    attributes = window_of(node, x.shape[2:], weights[2:])
    groups = node.integer("group", 1)
    windows = _windows(x, attributes, rank, 0.0)  # N, C, OH, OW, KH, KW
    n, _, oh, ow, kh, kw = windows.shape
    turned = windows.transpose(0, 1, 4, 5, 2, 3)
    taps = np.ascontiguousarray(turned).reshape(n, groups, weights[1] * kh * kw, oh * ow)
    return taps, (oh, ow)[2 - rank :]


def max_pool(node: OnnxNode, operands: Sequence[Array]) -> Array:
    """Return the greatest of each window."""
    windows = _pooled(node, operands[0], -np.inf)
    y = windows.max(axis=(-2, -1))
    return np.asarray(y.reshape(*y.shape[:2], *y.shape[4 - (operands[0].ndim - 2) :]))


def average_pool(node: OnnxNode, operands: Sequence[Array]) -> Array:
    """Return the mean of each window, of places within the image unless padding counts."""
    x = operands[0]
    windows = _pooled(node, x, 0.0)
    count: Any = windows.shape[-1] * windows.shape[-2]
    if not node.integer("count_include_pad"):
        count = _pooled(node, np.ones((1, 1, *x.shape[2:]), np.float32), 0.0).sum(axis=(-2, -1))
    y = np.asarray(windows.sum(axis=(-2, -1)) / count, np.float32)
    return y.reshape(*y.shape[:2], *y.shape[4 - (x.ndim - 2) :])


def _pooled(node: OnnxNode, x: Array, fill: float) -> Array:
    if node.integer("ceil_mode") or "dilations" in node.attributes:
        raise RefusedError("a window that is left to the reference evaluator")
    attributes = window_of(node, x.shape[2:], node.ints("kernel_shape"))
    return _windows(x, attributes, x.ndim - 2, fill)


def _windows(x: Array, attributes: Attributes, rank: int, fill: float) -> Array:
    """Return N, C, OH, OW, KH, KW."""
    if rank not in {1, 2} or not isinstance(attributes.padding, tuple):
        raise RefusedError(f"{rank} dimensions")
    image = x[:, :, None, :] if rank == 1 else x
    top, bottom, left, right = attributes.padding
    padded = np.pad(
        image, ((0, 0), (0, 0), (top, bottom), (left, right)), constant_values=np.float32(fill)
    )
    reach = [(attributes.kernel[i] - 1) * attributes.dilation[i] + 1 for i in range(2)]
    wide = sliding_window_view(padded, reach, axis=(2, 3))
    (sy, sx), (dy, dx) = attributes.stride, attributes.dilation
    return np.asarray(wide[:, :, ::sy, ::sx, ::dy, ::dx])
