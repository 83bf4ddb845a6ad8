"""Every input combination through the gates, against the golden formula."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
from amaranth.hdl import Shape
from amaranth.lib import data

from intaglio.bench.compile import TOP
from intaglio.bench.proof import EXHAUSTIVE, Shown
from intaglio.bench.vector_library import VectorLibrary
from intaglio.spec.formats import ByteArray

MOST_BITS = 24
CHUNK = 1 << 20
PATIENCE_CYCLES = 5000
Fields = Mapping[str, npt.NDArray[Any]]


@dataclass(frozen=True)
class Exhausted:
    """A step that runs all values of the input stream's fields, but for those that are held.

    Parameters
    ----------
    golden : callable
        From the fields of the input, an array each, to the output: an array, or one a field. A
        field of an array layout has one more axis.
    held : mapping
        Values of fields that stay, such as marks of a sum.
    legal : callable, optional
        From the fields to those combinations that are allowed.
    settings : mapping
        Values of plain inputs.
    """

    golden: Callable[[Fields], Any]
    held: Mapping[str, int] = field(default_factory=dict)
    legal: Callable[[Fields], npt.NDArray[np.bool_]] | None = None
    settings: Mapping[str, int] = field(default_factory=dict)
    state = EXHAUSTIVE
    engine = "verilator"

    def show(self, component: Any, verilog: Callable[[str], str]) -> Shown:
        """Compare the outputs of all combinations.

        Raises
        ------
        ValueError
            There are more than 2**24.
        """
        library = VectorLibrary(component, verilog(TOP))
        shape, out = (library.ports[name].shape for name in "io")
        total = 0
        for payloads in map(partial(self._allowed, shape), self._payloads(shape)):
            if not len(payloads):
                continue
            fields = unpacked(shape, payloads)
            total += len(payloads)
            empty = np.zeros((len(payloads), -(-Shape.cast(out).width // 8)), np.uint8)
            ran = library.run(
                {"i": payloads},
                {"o": empty},
                self.settings,
                stall=0.0,
                seed=1,
                patience=PATIENCE_CYCLES,
            )
            wrong = _differing(unpacked(out, ran.got["o"]), self.golden(fields), len(payloads))
            if ran.done["o"] != len(payloads):
                return Shown(total, (f"{ran.done['o']} of {len(payloads)} results came",))
            if wrong.size:
                at = int(wrong[0])
                have = {name: values[at].tolist() for name, values in fields.items()}
                return Shown(total, (f"{have} gives another result than golden",))
        return Shown(total)

    def _allowed(self, shape: Any, payloads: ByteArray) -> ByteArray:
        """Return those of `payloads` that are allowed."""
        return payloads if self.legal is None else payloads[self.legal(unpacked(shape, payloads))]

    def _payloads(self, shape: Any) -> Iterator[ByteArray]:
        """Yield all payloads, some at a time."""
        spans = _spans(shape)
        free = [span for name, span in spans if name not in self.held]
        bits = sum(width for _, width in free)
        if bits > MOST_BITS:
            raise ValueError(f"{bits} free bits are more than {MOST_BITS}")
        fixed = sum(
            (self.held[name] & ((1 << width) - 1)) << at
            for name, (at, width) in spans
            if name in self.held
        )
        size = -(-Shape.cast(shape).width // 8)
        for start in range(0, 1 << bits, CHUNK):
            numbers = np.arange(start, min(start + CHUNK, 1 << bits), dtype=np.uint64)
            words = np.full(len(numbers), fixed, np.uint64)
            taken = 0
            for at, width in free:
                part = (numbers >> np.uint64(taken)) & np.uint64((1 << width) - 1)
                words |= part << np.uint64(at)
                taken += width
            yield np.ascontiguousarray(words.view(np.uint8).reshape(-1, 8)[:, :size])


def _spans(shape: Any) -> list[tuple[str, tuple[int, int]]]:
    """Return (name, (offset, width)) of the fields of a struct layout."""
    return [(name, (item.offset, Shape.cast(item.shape).width)) for name, item in shape]


def unpacked(shape: Any, payloads: ByteArray) -> Any:
    """Return payloads, rows of bytes, as arrays: one a field of a struct, else one alone."""
    if isinstance(shape, data.StructLayout):
        return {name: _values(item.shape, payloads, item.offset) for name, item in shape}
    return _values(shape, payloads, 0)


def _values(shape: Any, payloads: ByteArray, at: int) -> npt.NDArray[Any]:
    if isinstance(shape, data.ArrayLayout):
        parts = [_values(item.shape, payloads, at + item.offset) for _, item in shape]
        return np.stack(parts, axis=1)
    cast = Shape.cast(shape)
    first, last = at // 8, (at + cast.width - 1) // 8
    kind: Any = np.int64 if at % 8 + cast.width <= 56 else object
    total = np.zeros(len(payloads), kind)
    for n in range(first, last + 1):
        total = total + (payloads[:, n].astype(kind) << (8 * (n - first)))
    total = (total >> (at % 8)) & ((1 << cast.width) - 1)
    sign = 1 << (cast.width - 1)
    return (total ^ sign) - sign if cast.signed else total


def _differing(got: Any, wanted: Any, count: int) -> npt.NDArray[np.int64]:
    """Return the payloads in which any field differs."""
    if isinstance(got, Mapping):
        bad = [_differing(got[name], wanted[name], count) for name in got]
        return np.unique(np.concatenate(bad))
    unequal = np.asarray(got != np.asarray(wanted)).reshape(count, -1)
    return np.flatnonzero(unequal.any(axis=1))
