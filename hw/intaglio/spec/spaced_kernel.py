"""Kernels whose few weights lie at learned places between the taps of a grid."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
LEAST_WIDTH = 0.27  # of a Gaussian, in taps
GUARD = 1e-7


def bilinear(weights: npt.ArrayLike, places: npt.ArrayLike, size: int) -> FloatArray:
    """Return the kernel size x size of weights at real places, shared among the nearest taps.

    K = sum over weights of w * X / (sum X + 1e-7), X(i) = product over both axes of
    max(0, 1 - |i - p - size // 2|), p clamped to +-(size // 2).

    Parameters
    ----------
    weights : n
    places : n x 2
        From the centre, along y and x.

    Source: dilated convolution with learnable spacings, its first version.
    """
    grid, p = _grid(size), _clamped(places, size)
    near = np.maximum(0.0, 1.0 - np.abs(grid[:, None] - p[None] - size // 2))
    return _summed(weights, near)


def gaussian(
    weights: npt.ArrayLike, places: npt.ArrayLike, widths: npt.ArrayLike, size: int
) -> FloatArray:
    """Return the kernel of weights spread as Gaussians: exp(-((i - p - size // 2) / s)**2 / 2).

    s = 0.27 + |width| along each axis; each Gaussian is scaled to a sum of 1 over the grid.

    Parameters
    ----------
    widths : n x 2
        Along y and x.

    Source: as :func:`bilinear`, the later version.
    """
    grid, p = _grid(size), _clamped(places, size)
    spread = LEAST_WIDTH + np.abs(np.asarray(widths, np.float64))
    distance = (grid[:, None] - p[None] - size // 2) / spread[None]
    return _summed(weights, np.exp(-(distance**2) / 2))


def tap_list(kernel: npt.ArrayLike) -> list[tuple[int, int, int]]:
    """Return (y, x, weight) of each tap of an integer kernel that is not 0."""
    taps = np.asarray(kernel, np.int64)
    return [(int(y), int(x), int(taps[y, x])) for y, x in np.argwhere(taps)]


def _grid(size: int) -> FloatArray:
    return np.arange(size, dtype=np.float64)[:, None].repeat(2, axis=1)


def _clamped(places: npt.ArrayLike, size: int) -> FloatArray:
    half = size // 2
    return np.clip(np.asarray(places, np.float64), -half, half)


def _summed(weights: npt.ArrayLike, shares: FloatArray) -> FloatArray:
    """Return the sum over weights of their normalised products of shares along both axes."""
    each = shares[:, None, :, 0] * shares[None, :, :, 1]
    whole = each / (each.sum(axis=(0, 1)) + GUARD)
    return np.asarray(whole @ np.asarray(weights, np.float64), np.float64)
