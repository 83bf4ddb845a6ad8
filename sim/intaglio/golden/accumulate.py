"""Sums over groups and statistics, from their definitions, in exact integers."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from intaglio.spec.formats import IntArray
from intaglio.spec.groups import ScaleGroups, ShiftGroups


def shift_group_sum(values: npt.ArrayLike, indices: npt.ArrayLike, groups: ShiftGroups) -> int:
    """Return sum_j values[j] << (count - 1 - indices[j])."""
    return sum(
        int(value) << (groups.count - 1 - int(index))
        for value, index in zip(np.asarray(values), np.asarray(indices), strict=True)
    )


def scale_group_sum(values: npt.ArrayLike, scales: npt.ArrayLike, groups: ScaleGroups) -> int:
    """Return the sum over groups of their scaled and rounded sums; one scale a group."""
    half = (1 << groups.drop) >> 1
    parts: IntArray = np.asarray(values, np.int64).reshape(-1, groups.size)
    sums = parts.sum(axis=1)
    return sum(
        (int(total) * int(scale) + half) >> groups.drop
        for total, scale in zip(sums, np.asarray(scales), strict=True)
    )


def absolute_statistics(values: npt.ArrayLike, mean: int, point: int) -> tuple[int, int]:
    """Return (sum of x, sum of |x * 2**point - mean|) over all values."""
    x = np.asarray(values, np.int64)
    return int(x.sum()), int(np.abs((x << point) - mean).sum())
