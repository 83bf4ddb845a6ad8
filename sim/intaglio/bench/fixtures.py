"""Small surroundings for components that need a memory or a start pulse beside their streams."""

from __future__ import annotations

from amaranth import Module, Mux, Signal
from amaranth.lib import stream
from amaranth.lib.wiring import In, Out, connect, flipped

from intaglio.gateware.array import ARRAY_FIELDS, MacArray
from intaglio.gateware.buffer import ActBuffer
from intaglio.gateware.core import Core
from intaglio.gateware.drain import Drain
from intaglio.gateware.fold import Fold
from intaglio.gateware.gather import Gather
from intaglio.gateware.layout import command_fields, field_shape, shape, word_shape
from intaglio.gateware.load import word_write
from intaglio.gateware.scratchpad import Scratchpad, word_layout
from intaglio.gateware.shared import Holder
from intaglio.gateware.window import WindowGenerator
from intaglio.gateware.words import accs_layout, request_layout, words_layout, write_layout
from intaglio.spec.commands import COMPUTE, TAP, WORDS
from intaglio.spec.config import ArrayConfig


class WindowFixture(Holder):
    """A window generator that takes its commands from a stream `i`, lists of taps from `list`."""

    def __init__(self, config: ArrayConfig) -> None:
        self.config = config
        self.word = word_layout(config.depth * TAP.bits)
        super().__init__(
            {
                **({"list": In(stream.Signature(self.word))} if config.tap_list else {}),
                "i": In(stream.Signature(command_fields(COMPUTE, config))),
                "o": Out(stream.Signature(request_layout(config))),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.window = window = WindowGenerator(self.config)
        command = Signal(command_fields(COMPUTE, self.config))
        starting = Signal()
        m.d.comb += [
            self.i.ready.eq(~window.busy & ~starting),
            window.command.eq(command),
            window.start.eq(starting),
        ]
        m.d.sync += starting.eq(self.i.valid & self.i.ready)
        with m.If(self.i.valid & self.i.ready):
            m.d.sync += command.eq(self.i.payload)
        connect(m, window.o, flipped(self.o))
        if self.config.tap_list:
            bits, words = self.config.depth * TAP.bits, self.config.list_words
            m.submodules.memory = memory = Scratchpad(bits, words)
            m.d.comb += [
                self.list.ready.eq(1),
                memory.i.valid.eq(self.list.valid),
                memory.i.payload.eq(self.list.payload),
                memory.address.eq(window.list_address),
                window.list_data.eq(memory.data),
            ]
        return m


class GatherFixture(Holder):
    """A gather on its buffer, whose transfer ports are streams of the fixture."""

    def __init__(self, config: ArrayConfig) -> None:
        self.config = config
        super().__init__(
            {
                "load": In(stream.Signature(write_layout(config))),
                "i": In(stream.Signature(request_layout(config))),
                "pad_value": In(config.act.bits),
                "o": Out(stream.Signature(words_layout(config))),
                "fetch": In(stream.Signature(word_shape(config))),
                "fetched": Out(stream.Signature(config.act_bytes * 8)),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.gather = gather = Gather(self.config)
        m.submodules.acts = acts = ActBuffer(self.config)
        for port, inner in ((self.load, acts.load), (self.i, gather.i), (self.fetch, acts.fetch)):
            connect(m, flipped(port), inner)
        connect(m, gather.o, flipped(self.o))
        connect(m, acts.fetched, flipped(self.fetched))
        m.d.comb += [
            gather.pad_value.eq(self.pad_value),
            acts.bank_enable.eq(gather.bank_enable),
            acts.bank_row.eq(gather.bank_row),
            gather.bank_data.eq(acts.bank_data),
        ]
        return m


class ArrayFixture(Holder):
    """An array with its weight memory, which stream `weights` fills."""

    def __init__(self, config: ArrayConfig) -> None:
        self.config = config
        self.array = MacArray(config)
        self.parts = (self.array,)
        self.latency_cycles = MacArray.latency_cycles
        super().__init__(
            {
                "weights": In(stream.Signature(word_layout(config.lanes.word_bits))),
                "i": In(stream.Signature(words_layout(config))),
                "o": Out(stream.Signature(accs_layout(config), always_ready=True)),
                "depthwise": In(1),
                **{name: In(field_shape(config, name)) for name in ARRAY_FIELDS},
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        config = self.config
        m.submodules.array = array = self.array
        m.submodules.memory = memory = Scratchpad(config.lanes.word_bits, config.weight_words)
        fresh = Signal(init=1)
        m.d.sync += fresh.eq(0)
        m.d.comb += [
            self.weights.ready.eq(1),
            memory.i.valid.eq(self.weights.valid),
            memory.i.payload.eq(self.weights.payload),
            memory.address.eq(array.weight_address),
            array.weight_data.eq(memory.data),
            array.depthwise.eq(self.depthwise),
            array.clear.eq(fresh),
        ]
        for name in ARRAY_FIELDS:
            m.d.comb += getattr(array, name).eq(getattr(self, name))
        connect(m, flipped(self.i), array.i)
        connect(m, array.o, flipped(self.o))
        return m


class DrainFixture(Holder):
    """A drain with its parameter memory, which stream `params` fills."""

    def __init__(self, config: ArrayConfig) -> None:
        self.config = config
        self.drain = Drain(config)
        self.parts = (self.drain,)
        super().__init__(
            {
                "params": In(stream.Signature(word_layout(config.param_bytes * 8))),
                "i": In(stream.Signature(accs_layout(config))),
                "command": In(command_fields(COMPUTE, config)),
                "o": Out(stream.Signature(write_layout(config), always_ready=True)),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        config = self.config
        m.submodules.drain = drain = self.drain
        m.submodules.memory = memory = Scratchpad(config.param_bytes * 8, config.param_words)
        fresh = Signal(init=1)
        m.d.sync += fresh.eq(0)
        m.d.comb += [
            self.params.ready.eq(1),
            self.i.ready.eq(1),
            memory.i.valid.eq(self.params.valid),
            memory.i.payload.eq(self.params.payload),
            memory.address.eq(drain.param_address),
            drain.param_data.eq(memory.data),
            drain.i.valid.eq(self.i.valid),
            drain.i.payload.eq(self.i.payload),
            drain.command.eq(self.command),
            drain.clear.eq(fresh),
        ]
        connect(m, drain.o, flipped(self.o))
        return m


class CoreFixture(Holder):
    """A core whose buffer is read back only when `expected` commands are complete."""

    def __init__(self, config: ArrayConfig) -> None:
        self.config = config
        self.core = Core(config)
        self.parts = (self.core,)
        super().__init__(
            {
                "writes": In(stream.Signature(word_write(config))),
                "commands": In(stream.Signature(command_fields(COMPUTE, config))),
                "fetch": In(stream.Signature(word_shape(config))),
                "fetched": Out(stream.Signature(config.act_bytes * 8)),
                "expected": In(16),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.core = core = self.core
        complete = Signal.like(self.expected)
        with m.If(core.done):
            m.d.sync += complete.eq(complete + 1)
        reading = complete >= self.expected
        connect(m, flipped(self.writes), core.writes)
        connect(m, flipped(self.commands), core.commands)
        connect(m, core.fetched, flipped(self.fetched))
        m.d.comb += [
            core.fetch.payload.eq(self.fetch.payload),
            core.fetch.valid.eq(self.fetch.valid & reading),
            self.fetch.ready.eq(core.fetch.ready & reading),
        ]
        return m


class FoldFixture(Holder):
    """A fold with a register behind it: without one it may have no clock."""

    def __init__(self, config: ArrayConfig) -> None:
        self.config = config
        accs = stream.Signature(accs_layout(config), always_ready=True)
        super().__init__({"i": In(accs), "fold": In(1), "o": Out(accs)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.fold = fold = Fold(self.config)
        connect(m, flipped(self.i), fold.i)
        m.d.comb += fold.fold.eq(self.fold)
        m.d.sync += [self.o.valid.eq(fold.o.valid), self.o.payload.eq(fold.o.payload)]
        return m


class ScratchpadFixture(Holder):
    """A scratchpad that stream `writes` fills and whose read port is a pair of streams."""

    def __init__(self, word_bits: int, words: int) -> None:
        self.word_bits, self.words = word_bits, words
        super().__init__(
            {
                "writes": In(stream.Signature(word_layout(word_bits), always_ready=True)),
                "i": In(stream.Signature(shape(WORDS))),
                "o": Out(stream.Signature(word_bits)),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.memory = memory = Scratchpad(self.word_bits, self.words)
        connect(m, flipped(self.writes), memory.i)
        # The memory reads in every cycle: an address stays there while its word waits.
        asked = Signal(shape(WORDS))
        room = ~self.o.valid | self.o.ready
        m.d.comb += [
            self.i.ready.eq(room),
            memory.address.eq(Mux(room, self.i.payload, asked)),
            self.o.payload.eq(memory.data),
        ]
        with m.If(room):
            m.d.sync += [self.o.valid.eq(self.i.valid), asked.eq(self.i.payload)]
        return m
