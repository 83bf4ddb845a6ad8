"""How an image goes on past its edges: circular, replicated and mirrored padding."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from intaglio.spec.formats import Array, IntArray

MODES = ("zero", "edge", "wrap", "reflect", "symmetric")
"""Zeros; the last pixel again; from the other end on; mirrored at the last pixel, or behind it."""


def edge_index(size: int, first: int, end: int, mode: str) -> IntArray:
    """Return which pixel of 0 .. size - 1 each place of first .. end - 1 shows.

    edge: i clipped to the image; wrap: i mod n; reflect: the distance of i to the nearest multiple
    of 2 (n - 1); symmetric: that of i + 1/2 to the nearest multiple of 2 n, rounded down.

    Parameters
    ----------
    mode : str
        One of :data:`MODES` but ``"zero"``.

    Raises
    ------
    ValueError
        If there is no such mode.
    """
    place = np.arange(first, end)
    if mode == "edge":
        return np.clip(place, 0, size - 1)
    if mode == "wrap":
        return np.asarray(place % size)
    if mode == "reflect":
        period = max(2 * (size - 1), 1)
        return np.minimum(place % period, -place % period)
    if mode == "symmetric":
        period = 2 * size
        return np.minimum(place % period, (-1 - place) % period)
    raise ValueError(f"mode is {mode}, not one of {MODES[1:]}")


def extended(x: Array, pads: tuple[int, int, int, int], mode: str) -> Array:
    """Return an image N, H, W, C with what lies around it.

    Parameters
    ----------
    pads : (top, bottom, left, right)
        Pixels around the image.
    """
    top, bottom, left, right = pads
    rows = edge_index(x.shape[1], -top, x.shape[1] + bottom, mode)
    columns = edge_index(x.shape[2], -left, x.shape[2] + right, mode)
    return x[:, rows][:, :, columns]


@dataclass(frozen=True)
class Run:
    """Places [at, at + count) that show pixels source, source + step, and so on; step is 0 or 1."""

    at: int
    source: int
    count: int
    step: int


def runs_of(index: IntArray, *, repeats: bool) -> Iterator[Run]:
    """Yield the runs of an index; without `repeats` all of them have step 1."""
    at, values = 0, [int(n) for n in index]
    while at < len(values):
        count, step = 1, 1
        if repeats and at + 1 < len(values) and values[at + 1] == values[at]:
            step = 0
        while at + count < len(values) and values[at + count] == values[at] + count * step:
            count += 1
        yield Run(at, values[at], count, step)
        at += count
