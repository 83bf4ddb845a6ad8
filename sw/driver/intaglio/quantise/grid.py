"""A quantiser of activations: scale, zero point and limits of its codes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Real = npt.NDArray[Any]


@dataclass(frozen=True)
class Grid:
    """code = clip(round_half_even(x / scale) + zero_point, low, high).

    Parameters
    ----------
    dtype : str
        Type of the codes: uint8 or uint16 where there is a zero point, else int8 or int16.
    scale : float
        Exactly a float32.
    low, high : int
        Narrower than the type where a tensor has 4 bits.
    """

    dtype: str
    scale: float
    zero_point: int
    low: int
    high: int

    @property
    def narrow(self) -> bool:
        """Whether codes of the type lie outside the limits."""
        limits = np.iinfo(self.dtype)
        return (self.low, self.high) != (limits.min, limits.max)

    @property
    def ends(self) -> tuple[float, float]:
        """The numbers of the least and the greatest code."""
        low, high = ((code - self.zero_point) * self.scale for code in (self.low, self.high))
        return low, high

    def rounded(self, values: Real) -> Real:
        """Return the numbers that codes of `values` stand for."""
        steps = np.rint(values / np.float32(self.scale)) + np.float32(self.zero_point)
        codes = np.clip(steps, self.low, self.high) - np.float32(self.zero_point)
        return np.asarray(codes * np.float32(self.scale), np.float32)


def grid_of(ends: tuple[float, float], bits: int, symmetric: bool) -> Grid:
    """Return the grid of `bits` that covers a range, forced to hold 0."""
    low, high = min(ends[0], 0.0), max(ends[1], 0.0)
    width = max(bits, 8)
    if symmetric or bits == 16:
        top = (1 << (bits - 1)) - 1
        scale = _scale(max(-low, high) / top)
        return Grid(f"int{width}", scale, 0, -top - 1, top)
    top = (1 << bits) - 1
    scale = _scale((high - low) / top)
    return Grid(f"uint{width}", scale, int(np.clip(np.rint(-low / scale), 0, top)), 0, top)


def _scale(value: float) -> float:
    return float(np.float32(value)) if value > np.finfo(np.float32).tiny else 1.0
