"""Number formats as values."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
IntArray = npt.NDArray[np.int64]
ByteArray = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class IntFormat:
    """A two's-complement or unsigned integer of `bits` bits.

    Parameters
    ----------
    bits : int
        Width, at least 1.
    signed : bool
        Whether the top bit is a sign.
    """

    bits: int
    signed: bool = True

    @cached_property
    def min(self) -> int:
        """Least value."""
        return -(1 << (self.bits - 1)) if self.signed else 0

    @cached_property
    def max(self) -> int:
        """Greatest value."""
        return (1 << (self.bits - self.signed)) - 1

    def holds(self, values: Any) -> bool:
        """Tell whether every value lies in [`min`, `max`]."""
        array = np.asarray(values)
        return bool(array.size == 0 or (array.min() >= self.min and array.max() <= self.max))

    def __str__(self) -> str:
        return f"{'' if self.signed else 'u'}int{self.bits}"


def signed(bits: int) -> IntFormat:
    """Return the two's-complement format of `bits` bits."""
    return IntFormat(bits)


def unsigned(bits: int) -> IntFormat:
    """Return the unsigned format of `bits` bits."""
    return IntFormat(bits, signed=False)


BYTE = 8  # bits
INT8 = signed(8)
INT16 = signed(16)
INT32 = signed(32)


def dot_format(act: IntFormat, wgt: IntFormat, terms: int) -> IntFormat:
    """Return the narrowest format that holds any sum of `terms` products of `act` and `wgt`."""
    corners = [a * w * terms for a in (act.min, act.max) for w in (wgt.min, wgt.max)]
    largest, least = max(corners), min(corners)
    return signed(max(largest.bit_length(), (-least - 1).bit_length()) + 1)


def as_codes(values: Array, low: int, high: int) -> Array:
    """Return values of [`low`, `high`] in the narrower of int8 and int16 that holds both."""
    if INT8.min <= low and high <= INT8.max:
        return values.astype(np.int8)
    return values.astype(np.int16)
