"""Store engine: rows of the activation buffer into memory."""

from __future__ import annotations

from amaranth.hdl import Cat, Module, Mux, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from intaglio.gateware.axi import LENGTH_BITS, AxiWrite
from intaglio.gateware.bursts import BURST, Bursts, bases_layout
from intaglio.gateware.component import Component
from intaglio.gateware.faults import FAULT, write_fault
from intaglio.gateware.layout import command_fields, word_shape
from intaglio.gateware.queue import Queue
from intaglio.gateware.walk import Walk, plan_layout
from intaglio.spec.commands import STORE, Memory
from intaglio.spec.config import ArrayConfig

AHEAD = 2  # commands whose bursts may be under way before the first word of the next one
BUFFERED = 8  # words asked for and not yet on the bus: covers the latency of the buffer


class StoreEngine(Component):
    """Copy rows of the activation buffer to memory: the STORE command.

    Golden: STORE in :mod:`intaglio.golden.device`.

    Parameters
    ----------
    config : ArrayConfig
        Bus width, burst length, bursts that may be under way.

    Members
    -------
    commands : In(stream.Signature(fields(STORE)))
        Commands that may start.
    bases : In(bases_layout(config))
        Byte address of each region; must be still while the engine is busy.
    requests : Out(stream.Signature(WORDS))
        Addresses of words to read from the activation buffer.
    words : In(stream.Signature(8 * K))
        Those words, in order, after any number of cycles, at least 1. They never wait: the engine
        asks for no more than it has room for.
    bus : Out(AxiWrite(K))
        Master. Beats follow the acceptance of their burst.
    done : Out(1)
        For one cycle when memory has acknowledged all of a command; commands complete in order.
    busy : Out(1)
        Some command is not complete or some burst is under way.
    fault : Out(FAULT)
        For one cycle at each erroneous response; `address` is the first byte of its burst.
    abort : In(1)
        While 1: take no command, announce no burst; bursts that were announced are completed with
        the words that belong to them. Hold it until `busy` is 0.

    Timing
    ------
    First burst 3 cycles after the command is taken, its first beat at least 2 cycles and the
    latency of the buffer later; one beat a cycle where the buffer answers within `BUFFERED` - 2
    cycles. The bursts of the next `AHEAD` commands are announced before this one is complete.
    """

    def __init__(self, config: ArrayConfig) -> None:
        self.config = config
        super().__init__(
            {
                "commands": In(stream.Signature(command_fields(STORE, config))),
                "bases": In(bases_layout(config)),
                "requests": Out(stream.Signature(word_shape(config))),
                "words": In(stream.Signature(8 * config.act_bytes)),
                "bus": Out(AxiWrite(config.bus_bytes)),
                "done": Out(1),
                "busy": Out(1),
                "fault": Out(FAULT),
                "abort": In(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        config, command = self.config, self.commands.payload
        flight = data.StructLayout({"addr": BURST["addr"].shape, "last": 1})
        m.submodules.bursts = bursts = Bursts(config)
        m.submodules.flights = flights = Queue(flight, config.outstanding)
        m.submodules.lengths = lengths = Queue(LENGTH_BITS, config.outstanding)
        m.submodules.plans = plans = Queue(plan_layout(config), AHEAD)
        m.submodules.walk = walk = Walk(config, [1])
        m.submodules.buffered = buffered = Queue(8 * config.act_bytes, BUFFERED)
        wiring.connect(m, plans.o, walk.i)

        # A command becomes bursts on one side and on-chip addresses on the other.
        m.d.comb += [
            self.commands.ready.eq(bursts.i.ready & plans.i.ready & ~self.abort),
            bursts.i.valid.eq(self.commands.valid & self.commands.ready),
            plans.i.valid.eq(self.commands.valid & self.commands.ready),
            bursts.i.payload.address.eq(self.bases[command.region] + command.offset),
            *(bursts.i.payload[k].eq(command[k]) for k in ("row_beats", "rows", "row_stride")),
            *(plans.i.payload[k].eq(command[k]) for k, _ in plan_layout(config) if k != "memory"),
            plans.i.payload.memory.eq(Memory.ACTS),
            bursts.flush.eq(self.abort),
        ]

        # Bursts: what is announced is owed.
        aw, w, b = self.bus.aw, self.bus.w, self.bus.b
        issue = Signal()
        m.d.comb += [
            issue.eq(bursts.o.valid & flights.i.ready & (~aw.valid | aw.ready) & ~self.abort),
            bursts.o.ready.eq(issue),
            flights.i.valid.eq(issue),
            flights.i.payload.addr.eq(bursts.o.payload.addr),
            flights.i.payload.last.eq(bursts.o.payload.last),
            # Beats wait for their burst to be accepted: some slaves do not like to see them first.
            lengths.i.valid.eq(aw.valid & aw.ready),
            lengths.i.payload.eq(aw.payload.len),
        ]
        with m.If(issue):
            m.d.sync += aw.payload.addr.eq(bursts.o.payload.addr)
            m.d.sync += aw.payload.len.eq(bursts.o.payload.len)
            m.d.sync += aw.valid.eq(1)
        with m.Elif(aw.ready):
            m.d.sync += aw.valid.eq(0)

        # Words: asked for when they are owed and there is room; an abort ends when none is owed.
        owed = Signal(range(config.outstanding * bursts.limit + 1))
        room = Signal(range(BUFFERED + 1), init=BUFFERED)
        ask = self.requests.valid & self.requests.ready
        send = w.valid & w.ready
        m.d.comb += [
            self.requests.payload.eq(walk.o.payload.address),
            self.requests.valid.eq(walk.o.valid & owed.any() & room.any()),
            walk.o.ready.eq(self.requests.ready & owed.any() & room.any()),
            walk.flush.eq(self.abort & ~owed.any()),
            plans.flush.eq(self.abort & ~owed.any()),
            buffered.i.valid.eq(self.words.valid),
            buffered.i.payload.eq(self.words.payload),
            self.words.ready.eq(buffered.i.ready),
        ]
        announced = Mux(issue, bursts.o.payload.len + 1, 0)
        m.d.sync += owed.eq(owed + announced - ask)
        m.d.sync += room.eq(room - ask + send)

        # Beats of the burst at the head of `lengths`.
        beat = Signal(LENGTH_BITS)
        m.d.comb += [
            w.valid.eq(buffered.o.valid & lengths.o.valid),
            w.payload.data.eq(buffered.o.payload),
            w.payload.last.eq(beat == lengths.o.payload),
            buffered.o.ready.eq(lengths.o.valid & w.ready),
            lengths.o.ready.eq(send & w.payload.last),
        ]
        with m.If(send):
            m.d.sync += beat.eq(beat + 1)
            with m.If(w.payload.last):
                m.d.sync += beat.eq(0)

        # Responses.
        m.d.comb += [
            b.ready.eq(1),
            flights.o.ready.eq(b.valid),
            self.fault.valid.eq(b.valid & b.payload[1]),
            self.fault.code.eq(write_fault(b.payload)),
            self.fault.address.eq(flights.o.payload.addr),
            self.done.eq(b.valid & flights.o.payload.last & ~b.payload[1]),
            self.busy.eq(
                Cat(bursts.busy, plans.o.valid, walk.o.valid, aw.valid, flights.o.valid).any()
            ),
        ]
        return m
