"""Bit-field records: the one description that software packs and that gates read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from intaglio.spec.formats import IntFormat


@dataclass(frozen=True)
class Field:
    """One named bit field.

    Parameters
    ----------
    name : str
        Identifier in Python, Verilog and C.
    format : IntFormat
        Width and sign.
    meaning : str
        One phrase for the reference pages.
    """

    name: str
    format: IntFormat
    meaning: str


@dataclass(frozen=True)
class Record:
    """Fields packed from bit 0 upwards into a little-endian word of `bits` bits; the rest is 0.

    Parameters
    ----------
    name, meaning : str
        For the reference pages.
    bits : int
        Width of the whole word.
    fields : tuple of Field
        In packing order.

    Raises
    ------
    ValueError
        If the fields do not fit or two have one name.
    """

    name: str
    bits: int
    fields: tuple[Field, ...]
    meaning: str = ""

    def __post_init__(self) -> None:
        used = sum(field.format.bits for field in self.fields)
        if used > self.bits:
            raise ValueError(f"{self.name}: fields need {used} bits, the word has {self.bits}")
        if len({field.name for field in self.fields}) != len(self.fields):
            raise ValueError(f"{self.name}: two fields have one name")

    def offsets(self) -> dict[str, int]:
        """Return the lowest bit of each field."""
        return {name: at for name, (at, _) in self._layout.items()}

    @cached_property
    def _layout(self) -> dict[str, tuple[int, IntFormat]]:
        layout, at = {}, 0
        for field in self.fields:
            layout[field.name] = at, field.format
            at += field.format.bits
        return layout

    def pack(self, values: Mapping[str, int]) -> int:
        """Return the word that holds `values`; fields that are not named are 0.

        Raises
        ------
        ValueError
            If a name is not a field or a value is outside its format; all faults in one message.
        """
        faults, word = [], 0
        for name, given in values.items():
            if name not in self._layout:
                faults.append(f"{name} is not a field")
                continue
            (at, form), value = self._layout[name], int(given)
            if not form.min <= value <= form.max:
                faults.append(f"{name} is {value}, outside {form} [{form.min}, {form.max}]")
            word |= (value & ((1 << form.bits) - 1)) << at
        if faults:
            raise ValueError(f"{self.name}: " + "; ".join(faults))
        return word

    def unpack(self, word: int) -> dict[str, int]:
        """Return the value of each field of `word`."""
        values = {}
        for field, at in zip(self.fields, self.offsets().values(), strict=True):
            value = (word >> at) & ((1 << field.format.bits) - 1)
            if value > field.format.max:
                value -= 1 << field.format.bits
            values[field.name] = value
        return values

    def to_bytes(self, values: Mapping[str, int]) -> bytes:
        """Return :meth:`pack` as little-endian bytes."""
        return self.pack(values).to_bytes(self.bits // 8, "little")

    def from_bytes(self, data: bytes) -> dict[str, int]:
        """Return :meth:`unpack` of little-endian bytes."""
        return self.unpack(int.from_bytes(data, "little"))
