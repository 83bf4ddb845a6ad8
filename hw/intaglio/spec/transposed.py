"""Transposed convolution in exact integers."""

from __future__ import annotations

import numpy as np

from intaglio.spec.formats import Array, IntArray
from intaglio.spec.graph import Attributes


def transposed_acc(
    x: Array,
    zero_point: int,
    weights: Array,
    stride: tuple[int, int],
    places: tuple[int, int],
    corner: tuple[int, int],
    dilation: tuple[int, int] = (1, 1),
) -> IntArray:
    """Return the accumulators N, OH, OW, O of a transposed convolution, without bias.

    Pixel (i, j) adds (x - zero_point) * weights[o, r, s] to place
    (i*stride_y + r*dilation_y - corner_y, j*stride_x + s*dilation_x - corner_x), where that lies in
    the image.

    Parameters
    ----------
    x : int array
        Codes N, H, W, C.
    weights : int array
        Codes O, KH, KW, C / groups; their zero point is 0.
    places : (int, int)
        OH and OW.
    corner : (int, int)
        Rows and columns that are cut off at the top and the left.
    """
    a = x.astype(np.int64) - zero_point
    batch, height, width, _ = a.shape
    out, rows, columns, depth = weights.shape
    groups = a.shape[3] // depth
    if groups > 1:
        parts = [
            transposed_acc(
                x[..., g * depth : (g + 1) * depth],
                zero_point,
                weights[g * out // groups : (g + 1) * out // groups],
                stride,
                places,
                corner,
                dilation,
            )
            for g in range(groups)
        ]
        return np.concatenate(parts, axis=3)
    spans = [
        max((n - 1) * s + (k - 1) * d + 1, p + c)
        for n, s, k, d, p, c in zip(
            (height, width), stride, (rows, columns), dilation, places, corner, strict=True
        )
    ]
    full = np.zeros((batch, *spans, out), np.int64)
    for r, s in np.ndindex(rows, columns):
        y, x = r * dilation[0], s * dilation[1]
        last = (y + (height - 1) * stride[0] + 1, x + (width - 1) * stride[1] + 1)
        full[:, y : last[0] : stride[0], x : last[1] : stride[1]] += a @ weights[:, r, s].T.astype(
            np.int64
        )
    top, left = corner
    return full[:, top : top + places[0], left : left + places[1]]


def transposed_corner(
    size: tuple[int, int], kernel: tuple[int, int], attributes: Attributes, places: tuple[int, int]
) -> tuple[int, int]:
    """Return what a transposed convolution cuts off at the top and the left.

    SAME cuts half of what the result is larger than wanted, rounded down; VALID cuts nothing.
    """
    if isinstance(attributes.padding, tuple):
        return attributes.padding[0], attributes.padding[2]
    if attributes.padding == "valid":
        return 0, 0
    top, left = (
        max((n - 1) * s + k - p, 0) // 2
        for n, s, k, p in zip(size, attributes.stride, kernel, places, strict=True)
    )
    return top, left
