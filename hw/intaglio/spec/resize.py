"""Bilinear resizing in fixed point."""

from __future__ import annotations

import numpy as np

from intaglio.spec.formats import Array, IntArray

_BITS = 10
_ONE = 1 << _BITS


def bilinear(x: Array, size: tuple[int, int], *, corners: bool, centres: bool) -> Array:
    """Return an image of `size`, between the four nearest pixels; ties away from zero.

    Places have 10 bits behind the point, so that a result has 20.

    Parameters
    ----------
    x : int array
        Codes N, H, W, C; input and output have one quantisation.
    corners, centres : bool
        Corners are aligned; centres of pixels lie at one half.

    Source: TensorFlow Lite, reference/resize_bilinear.h, ResizeBilinearInteger.
    """
    rows, columns = (
        _places(x.shape[1 + i], size[i], corners=corners, centres=centres) for i in range(2)
    )
    wide = x.astype(np.int64)
    top, bottom, down = rows
    left, right, across = columns
    down, across = down[:, None, None], across[:, None]
    lines = [wide[:, side][:, :, end] for side in (top, bottom) for end in (left, right)]
    total = (lines[0] * (_ONE - across) + lines[1] * across) * (_ONE - down) + (
        lines[2] * (_ONE - across) + lines[3] * across
    ) * down
    half = 1 << (2 * _BITS - 1)
    magnitude = (np.abs(total) + half) >> (2 * _BITS)
    return np.where(total < 0, -magnitude, magnitude).astype(x.dtype)


def _places(
    count: int, places: int, *, corners: bool, centres: bool
) -> tuple[IntArray, IntArray, IntArray]:
    """Return the pixels before and after each place, and its distance from the first."""
    if corners and places > 1:
        scale = (_ONE * (count - 1) + (places - 1) // 2) // (places - 1)
    else:
        scale = (_ONE * count + places // 2) // places
    at = np.arange(places, dtype=np.int64) * scale
    if centres:
        at += scale // 2 - _ONE // 2
    # Division cuts towards zero here.
    before = np.maximum(np.where(at < 0, -(-at // _ONE), at // _ONE), 0)
    above = at + _ONE - 1
    after = np.minimum(np.where(above < 0, -(-above // _ONE), above // _ONE), count - 1)
    return before, after, at - _ONE * before
