"""The longest sum that an accumulator holds is not too short: one payload more overflows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from amaranth.hdl import Shape

from intaglio.bench.compile import TOP
from intaglio.bench.proof import Shown
from intaglio.bench.row import pack
from intaglio.bench.vector_library import VectorLibrary

LONGEST = 1 << 22


@dataclass(frozen=True)
class Overflowed:
    """A step that replays sums of extreme payloads: the longest safe one, and one payload more.

    Parameters
    ----------
    value : int
        What a payload of `extreme` adds.
    extreme : mapping
        Its fields, without the marks.
    acc_bits : int
        Width of the accumulator.
    marks : callable
        From whether a payload is the first and the last of its sum to further fields.
    settings : mapping
        Values of plain inputs.
    """

    value: int
    extreme: dict[str, Any]
    acc_bits: int
    marks: Callable[[bool, bool], dict[str, int]]
    settings: Mapping[str, int] = field(default_factory=dict)
    state = ""
    engine = "verilator"

    @property
    def longest(self) -> int:
        """Payloads of the longest sum that the accumulator holds."""
        least, most = -(1 << self.acc_bits - 1), (1 << self.acc_bits - 1) - 1
        return most // self.value if self.value > 0 else least // self.value

    def show(self, component: Any, verilog: Callable[[str], str]) -> Shown:
        """Compare both sums with what they must be."""
        count = self.longest
        if count > LONGEST:
            raise ValueError(f"{count} payloads are more than {LONGEST}: narrow the accumulator")
        library = VectorLibrary(component, verilog(TOP))
        shape, out = (library.ports[name].shape for name in "io")
        rows = []
        for length in (count, count + 1):
            inner = self._row(shape, False, False)
            rows += [self._row(shape, True, length == 1)]
            rows += [np.broadcast_to(inner, (length - 2, inner.shape[1]))] if length > 2 else []
            rows += [self._row(shape, False, True)] if length > 1 else []
        payloads = np.ascontiguousarray(np.concatenate(rows))
        empty = np.zeros((2, -(-Shape.cast(out).width // 8)), np.uint8)
        ran = library.run(
            {"i": payloads}, {"o": empty}, self.settings, stall=0.0, seed=1, patience=5000
        )
        safe, over = (self._sum(row) for row in ran.got["o"])
        faults = []
        if safe != count * self.value:
            faults.append(f"{count} payloads sum to {safe}, not {count * self.value}")
        if over == (count + 1) * self.value:
            faults.append(f"{count + 1} payloads do not overflow")
        return Shown(len(payloads), tuple(faults))

    def _sum(self, row: Any) -> int:
        """Return the first sum of an output, which is in its lowest bits."""
        bits = int.from_bytes(row.tobytes(), "little") & ((1 << self.acc_bits) - 1)
        return bits - (bits >> (self.acc_bits - 1) << self.acc_bits)

    def _row(self, shape: Any, first: bool, last: bool) -> Any:
        bits = pack(shape, {**self.extreme, **self.marks(first, last)})
        size = -(-Shape.cast(shape).width // 8)
        return np.frombuffer(bits.to_bytes(size, "little"), np.uint8).reshape(1, size)
