"""Performance counters."""

from __future__ import annotations

from amaranth.hdl import Module
from amaranth.lib import data
from amaranth.lib.wiring import In, Out

from intaglio.gateware.component import Component
from intaglio.spec.registers import COUNTERS, REGISTER_BITS

# One bit for each counter that counts cycles; COMMANDS is counted where commands are dispatched.
NAMES = tuple(name for name, _ in COUNTERS if name != "COMMANDS")
EVENTS = data.StructLayout({name.lower(): 1 for name in NAMES})
CYCLE_COUNTS = data.StructLayout({name.lower(): REGISTER_BITS for name in NAMES})


class Counters(Component):
    """Count the cycles in which each event bit is 1, while `enable` is 1; counts wrap at 2**32.

    Members
    -------
    events : In(EVENTS)
        One bit for each counter of :data:`intaglio.spec.registers.COUNTERS` but COMMANDS.
    enable : In(1)
        Counts stand still while it is 0.
    clear : In(1)
        Sets all counts to 0; goes before `enable`.
    counts : Out(CYCLE_COUNTS)
        The counts.

    Timing
    ------
    An event is in the count after 1 cycle.
    """

    def __init__(self) -> None:
        super().__init__(
            {"events": In(EVENTS), "enable": In(1), "clear": In(1), "counts": Out(CYCLE_COUNTS)}
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        with m.If(self.clear):
            m.d.sync += self.counts.eq(0)
        with m.Elif(self.enable):
            for name, _ in EVENTS:
                m.d.sync += self.counts[name].eq(self.counts[name] + self.events[name])
        return m
