"""Life of a program: idle, running, stopping; and the first fault."""

from __future__ import annotations

from amaranth.hdl import Cat, Module
from amaranth.lib import data
from amaranth.lib.wiring import In, Out

from intaglio.gateware.component import Component
from intaglio.gateware.faults import FAULT
from intaglio.gateware.layout import shape
from intaglio.spec.commands import COUNT
from intaglio.spec.registers import Fault

SOURCES = ("reader", "load", "store")


class Life(Component):
    """From START to DONE or ERROR.

    A program ends when `total` commands are complete. The first fault stops it: `stop` is 1 until
    no engine is `active`. Of faults in one cycle the first of :data:`SOURCES` counts; the host's
    abort comes last.

    Members
    -------
    start, abort : In(1)
        The host's wishes: `start` is ignored while `busy`, `abort` while not.
    count, total : In(COUNT)
        Commands of the program, and those complete.
    faults : In({reader, load, store: FAULT})
        Faults of the engines.
    active : In(1)
        Some engine has something under way.
    begin : Out(1)
        For one cycle: the program starts.
    stop : Out(1)
        Engines must come to rest.
    busy, done, error : Out(1)
        STATUS; `done` and `error` stay until the next start.
    raise_done, raise_error : Out(1)
        For one cycle, the one before `done` or `error` becomes 1.
    fault : Out(FAULT)
        The first fault since `begin`.

    Timing
    ------
    `stop` 1 cycle after a fault; `done` 1 cycle after `total` reaches `count`.
    """

    def __init__(self) -> None:
        super().__init__(
            {
                "start": In(1),
                "abort": In(1),
                "count": In(shape(COUNT)),
                "total": In(shape(COUNT)),
                "faults": In(data.StructLayout({source: FAULT for source in SOURCES})),
                "active": In(1),
                "begin": Out(1),
                "stop": Out(1),
                "busy": Out(1),
                "done": Out(1),
                "error": Out(1),
                "raise_done": Out(1),
                "raise_error": Out(1),
                "fault": Out(FAULT),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        with m.FSM():
            with m.State("IDLE"):
                m.d.comb += self.begin.eq(self.start)
                with m.If(self.start):
                    m.d.sync += [self.done.eq(0), self.error.eq(0), self.fault.eq(0)]
                    m.next = "RUN"
            with m.State("RUN"):
                m.d.comb += self.busy.eq(1)
                with m.If(Cat(self.faults[source].valid for source in SOURCES).any()):
                    for source in reversed(SOURCES):  # of several assignments the last one holds
                        with m.If(self.faults[source].valid):
                            m.d.sync += self.fault.eq(self.faults[source])
                    m.next = "STOP"
                with m.Elif(self.abort):
                    m.d.sync += self.fault.code.eq(Fault.ABORTED)
                    m.next = "STOP"
                with m.Elif(self.total == self.count):
                    m.d.comb += self.raise_done.eq(1)
                    m.d.sync += self.done.eq(1)
                    m.next = "IDLE"
            with m.State("STOP"):
                m.d.comb += [self.busy.eq(1), self.stop.eq(1)]
                with m.If(~self.active):
                    m.d.comb += self.raise_error.eq(1)
                    m.d.sync += self.error.eq(1)
                    m.next = "IDLE"
        return m
