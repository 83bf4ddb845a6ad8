"""Ranges of tensors: min-max, percentile, least squared error, least entropy loss.

All take samples of the values and give (low, high) with low <= 0 <= high. The last two weigh
rounding against clipping at the width that is asked for:

    mse      min over shrunk ranges of sum (Q(x) - x)**2
    entropy  min over shrunk ranges of KL(P || Q), P the histogram clipped to the range, Q the same
             in 2**bits levels (Migacz, 8-bit inference, 2017)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from intaglio.compiler.convert_scales import SHRINKS
from intaglio.quantise.grid import Grid, grid_of

Real = npt.NDArray[Any]
Range = tuple[float, float]

KEPT = 1 << 15
"""Values of one tensor that one sample leaves behind; minimum and maximum count all of them."""
BINS = 2048


@dataclass
class Statistics:
    """What is known of a tensor's values.

    Attributes
    ----------
    low, high : float
        Least and greatest of all.
    """

    low: float = np.inf
    high: float = -np.inf
    _parts: list[Real] = field(default_factory=list)

    def add(self, values: Real) -> None:
        """Count the values of one sample; the same are kept for the same sizes."""
        flat = np.asarray(values, np.float32).reshape(-1)
        if not flat.size:
            return
        self.low, self.high = min(self.low, float(flat.min())), max(self.high, float(flat.max()))
        if flat.size > KEPT:
            rng = np.random.default_rng(flat.size)
            flat = flat[rng.integers(0, flat.size, KEPT)]
        self._parts.append(flat.copy())

    @property
    def values(self) -> Real:
        """The values that were kept."""
        return np.concatenate(self._parts) if self._parts else np.zeros(1, np.float32)


def calibrated(
    found: Statistics, method: str, bits: int, *, symmetric: bool, percentile: float = 99.99
) -> Range:
    """Return the range of a tensor.

    Parameters
    ----------
    method : str
        One of :data:`intaglio.quantise.scheme.METHODS`.
    """
    whole = min(found.low, 0.0), max(found.high, 0.0)
    if not np.isfinite(whole).all() or whole == (0.0, 0.0):
        return 0.0, 0.0
    values = found.values
    if method == "percentile":
        low, high = np.percentile(values, [100 - percentile, percentile])
        return min(float(low), 0.0), max(float(high), 0.0)
    if method == "mse":
        return _searched(whole, lambda r: squared_error(values, grid_of(r, bits, symmetric)))
    if method == "entropy":
        counts, edges = np.histogram(values[values != 0], bins=BINS, range=whole)
        return _searched(whole, lambda r: _divergence(counts, edges, r, bits))
    return whole


def squared_error(values: Real, grid: Grid) -> float:
    """Return the mean squared error of values on a grid."""
    return float(np.mean((grid.rounded(values) - values) ** 2, dtype=np.float64))


def _searched(whole: Range, loss: Callable[[Range], float]) -> Range:
    """Shrink both ends together, then each by itself."""
    low, high = whole
    both = min(SHRINKS, key=lambda s: loss((low * s, high * s)))
    low, high = low * both, high * both
    if low < 0 < high:
        end = min(SHRINKS, key=lambda s: loss((low, high * s)))
        high *= end
        low *= min(SHRINKS, key=lambda s: loss((low * s, high)))
    return float(low), float(high)


def _divergence(counts: Real, edges: Real, ends: Range, bits: int) -> float:
    """Return KL(P || Q) of a histogram clipped to `ends`; infinite where nothing is left."""
    first = int(np.searchsorted(edges, ends[0], "left"))
    last = int(np.searchsorted(edges, ends[1], "right")) - 1
    if last - first < 2:
        return float("inf")
    p = counts[first:last].astype(np.float64)
    p[0] += counts[:first].sum()
    p[-1] += counts[last:].sum()
    levels = np.minimum(np.arange(p.size) * (1 << bits) // p.size, (1 << bits) - 1)
    own = counts[first:last].astype(np.float64)
    filled = np.bincount(levels, own > 0, 1 << bits)
    mass = np.bincount(levels, own, 1 << bits)
    q = np.where(own > 0, (mass / np.maximum(filled, 1))[levels], 0.0)
    if not q.sum() or not p.sum():
        return float("inf")
    p, q = p / p.sum(), q / q.sum()
    inside = p > 0
    return float(np.sum(p[inside] * np.log(p[inside] / np.maximum(q[inside], 1e-9))))
