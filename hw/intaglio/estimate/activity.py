"""How many bits of the operands change from one step of the array to the next, from real data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Codes = npt.NDArray[np.int8]
BITS = 8
UNIFORM = 8.0  # of 16 operand bits, where each is random: half of them change
ONES = np.array([bin(code).count("1") for code in range(256)], np.uint8)
# A multiplier's energy grows with the operand bits that change, but neither evenly nor alone.
SPREAD = 1.5


@dataclass(frozen=True)
class Activity:
    """Operands of one layer.

    Parameters
    ----------
    weight_toggles, act_toggles : float
        Bits of 8 that change from one step to the next, on average.
    weight_zeros, act_zeros : float
        Share of codes that stand for 0.
    """

    weight_toggles: float
    act_toggles: float
    weight_zeros: float
    act_zeros: float

    @property
    def toggles(self) -> float:
        """Bits of both operands."""
        return self.weight_toggles + self.act_toggles

    def factor(self, reference: float) -> tuple[float, float, float]:
        """Return low, value and high of the energy over that of `reference` changing bits."""
        value = self.toggles / reference
        return value / SPREAD, value, value * SPREAD

    def as_dict(self) -> dict[str, float]:
        """Return the fields and their sum for JSON."""
        return {**vars(self), "toggles": self.toggles}


def activity_of(
    weights: Codes | None, acts: Codes, zero_point: int, depth: int, *, depthwise: bool
) -> Activity:
    """Return the activity of a layer whose steps take `depth` entries of a sum at once.

    Parameters
    ----------
    weights : int8 array or None
        O, KH, KW, C, or KH, KW, C of a depthwise layer; None: all ones.
    acts : int8 array
        N, H, W, C, what the layer reads.
    zero_point : int
        Code of 0 in `acts`.
    depth : int
        D of the array.
    depthwise : bool
        Whether a sum runs over taps alone: then neighbours along a row follow each other, as
        where there are no more channels than a step takes.
    """
    image = acts.reshape(-1, *acts.shape[-3:]) if acts.ndim > 2 else acts.reshape(1, 1, 1, -1)
    rows = depthwise or image.shape[3] <= depth  # then a step takes other taps, not channels
    act_toggles = _changes(image, 2 if rows else 3, 1 if rows else depth)
    weight_toggles = weight_zeros = 0.0
    if weights is not None:
        ordered = weights.reshape(weights.shape[0], -1)
        if depthwise:
            ordered = np.moveaxis(weights, 2, 0).reshape(weights.shape[2], -1)
        weight_toggles = _changes(ordered, 1, depth)
        weight_zeros = float((weights == 0).mean())
    return Activity(weight_toggles, act_toggles, weight_zeros, float((acts == zero_point).mean()))


def histogram(codes: Codes) -> list[int]:
    """Return how often each code from -128 to 127 occurs."""
    counts = np.bincount(codes.reshape(-1).astype(np.int64) + 128, minlength=256)
    found: list[int] = counts.tolist()
    return found


def _changes(codes: Codes, axis: int, step: int) -> float:
    """Return the mean number of bits that differ between codes `step` apart along `axis`."""
    size = codes.shape[axis]
    if size <= step:
        return 0.0
    raw: Any = codes.view(np.uint8)
    before, after = (
        np.take(raw, np.arange(first, first + size - step), axis=axis) for first in (0, step)
    )
    return float(ONES[before ^ after].mean())
