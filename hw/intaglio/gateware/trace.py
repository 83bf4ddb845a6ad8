"""Trace: when each layer was complete."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Module, unsigned
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from intaglio.gateware.component import Component
from intaglio.spec.registers import REGISTER_BITS, TRACE_ENTRIES


class Trace(Component):
    """Memory of TRACE_ENTRIES cycle counts; entries that were not marked keep what they held.

    Members
    -------
    mark : In(1)
        Write `cycles` to entry `layer`.
    layer : In(range(TRACE_ENTRIES))
        Entry to write.
    cycles : In(32)
        The cycle counter.
    entry : In(range(TRACE_ENTRIES))
        Entry to read.
    value : Out(32)
        What it holds.

    Timing
    ------
    `value` follows `entry` after 1 cycle.
    """

    def __init__(self) -> None:
        super().__init__(
            {
                "mark": In(1),
                "layer": In(range(TRACE_ENTRIES)),
                "cycles": In(REGISTER_BITS),
                "entry": In(range(TRACE_ENTRIES)),
                "value": Out(REGISTER_BITS),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        memory: Any = Memory(shape=unsigned(REGISTER_BITS), depth=TRACE_ENTRIES, init=[])
        m.submodules.memory = memory
        write, read = memory.write_port(), memory.read_port()
        m.d.comb += [
            write.addr.eq(self.layer),
            write.data.eq(self.cycles),
            write.en.eq(self.mark),
            read.addr.eq(self.entry),
            self.value.eq(read.data),
        ]
        return m
