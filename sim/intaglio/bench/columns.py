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
    one more axis.

    Parameters
    ----------
    fields : array
        By name, all of one length.
    """

    def __init__(self, **fields: npt.ArrayLike) -> None:
        self.fields = {name: np.asarray(values, np.int64) for name, values in fields.items()}
        lengths = {name: len(values) for name, values in self.fields.items()}
        if len(set(lengths.values())) != 1:
            raise ValueError(f"columns differ in length: {lengths}")

    def __len__(self) -> int:
        return len(next(iter(self.fields.values())))

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return Columns(**{name: values[index] for name, values in self.fields.items()})
        if not -len(self) <= index < len(self):
            raise IndexError(index)
        return {name: values[index].tolist() for name, values in self.fields.items()}

    def __iter__(self) -> Iterator[Any]:
        lists = {name: values.tolist() for name, values in self.fields.items()}
        for values in zip(*lists.values(), strict=True):
            yield dict(zip(lists, values, strict=True))


def pack_payloads(shape: Any, payloads: Sequence[Any]) -> ByteArray:
    """Return payloads as little-endian bytes, one row each, as wide as the shape needs."""
    width = Shape.cast(shape).width
    if isinstance(payloads, Columns):
        bits = np.zeros((len(payloads), -(-width // 8) * 8), np.uint8)
        _spread(bits, shape, payloads.fields, 0)
        return np.packbits(bits, axis=1, bitorder="little")
    size = -(-width // 8)
    words = b"".join(pack(shape, payload).to_bytes(size, "little") for payload in payloads)
    return np.frombuffer(words, np.uint8).reshape(len(payloads), size)


def _spread(bits: ByteArray, shape: Any, values: Any, at: int) -> None:
    """Write `values` bit by bit from column `at` on."""
    if isinstance(values, Mapping):
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
