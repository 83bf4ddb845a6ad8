"""A memory bus around the parts that need one: beats come where a burst asked for them."""

from __future__ import annotations

from typing import Any

from amaranth import Module, Mux, Signal, Value
from amaranth.lib import data, stream
from amaranth.lib.wiring import In, Out, connect, flipped

from intaglio.gateware.axi import READ_ADDRESS, RESPONSE, WRITE_ADDRESS, read_data, write_data
from intaglio.gateware.bursts import BASES
from intaglio.gateware.component import Component
from intaglio.gateware.faults import CODE
from intaglio.gateware.fetch import Fetch
from intaglio.gateware.layout import command_fields, shape, word_shape
from intaglio.gateware.load import LoadEngine, word_beats, word_write
from intaglio.gateware.store import StoreEngine
from intaglio.spec.commands import ADDRESS, COUNT, LOAD, STORE, Memory
from intaglio.spec.config import ArrayConfig

BUS_FAULT = data.StructLayout({"code": CODE, "address": shape(ADDRESS)})
START = data.StructLayout({"address": shape(ADDRESS), "count": shape(COUNT)})
DONE = stream.Signature(8, always_ready=True)  # how many commands are complete
OWED_BITS = 24


def promise(m: Module, source: Any, sink: Any, more: Value) -> None:
    """Let payloads of `source` through to `sink`, no more than `more` has added up to before."""
    owed = Signal(OWED_BITS)
    m.d.sync += owed.eq(owed + more - (sink.valid & sink.ready))
    m.d.comb += [
        sink.payload.eq(source.payload),
        sink.valid.eq(source.valid & owed.any()),
        source.ready.eq(sink.ready & owed.any()),
    ]


def read_bus(m: Module, bus: Any, bursts: Any, beats: Any) -> None:
    """Show the bursts of a master and let it have as many `beats` as it asked for."""
    connect(m, bus.ar, flipped(bursts))
    asked = bus.ar.valid & bus.ar.ready
    promise(m, beats, bus.r, Mux(asked, bus.ar.payload.len + 1, 0))


def report(m: Module, engine: Any, faults: Any) -> None:
    """Show the bus faults of an engine, each when it is told."""
    m.d.comb += [
        faults.valid.eq(engine.fault.valid),
        *(faults.payload[name].eq(engine.fault[name]) for name, _ in BUS_FAULT),
    ]


def count(m: Module, engine: Any, done: Any) -> None:
    """Show each completion of an engine."""
    before = Signal.like(done.payload)
    m.d.sync += before.eq(before + engine.done)
    m.d.comb += [done.valid.eq(engine.done), done.payload.eq(before + 1)]


class LoadFixture(Component):
    """A load engine; the bits above a narrow word are cleared."""

    def __init__(self, config: ArrayConfig) -> None:
        self.config = config
        super().__init__(
            {
                "commands": In(stream.Signature(command_fields(LOAD, config))),
                "bases": In(BASES),
                "bursts": Out(stream.Signature(READ_ADDRESS)),
                "beats": In(stream.Signature(read_data(config.bus_bytes))),
                "writes": Out(stream.Signature(word_write(config))),
                "done": Out(DONE),
                "faults": Out(stream.Signature(BUS_FAULT, always_ready=True)),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.engine = engine = LoadEngine(self.config)
        connect(m, flipped(self.commands), engine.commands)
        read_bus(m, engine.bus, self.bursts, self.beats)
        report(m, engine, self.faults)
        count(m, engine, self.done)
        word, shown = engine.writes.payload, self.writes.payload
        m.d.comb += [
            engine.bases.eq(self.bases),
            self.writes.valid.eq(engine.writes.valid),
            engine.writes.ready.eq(self.writes.ready),
            shown.memory.eq(word.memory),
            shown.address.eq(word.address),
        ]
        with m.Switch(word.memory):
            for memory, beats in zip(Memory, word_beats(self.config), strict=True):
                with m.Case(memory):
                    m.d.comb += shown.data.eq(word.data[: 8 * self.config.bus_bytes * beats])
        return m


class StoreFixture(Component):
    """A store engine; a word comes when it was asked for, an acknowledgement after its burst."""

    def __init__(self, config: ArrayConfig) -> None:
        self.config = config
        super().__init__(
            {
                "commands": In(stream.Signature(command_fields(STORE, config))),
                "bases": In(BASES),
                "requests": Out(stream.Signature(word_shape(config))),
                "words": In(stream.Signature(8 * config.act_bytes)),
                "bursts": Out(stream.Signature(WRITE_ADDRESS)),
                "beats": Out(stream.Signature(write_data(config.bus_bytes))),
                "acks": In(stream.Signature(RESPONSE)),
                "done": Out(DONE),
                "faults": Out(stream.Signature(BUS_FAULT, always_ready=True)),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.engine = engine = StoreEngine(self.config)
        connect(m, flipped(self.commands), engine.commands)
        connect(m, engine.requests, flipped(self.requests))
        connect(m, engine.bus.aw, flipped(self.bursts))
        connect(m, engine.bus.w, flipped(self.beats))
        promise(m, self.words, engine.words, self.requests.valid & self.requests.ready)
        w = engine.bus.w
        promise(m, self.acks, engine.bus.b, w.valid & w.ready & w.payload.last)
        report(m, engine, self.faults)
        count(m, engine, self.done)
        m.d.comb += engine.bases.eq(self.bases)
        return m


class FetchFixture(Component):
    """A fetch that begins again when it is at rest."""

    def __init__(self, config: ArrayConfig) -> None:
        self.config = config
        super().__init__(
            {
                "starts": In(stream.Signature(START)),
                "bursts": Out(stream.Signature(READ_ADDRESS)),
                "beats": In(stream.Signature(read_data(config.bus_bytes))),
                "o": Out(stream.Signature(8 * config.bus_bytes)),
                "faults": Out(stream.Signature(BUS_FAULT, always_ready=True)),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.fetch = fetch = Fetch(self.config)
        read_bus(m, fetch.bus, self.bursts, self.beats)
        report(m, fetch, self.faults)
        connect(m, fetch.o, flipped(self.o))
        m.d.comb += [
            self.starts.ready.eq(~fetch.busy),
            fetch.start.eq(self.starts.valid & self.starts.ready),
            fetch.address.eq(self.starts.payload.address),
            fetch.count.eq(self.starts.payload.count),
        ]
        return m
