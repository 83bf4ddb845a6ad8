"""Two masters on one read port."""

from __future__ import annotations

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib.wiring import In, Out

from intaglio.gateware.axi import LOAD_ID, READER_ID, AxiRead
from intaglio.gateware.component import Component
from intaglio.spec.config import ArrayConfig


class ReadArbiter(Component):
    """Join the command reader and the load engine on one read port; beats go where their id says.

    The reader goes first: it asks rarely, and for no more than it has room for.

    Parameters
    ----------
    config : ArrayConfig
        Bus width.

    Members
    -------
    reader, load : In(AxiRead(K))
        Masters, with the ids READER_ID and LOAD_ID.
    bus : Out(AxiRead(K))
        The port; ids may interleave.

    Timing
    ------
    Latency 0; an address that is offered stays until it is taken.
    """

    def __init__(self, config: ArrayConfig) -> None:
        bus = AxiRead(config.bus_bytes)
        super().__init__({"reader": In(bus), "load": In(bus), "bus": Out(bus)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        ar, r = self.bus.ar, self.bus.r
        # AXI forbids to take back an address, so a choice that waits is kept.
        waits = Signal()
        kept = Signal()
        choice = Signal()
        m.d.comb += [
            choice.eq(Mux(waits, kept, Mux(self.reader.ar.valid, READER_ID, LOAD_ID))),
            r.ready.eq(Mux(r.payload.id == LOAD_ID, self.load.r.ready, self.reader.r.ready)),
        ]
        m.d.sync += [waits.eq(ar.valid & ~ar.ready), kept.eq(choice)]
        for master, number in ((self.reader, READER_ID), (self.load, LOAD_ID)):
            m.d.comb += [
                master.r.payload.eq(r.payload),
                master.r.valid.eq(r.valid & (r.payload.id == number)),
                master.ar.ready.eq(ar.ready & (choice == number)),
            ]
            with m.If(choice == number):
                m.d.comb += [ar.payload.eq(master.ar.payload), ar.valid.eq(master.ar.valid)]
        return m
