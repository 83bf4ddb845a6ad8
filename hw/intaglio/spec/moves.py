"""Operators that move, repeat or choose codes and change none."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from intaglio.spec.edges import edge_index
from intaglio.spec.formats import Array


def concat(parts: Sequence[Array], axis: int) -> Array:
    """Return the parts in a row along an axis; all have one quantisation."""
    return np.concatenate(parts, axis=axis)


def pad(
    x: Array, before: Sequence[int], after: Sequence[int], zero_point: int, edge: str = "zero"
) -> Array:
    """Return `x` with codes of zero around it, or as it goes on there."""
    if edge != "zero":
        for axis, (first, last) in enumerate(zip(before, after, strict=True)):
            if first or last:
                x = x.take(edge_index(x.shape[axis], -first, x.shape[axis] + last, edge), axis)
        return x
    pairs = tuple(zip(before, after, strict=True))
    return np.pad(x, pairs, constant_values=zero_point)


def cut(x: Array, begin: Sequence[int], end: Sequence[int], step: Sequence[int]) -> Array:
    """Return every `step`-th code from `begin` to before `end`, along each axis but the batch."""
    parts = [slice(first, last, by) for first, last, by in zip(begin, end, step, strict=True)]
    return x[(slice(None), *parts[1:])]


def transpose(x: Array, order: Sequence[int]) -> Array:
    """Return `x` with its axes in another order."""
    return np.transpose(x, order)


def nearest(x: Array, size: tuple[int, int], *, corners: bool, centres: bool) -> Array:
    """Return an image of `size`, each pixel that of the nearest place of `x`.

    Place i reads pixel floor(i * scale), with scale = n / size; with `centres`
    floor((i + 1/2) * scale); with `corners` the nearest, ties away from zero, and
    scale = (n - 1) / (size - 1). All in float32.

    Parameters
    ----------
    x : int array
        Codes N, H, W, C.

    Source: TensorFlow Lite, reference/resize_nearest_neighbor.h.
    """
    rows, columns = (
        _nearest(x.shape[1 + i], size[i], corners=corners, centres=centres) for i in range(2)
    )
    return x[:, rows][:, :, columns]


def _nearest(count: int, places: int, *, corners: bool, centres: bool) -> Array:
    single = np.float32
    aligned = corners and places > 1
    scale = single(count - 1) / single(places - 1) if aligned else single(count) / single(places)
    at = (np.arange(places, dtype=single) + single(0.5 if centres else 0)) * scale
    whole = np.floor(at + single(0.5)) if corners else np.floor(at)
    return np.asarray(np.clip(whole.astype(np.int64), 0, count - 1), np.int64)


SHUFFLES = ("dcr", "crd")
"""Orders of channels that are pixels of a block: blocks first, or channels first."""


def depth_to_space(x: Array, size: int, order: str = "dcr") -> Array:
    """Return blocks of size*size*C channels as size x size pixels of C channels.

    Parameters
    ----------
    x : int array
        Codes N, H, W, size*size*C.
    order : str
        ``"dcr"``: channels of one pixel lie together; ``"crd"``: pixels of one channel do.
    """
    batch, height, width, channels = x.shape
    inner = channels // size**2
    if order == "dcr":
        blocks = x.reshape(batch, height, width, size, size, inner)
    else:
        blocks = x.reshape(batch, height, width, inner, size, size).transpose(0, 1, 2, 4, 5, 3)
    return blocks.transpose(0, 1, 3, 2, 4, 5).reshape(batch, height * size, width * size, inner)


def argmax(x: Array, axis: int) -> Array:
    """Return the first place of the greatest code along an axis."""
    return np.asarray(x.argmax(axis=axis), np.int32)


def max_pool(
    x: Array,
    kernel: tuple[int, int],
    stride: tuple[int, int],
    pads: tuple[int, int, int, int],
    dilation: tuple[int, int] = (1, 1),
) -> Array:
    """Return the greatest code of each window; pixels outside the image do not count.

    Parameters
    ----------
    x : int array
        Codes N, H, W, C.
    pads : (top, bottom, left, right)
        Pixels around the image.
    """
    around = ((0, 0), pads[:2], pads[2:], (0, 0))
    padded = np.pad(x, around, constant_values=np.iinfo(x.dtype).min)
    reach = tuple((kernel[i] - 1) * dilation[i] + 1 for i in range(2))
    every = np.lib.stride_tricks.sliding_window_view(padded, reach, axis=(1, 2))
    taps = every[:, :: stride[0], :: stride[1], :, :: dilation[0], :: dilation[1]]
    return np.asarray(taps.max(axis=(4, 5)))
