"""What a lane multiplies: widths of operands, the code of a weight, scales of groups."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property

import numpy as np
import numpy.typing as npt

from intaglio.spec.codes import Format, number_formats
from intaglio.spec.errors import Finding, FitError
from intaglio.spec.formats import BYTE, ByteArray, IntArray, IntFormat, signed

KINDS = {
    "integer": "int{}",
    "shift": "pow2_{}",
    "two-term": "sp2_{}",
    "apot": "apot_{}",
    "mask": "mask",
}
"""Lane kinds, and the format of their weights of {} bits."""
GROUP_SCALES = ("none", "shift", "integer")


class Precision(IntEnum):
    """Width of the activations of a COMPUTE command."""

    BITS8 = 0
    BITS4 = 1
    BITS16 = 2

    @property
    def bits(self) -> int:
        """Bits of an activation."""
        return {0: 8, 1: 4, 2: 16}[int(self)]

    @classmethod
    def of(cls, bits: int) -> Precision:
        """Return the precision of `bits`: 4, 8 or 16."""
        return next(p for p in cls if p.bits == bits)


@dataclass(frozen=True)
class Lane:
    """The operands of one lane, and the word of weights of all of them.

    An activation word holds 8 * K bits: 2K channels of 4 bits, K of 8, K/2 of 16. In a step a
    lane takes D bytes of activations, which are `operands` numbers, and as many weights. A word
    of weights is, from its lowest bit: for each of the K lanes the codes of its weights, first
    operand first; then `side_bits`.

    Side bits. Group scale ``shift``: for each operand by how many places its activation is
    shifted left. Group scale ``integer``: the n-th word of a group holds bits n * side_bits on of
    the K scales of the group, lane 0 lowest.

    Parameters
    ----------
    channels, depth : int
        K and D of the array.
    kind : str
        A key of :data:`KINDS`.
    act_bits, weight_bits : int
        Widths of the operands.
    precisions : tuple of int
        Widths between which the lanes switch at run time, for both operands; empty: none.
    group_scale : str
        One of :data:`GROUP_SCALES`.
    group_size, scale_bits : int
        ``integer``: channels of a group, width of a scale.
    shift_groups : int
        ``shift``: groups, which are scaled by 2**0 to 2**-(shift_groups - 1).
    """

    channels: int
    depth: int
    kind: str
    act_bits: int
    weight_bits: int
    precisions: tuple[int, ...]
    group_scale: str
    group_size: int
    scale_bits: int
    shift_groups: int

    @property
    def widths(self) -> tuple[int, ...]:
        """Every width of activations that there are gates for, the widest first."""
        return tuple(sorted(self.precisions, reverse=True)) or (self.act_bits,)

    @property
    def switched(self) -> bool:
        """Whether the width is chosen at run time."""
        return bool(self.precisions)

    @cached_property
    def weight(self) -> Format:
        """Format of a weight; of a switched lane, of one as wide as its activations at 8 bits."""
        return number_formats()[KINDS[self.kind].format(self.weight_bits)]

    def weight_format(self, act_bits: int) -> Format:
        """Return the format of the weights that meet activations of `act_bits`."""
        return number_formats()[f"int{act_bits}"] if self.switched else self.weight

    @property
    def zero(self) -> int:
        """The code of a weight of 0."""
        return int(np.flatnonzero(self.weight.table() == 0)[0])

    def operands(self, act_bits: int) -> int:
        """Return the activations of `act_bits` that a lane takes in a step."""
        return BYTE * self.depth // act_bits

    @property
    def lane_bits(self) -> int:
        """Bits of a lane's weights in a word."""
        if self.switched:
            return BYTE * self.depth
        return self.operands(self.act_bits) * self.weight_bits

    @property
    def amount_bits(self) -> int:
        """Bits of the shift of an operand; 0 without ``shift`` scales."""
        return (self.shift_groups - 1).bit_length() if self.group_scale == "shift" else 0

    @property
    def group_steps(self) -> int:
        """Steps of a group of ``integer`` scales."""
        return self.group_size // self.operands(self.act_bits)

    @property
    def side_bits(self) -> int:
        """Bits of a weight word beside the weights."""
        if self.group_scale == "integer":
            return -(-self.channels * self.scale_bits // self.group_steps)
        return self.operands(self.act_bits) * self.amount_bits

    @property
    def word_bits(self) -> int:
        """Bits of a weight word."""
        return self.channels * self.lane_bits + self.side_bits

    def operand(self, act_bits: int) -> IntFormat:
        """Return the format of an activation at the multiplier."""
        shifts = self.shift_groups - 1 if self.group_scale == "shift" else 0
        return signed(act_bits + shifts)

    def sum_format(self, act_bits: int, terms: int = 1) -> IntFormat:
        """Return the narrowest format of a sum of `terms` products."""
        act, weight = self.operand(act_bits), self.weight_format(act_bits).table()
        ends = [
            a * int(w) * terms for a in (act.min, act.max) for w in (weight.min(), weight.max())
        ]
        return signed(max(max(ends).bit_length(), (-min(ends) - 1).bit_length(), 1) + 1)

    def encode(
        self, values: npt.ArrayLike, where: str = "weights", act_bits: int = BYTE
    ) -> IntArray:
        """Return the code of each value, which counts units of 2**-point of the format.

        `act_bits` tells the format of a switched lane.

        Raises
        ------
        FitError
            E405: the format has no code for a value.
        """
        wanted = np.asarray(values, np.int64)
        form = self.weight_format(act_bits)
        known, first = np.unique(form.table(), return_index=True)
        low, high = int(known[0]), int(known[-1])
        by_value = np.full(high - low + 1, -1, np.int32)
        by_value[known - low] = first
        codes = by_value[np.clip(wanted, low, high) - low]
        missing = (codes < 0) | (wanted < low) | (wanted > high)
        if missing.any():
            value = int(wanted[missing].flat[0])
            raise FitError(
                Finding(
                    "E405",
                    f"{where}: a weight of {value} is no value of {form.name}",
                    where=where,
                    have=str(value),
                    need=f"values of {form.name}, {low} to {high}",
                    help="quantise the weights to the lanes of the configuration",
                )
            )
        return codes.astype(np.int64)

    def pack(self, codes: IntArray, side: ByteArray | None = None) -> ByteArray:
        """Return words of whole bytes: (words, lanes, operands) codes and (words, side_bits)."""
        width = self.lane_bits // codes.shape[-1]
        if width == BYTE and not self.side_bits:
            return codes.astype(np.uint8).reshape(len(codes), -1)
        bits = codes[..., None] >> np.arange(width) & 1
        flat = bits.reshape(len(codes), -1)
        if self.side_bits:
            extra = np.zeros((len(codes), self.side_bits), np.uint8) if side is None else side
            flat = np.concatenate([flat, extra], axis=1)
        return np.packbits(flat.astype(np.uint8), axis=1, bitorder="little")

    def faults(self) -> Iterator[tuple[str, object, str]]:
        """Yield (key, value, what is allowed) of each bad value."""
        legal = {name: _widths(form) for name, form in KINDS.items()}
        if self.kind not in KINDS:
            yield "lane", self.kind, ", ".join(KINDS)
        elif self.weight_bits not in legal[self.kind]:
            yield "weight_bits", self.weight_bits, _listed(legal[self.kind])
        elif self.kind == "integer" and self.weight_bits > self.act_bits:
            yield "weight_bits", self.weight_bits, f"at most act_bits = {self.act_bits}"
        if self.act_bits not in (4, 8, 16):
            yield "act_bits", self.act_bits, "4, 8 or 16"
        if 16 in self.widths and self.depth < 2:
            yield "depth", self.depth, "2 or more for activations of 16 bits"
        yield from self._switch_faults()
        yield from self._group_faults()

    def _switch_faults(self) -> Iterator[tuple[str, object, str]]:
        if not self.precisions:
            return
        distinct = len(set(self.precisions)) == len(self.precisions) > 1
        if not distinct or not set(self.precisions) <= {4, 8, 16} or 8 not in self.precisions:
            yield "precisions", list(self.precisions), "8 and one or both of 4 and 16"
        plain = (self.kind, self.act_bits, self.weight_bits) == ("integer", 8, 8)
        if not plain or self.group_scale != "none":
            need = "alone: integer lanes, 8 bits by default, no group scales"
            yield "precisions", list(self.precisions), need

    def _group_faults(self) -> Iterator[tuple[str, object, str]]:
        if self.group_scale not in GROUP_SCALES:
            yield "group_scale", self.group_scale, ", ".join(GROUP_SCALES)
        elif self.group_scale != "none" and self.kind != "integer":
            yield "group_scale", self.group_scale, "none, but for integer lanes"
        elif self.group_scale == "integer" and self.act_bits != BYTE:
            yield "group_scale", self.group_scale, "none or shift, but for act_bits = 8"
        if self.group_size not in (16, 32, 64, 128):
            yield "group_size", self.group_size, "16, 32, 64 or 128"
        if not 8 <= self.scale_bits <= 16:
            yield "scale_bits", self.scale_bits, "8 to 16"
        if not 2 <= self.shift_groups <= 16:
            yield "shift_groups", self.shift_groups, "2 to 16"


def _widths(form: str) -> tuple[int, ...]:
    """Return the weight widths of a kind."""
    if form == "int{}":
        return (*range(1, 9), 16)
    known = number_formats()
    return tuple(b for b in range(1, 9) if (f := known.get(form.format(b))) and f.bits == b)


def _listed(values: tuple[int, ...]) -> str:
    return ", ".join(str(value) for value in values)
