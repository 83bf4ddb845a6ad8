"""Convolution, depthwise convolution and dense layers in exact integers."""

from __future__ import annotations

import numpy as np

from intaglio.golden.output import Codes, Output
from intaglio.golden.windows import Array, exact_float, windows
from intaglio.spec.formats import IntArray


def _sum_bound(x: Array, weights: Array) -> int:
    """Return a bound of sum(|x * w|); `weights` has one output channel in each row."""
    if x.size == 0 or weights.size == 0:
        return 0
    return int(np.abs(x).max()) * int(np.abs(weights).sum(axis=1).max())


def dense_acc(x: Array, zero_point: int, weights: Array, weight_zero_point: int = 0) -> IntArray:
    """Return acc[n, o] = sum over k of (x[n, k] - zero_point) * (weights[o, k] - its zero point).

    Parameters
    ----------
    x : int array
        Codes N, K.
    weights : int array
        Codes O, K.
    """
    a = x.astype(np.int32) - zero_point
    w = weights.astype(np.int64) - weight_zero_point
    kind = exact_float(_sum_bound(a, w))
    return np.asarray(np.matmul(a.astype(kind), w.astype(kind).T), np.int64)


def conv_acc(
    x: Array,
    zero_point: int,
    weights: Array,
    stride: tuple[int, int] = (1, 1),
    dilation: tuple[int, int] = (1, 1),
    pads: tuple[int, int, int, int] = (0, 0, 0, 0),
    groups: int = 1,
) -> IntArray:
    """Return the accumulators N, OH, OW, O of a convolution, without bias.

    acc[n, i, j, o] = sum over r, s, c of (x[n, y, x, g*C/groups + c] - zero_point)
    * weights[o, r, s, c], with g the group of o; pixels outside the image read the zero point.

    Parameters
    ----------
    x : int array
        Codes N, H, W, C.
    weights : int array
        Codes O, KH, KW, C / groups; their zero point is 0.
    pads : (top, bottom, left, right)
        Pixels around the image.
    groups : int
        Divides C and O.
    """
    kernel = (weights.shape[1], weights.shape[2])
    taps = windows(x, kernel, stride, dilation, pads, fill=zero_point)
    depth, per_group = weights.shape[3], weights.shape[0] // groups
    parts = []
    for group in range(groups):
        rows = taps[..., group * depth : (group + 1) * depth].reshape(-1, np.prod(kernel) * depth)
        own = weights[group * per_group : (group + 1) * per_group].reshape(per_group, -1)
        parts.append(dense_acc(rows, zero_point, own))
    return np.concatenate(parts, axis=1).reshape(*taps.shape[:3], weights.shape[0])


def depthwise_acc(
    x: Array,
    zero_point: int,
    weights: Array,
    stride: tuple[int, int] = (1, 1),
    dilation: tuple[int, int] = (1, 1),
    pads: tuple[int, int, int, int] = (0, 0, 0, 0),
) -> IntArray:
    """Return the accumulators N, OH, OW, C*M of a depthwise convolution, without bias.

    acc[n, i, j, o] = sum over r, s of (x[n, y, x, c] - zero_point) * weights[0, r, s, o] for
    o = c*M + m; pixels outside the image read the zero point.

    Parameters
    ----------
    x : int array
        Codes N, H, W, C.
    weights : int array
        Codes 1, KH, KW, C*M.
    """
    _, kernel_h, kernel_w, outputs = weights.shape
    channels = x.shape[3]
    a = x.astype(np.int32) - zero_point
    w = weights[0].astype(np.int32)
    kind = exact_float(_sum_bound(a, w.reshape(-1, outputs).T))
    taps = windows(a.astype(kind), (kernel_h, kernel_w), stride, dilation, pads)
    per_channel = w.reshape(kernel_h, kernel_w, channels, -1).astype(kind)
    acc = np.zeros((*taps.shape[:3], channels, per_channel.shape[3]), kind)
    for r, s in np.ndindex(kernel_h, kernel_w):
        acc += taps[:, :, :, r, s, :, None] * per_channel[r, s]
    return acc.reshape(*taps.shape[:3], outputs).astype(np.int64)


def scaled_weights(weights: Array, scales: Array, kind: str) -> IntArray:
    """Return what the weights O, ..., C of a layer with group scales count in the end.

    Parameters
    ----------
    weights : int array
        O, KH, KW, C or O, C.
    scales : int array
        `kind` ``"shift"``: C amounts; ``"integer"``: O, KH, KW, groups or O, groups factors.
    """
    codes = weights.astype(np.int64)
    if kind == "shift":
        return np.asarray(codes << scales.astype(np.int64), np.int64)
    size = codes.shape[-1] // scales.shape[-1]
    return codes * np.repeat(scales.astype(np.int64), size, axis=-1)


def add_bias(acc: IntArray, bias: Array | None, out: Output) -> Codes:
    """Return the codes of acc + bias; no bias is a bias of 0."""
    return out.codes(acc if bias is None else acc + bias.astype(np.int64))
