"""Payloads as arrays: millions of them, packed at numpy's speed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from amaranth.hdl import Shape
from amaranth.lib import data

from intaglio.bench.row import pack
from intaglio.spec.formats import ByteArray


class Columns(Sequence[Any]):
    """Payloads of a struct layout, one array a field with a row a payload.

    To a row of the bench table it is a sequence of mappings. An array field takes an array with
    one more axis; an array of structs takes a mapping of such arrays.

    Parameters
    ----------
    fields : array, or mapping of str to array
        By name, all of one length.
    """

    def __init__(self, **fields: npt.ArrayLike | Mapping[str, npt.ArrayLike]) -> None:
        self.fields: dict[str, Any] = {name: _arrays(values) for name, values in fields.items()}
        lengths = {name: len(next(_flat(values))) for name, values in self.fields.items()}
        if len(set(lengths.values())) != 1:
            raise ValueError(f"columns differ in length: {lengths}")

    def __len__(self) -> int:
        return len(next(_flat(self.fields)))

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return Columns(**{name: _cut(values, index) for name, values in self.fields.items()})
        if not -len(self) <= index < len(self):
            raise IndexError(index)
        return {name: _plain(_cut(values, index)) for name, values in self.fields.items()}

    def __iter__(self) -> Iterator[Any]:
        if any(isinstance(values, Mapping) for values in self.fields.values()):
            yield from (self[at] for at in range(len(self)))
            return
        lists = {name: values.tolist() for name, values in self.fields.items()}
        for values in zip(*lists.values(), strict=True):
            yield dict(zip(lists, values, strict=True))


def pack_payloads(shape: Any, payloads: Sequence[Any]) -> ByteArray:
    """Return payloads as little-endian bytes, one row each, as wide as the shape needs.

    Payloads of an array layout may be an array with a row each.
    """
    width = Shape.cast(shape).width
    if isinstance(payloads, Columns | np.ndarray):
        bits = np.zeros((len(payloads), -(-width // 8) * 8), np.uint8)
        _spread(bits, shape, payloads.fields if isinstance(payloads, Columns) else payloads, 0)
        return np.packbits(bits, axis=1, bitorder="little")
    size = -(-width // 8)
    words = b"".join(pack(shape, payload).to_bytes(size, "little") for payload in payloads)
    return np.frombuffer(words, np.uint8).reshape(len(payloads), size)


def _spread(bits: ByteArray, shape: Any, values: Any, at: int) -> None:
    """Write `values` bit by bit from column `at` on."""
    if isinstance(values, Mapping) and isinstance(shape, data.ArrayLayout):
        for index in range(shape.length):
            field = shape[index]
            parts = {name: part[:, index] for name, part in values.items()}
            _spread(bits, field.shape, parts, at + field.offset)
    elif isinstance(values, Mapping):
        for name, part in values.items():
            field = shape[name]
            _spread(bits, field.shape, part, at + field.offset)
    elif isinstance(shape, data.ArrayLayout):
        for index in range(shape.length):
            field = shape[index]
            _spread(bits, field.shape, values[:, index], at + field.offset)
    else:
        width = Shape.cast(shape).width
        bits[:, at : at + width] = (values[:, None] >> np.arange(width)) & 1


def _arrays(values: Any) -> Any:
    if isinstance(values, Mapping):
        return {name: _arrays(part) for name, part in values.items()}
    return np.asarray(values, np.int64)


def _flat(values: Any) -> Iterator[Any]:
    """Yield the arrays of a mapping of arrays or mappings."""
    if isinstance(values, Mapping):
        for part in values.values():
            yield from _flat(part)
    else:
        yield values


def _cut(values: Any, index: Any) -> Any:
    if isinstance(values, Mapping):
        return {name: _cut(part, index) for name, part in values.items()}
    return values[index]


def _plain(values: Any) -> Any:
    """Return a payload's field as lists; an array of structs as a list of mappings."""
    if isinstance(values, Mapping):
        lists = {name: _plain(part) for name, part in values.items()}
        return [dict(zip(lists, row, strict=True)) for row in zip(*lists.values(), strict=True)]
    return values.tolist()
