"""Fetch: a program as a stream of beats."""

from __future__ import annotations

from amaranth.hdl import Cat, Module, Mux, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from intaglio.gateware.axi import READER_ID, AxiRead
from intaglio.gateware.bursts import Bursts
from intaglio.gateware.component import Component
from intaglio.gateware.faults import FAULT, read_fault
from intaglio.gateware.layout import shape
from intaglio.gateware.queue import Queue
from intaglio.spec.commands import ADDRESS, COMMAND_BYTES, COUNT
from intaglio.spec.config import ArrayConfig

PREFETCH = 4  # commands that fit


class Fetch(Component):
    """Read `count` commands from `address` and pass on their beats.

    Bursts are issued only where all of their beats have room, so that `bus.r.ready` is always 1
    and what the load engine reads never waits behind a command that waits for it.

    Parameters
    ----------
    config : ArrayConfig
        Bus width and burst length.

    Members
    -------
    start : In(1)
        For one cycle, while `busy` is 0: begin.
    address : In(ADDRESS)
        Byte address of the first command, a multiple of K; read at `start`.
    count : In(COUNT)
        Commands; 0 is nothing to do; read at `start`.
    bus : Out(AxiRead(K))
        Master with id 0.
    o : Out(stream.Signature(8 * K))
        Beats, COMMAND_BYTES / K of each command; withdrawn by `abort`.
    busy : Out(1)
        Some beat is not passed on.
    fault : Out(FAULT)
        For one cycle at each erroneous beat; `address` is its own.
    abort : In(1)
        While 1: forget all beats, issue no burst, drop what still arrives. Hold it until `busy`
        is 0.

    Timing
    ------
    First burst 3 cycles after `start`; latency of a beat 2 cycles; one beat a cycle.
    """

    def __init__(self, config: ArrayConfig) -> None:
        self.config = config
        super().__init__(
            {
                "start": In(1),
                "address": In(shape(ADDRESS)),
                "count": In(shape(COUNT)),
                "bus": Out(AxiRead(config.bus_bytes)),
                "o": Out(stream.Signature(8 * config.bus_bytes)),
                "busy": Out(1),
                "fault": Out(FAULT),
                "abort": In(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        bus_bytes = self.config.bus_bytes
        depth = PREFETCH * COMMAND_BYTES // bus_bytes
        m.submodules.bursts = bursts = Bursts(self.config)
        m.submodules.queue = queue = Queue(8 * bus_bytes, depth, block_ram=True)
        m.d.comb += [bursts.flush.eq(self.abort), queue.flush.eq(self.abort)]

        # Each command is a row of its own: a row's length has too few bits for a program.
        m.d.comb += [
            bursts.i.valid.eq(self.start & self.count.any()),
            bursts.i.payload.address.eq(self.address),
            bursts.i.payload.row_beats.eq(COMMAND_BYTES // bus_bytes),
            bursts.i.payload.rows.eq(self.count),
            bursts.i.payload.row_stride.eq(COMMAND_BYTES),
        ]

        # Bursts, for which the queue has room.
        ar, r = self.bus.ar, self.bus.r
        owed = Signal(range(depth + 1))
        length = Signal.like(owed)
        issue = Signal()
        take = Signal()
        fits = queue.level + owed + length <= depth
        m.d.comb += [
            length.eq(bursts.o.payload.len + 1),
            issue.eq(bursts.o.valid & fits & (~ar.valid | ar.ready) & ~self.abort),
            bursts.o.ready.eq(issue),
            ar.payload.id.eq(READER_ID),
        ]
        m.d.sync += owed.eq(owed + Mux(issue, length, 0) - take)
        with m.If(issue):
            m.d.sync += [
                ar.payload.addr.eq(bursts.o.payload.addr),
                ar.payload.len.eq(bursts.o.payload.len),
                ar.valid.eq(1),
            ]
        with m.Elif(ar.ready):
            m.d.sync += ar.valid.eq(0)

        # Beats.
        at = Signal(shape(ADDRESS), reset_less=True)
        with m.If(self.start):
            m.d.sync += at.eq(self.address)
        with m.Elif(take):
            m.d.sync += at.eq(at + bus_bytes)
        m.d.comb += [
            r.ready.eq(1),
            take.eq(r.valid),
            queue.i.valid.eq(take),
            queue.i.payload.eq(r.payload.data),
            self.fault.valid.eq(take & r.payload.resp[1]),
            self.fault.code.eq(read_fault(r.payload.resp)),
            self.fault.address.eq(at),
            self.busy.eq(Cat(bursts.busy, ar.valid, owed.any(), queue.level.any()).any()),
        ]
        wiring.connect(m, queue.o, wiring.flipped(self.o))
        return m
