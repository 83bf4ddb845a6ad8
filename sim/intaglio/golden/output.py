"""The last step of an operator: accumulators become int8 codes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from intaglio.spec.formats import INT8, IntArray
from intaglio.spec.quant import Rounding, Scale, requantise

Codes = npt.NDArray[np.int8]


@dataclass(frozen=True)
class Output:
    """How the accumulators of an operator become codes.

    Parameters
    ----------
    scales : sequence of Scale
        One, or one for each output channel.
    rounding : Rounding
        Mode of the requantiser.
    zero_point, low, high : int
        Offset and clamp.
    """

    scales: Sequence[Scale]
    rounding: Rounding
    zero_point: int
    low: int = INT8.min
    high: int = INT8.max

    def codes(self, acc: IntArray) -> Codes:
        """Return clip(round(acc * scale) + zero_point, low, high); channels are last."""
        multipliers = np.array([scale.multiplier for scale in self.scales], np.int64)
        shifts = np.array([scale.shift for scale in self.scales], np.int64)
        return requantise(
            acc, multipliers, shifts, self.rounding, self.zero_point, self.low, self.high
        ).astype(np.int8)
