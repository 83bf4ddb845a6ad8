"""Pools and the mean over an image, in exact integers."""

from __future__ import annotations

import numpy as np

from intaglio.golden.output import Codes, Output
from intaglio.golden.windows import Array, windows
from intaglio.spec.errors import Finding, FitError
from intaglio.spec.formats import INT8, IntArray, as_codes


def max_pool(
    x: Array,
    kernel: tuple[int, int],
    stride: tuple[int, int] = (1, 1),
    pads: tuple[int, int, int, int] = (0, 0, 0, 0),
    low: int = INT8.min,
    high: int = INT8.max,
    *,
    dilation: tuple[int, int] = (1, 1),
) -> Codes:
    """Return the greatest code of each window, clamped; pixels outside the image do not count.

    Parameters
    ----------
    x : int8 or int16 array
        Codes N, H, W, C; input and output have one quantisation.

    Raises
    ------
    FitError
        E403: a window lies outside the image altogether.
    """
    _taps_inside(x, kernel, stride, pads, dilation)
    taps = windows(x, kernel, stride, dilation, pads, np.iinfo(x.dtype).min)
    return as_codes(np.clip(taps.max(axis=(3, 4)), low, high), low, high)


def average_pool(
    x: Array,
    kernel: tuple[int, int],
    stride: tuple[int, int] = (1, 1),
    pads: tuple[int, int, int, int] = (0, 0, 0, 0),
    low: int = INT8.min,
    high: int = INT8.max,
    *,
    ties_up: bool = False,
    dilation: tuple[int, int] = (1, 1),
) -> Codes:
    """Return the mean code of each window, ties away from zero, clamped.

    sign(s) * floor((|s| + floor(n/2)) / n), with s the sum of the n codes inside the image.

    Parameters
    ----------
    ties_up : bool
        floor((s + floor(n/2)) / n): what codes that are unsigned in the file become.

    Raises
    ------
    FitError
        E403: a window lies outside the image altogether.
    """
    sums = windows(x, kernel, stride, dilation, pads).sum(axis=(3, 4), dtype=np.int64)
    counts = _taps_inside(x, kernel, stride, pads, dilation)
    magnitude = (np.abs(sums) + counts // 2) // counts
    away = np.where(sums < 0, -magnitude, magnitude)
    means: IntArray = (sums + counts // 2) // counts if ties_up else away
    return as_codes(np.clip(means, low, high), low, high)


def pool_sums(
    x: Array,
    zero_point: int,
    kernel: tuple[int, int],
    stride: tuple[int, int],
    pads: tuple[int, int, int, int],
    dilation: tuple[int, int] = (1, 1),
) -> tuple[IntArray, IntArray]:
    """Return the sum of codes less their zero point of each window, and how many codes that are."""
    sums = windows(x.astype(np.int64) - zero_point, kernel, stride, dilation, pads)
    total = np.asarray(sums.sum(axis=(3, 4)), np.int64)
    return total, _taps_inside(x, kernel, stride, pads, dilation)


def mean_hw(x: Array, zero_point: int, out: Output) -> Codes:
    """Return the mean over H and W, as codes N, C.

    The sum of x - zero_point is requantised with :func:`intaglio.spec.quant.mean_scale`.

    Parameters
    ----------
    x : int array
        Codes N, H, W, C.
    """
    return out.codes((x.astype(np.int64) - zero_point).sum(axis=(1, 2)))


def _taps_inside(
    x: Array,
    kernel: tuple[int, int],
    stride: tuple[int, int],
    pads: tuple[int, int, int, int],
    dilation: tuple[int, int],
) -> IntArray:
    """Return how many taps of each window lie inside the image, as 1, OH, OW, 1."""
    ones = np.ones((1, *x.shape[1:3], 1), np.int64)
    counts = windows(ones, kernel, stride, dilation, pads).sum(axis=(3, 4))
    if counts.min() == 0:
        raise FitError(
            Finding(
                "E403",
                "a pooling window holds no pixel of the image",
                have=f"kernel {kernel}, padding {pads}",
                need="padding smaller than the window",
                help="pad less",
            )
        )
    return np.asarray(counts, np.int64)
