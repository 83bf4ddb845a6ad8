"""The last step of an operator: accumulators become int8 codes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from intaglio.spec.formats import INT8, Array, IntArray, as_codes
from intaglio.spec.graph import Requant
from intaglio.spec.quant import Rounding, Scale, requantise

Codes = Array  # int8 or int16


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

    @classmethod
    def of(cls, requant: Requant) -> Output:
        """Return the output of a requantisation."""
        return cls(
            requant.scales,
            Rounding(requant.rounding),
            requant.zero_point,
            requant.low,
            requant.high,
        )

    def codes(self, acc: IntArray) -> Codes:
        """Return clip(round(acc * scale) + zero_point, low, high); channels are last."""
        multipliers = np.array([scale.multiplier for scale in self.scales], np.int64)
        shifts = np.array([scale.shift for scale in self.scales], np.int64)
        codes = requantise(
            acc, multipliers, shifts, self.rounding, self.zero_point, self.low, self.high
        )
        return as_codes(codes, self.low, self.high)
