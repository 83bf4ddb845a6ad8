"""Compute engine: one COMPUTE command after the other, from buffer to buffer."""

from __future__ import annotations

from typing import Any

from amaranth import Module, Signal
from amaranth.lib import data, stream
from amaranth.lib.wiring import In, Out, connect, flipped

from intaglio.gateware.array import ARRAY_FIELDS, MacArray
from intaglio.gateware.component import fields_of
from intaglio.gateware.drain import Drain
from intaglio.gateware.gather import Gather
from intaglio.gateware.group_scale import SCALE_NAMES, ScaleAccumulators
from intaglio.gateware.layout import command_fields, field_shape, word_shape
from intaglio.gateware.narrow import Narrow
from intaglio.gateware.shared import Holder
from intaglio.gateware.taps import list_ports
from intaglio.gateware.vector import VectorUnit, entry_layout
from intaglio.gateware.window import WindowGenerator
from intaglio.gateware.words import write_layout
from intaglio.spec.commands import COMPUTE, Operation
from intaglio.spec.config import ArrayConfig
from intaglio.spec.lane import Precision


class ComputeEngine(Holder):
    """Window generator, gather, array or vector unit, drain.

    Parameters
    ----------
    config : ArrayConfig
        All of it.

    Members
    -------
    commands : In(stream of COMPUTE)
        A command is taken when the last one is complete. With `command_queue` = 0 its payload
        stays until `done`.
    bank_enable, bank_row, bank_data
        Read side of the activation buffer.
    weight_address, weight_data, param_address, param_data
        Read sides of the scratchpads.
    list_address, list_data
        With lists of taps: read side of their memory.
    entry : In(stream of table entries, always ready)
    result : Out(stream of write, always ready)
        Output words.
    done : Out(1), mark : Out(1), layer : Out
        One cycle when a command is complete, and its fields.
    busy, stepping, vectoring, starved : Out(1)
        A command runs; the array takes a step; the vector unit takes a word; words are still to
        come, and the next ones are not there.

    Timing
    ------
    :mod:`intaglio.spec.timing`.

    Golden: COMPUTE of :mod:`intaglio.golden.machine`.
    """

    def __init__(self, config: ArrayConfig) -> None:
        self.config = config
        self.array = MacArray(config)
        self.drain = Drain(config)
        self.parts = (self.array, self.drain)
        rows = config.act_words // config.banks
        super().__init__(
            {
                "commands": In(stream.Signature(command_fields(COMPUTE, config))),
                "bank_enable": Out(config.banks),
                "bank_row": Out(data.ArrayLayout(range(rows), config.banks)),
                "bank_data": In(data.ArrayLayout(config.act_bytes * 8, config.banks)),
                "weight_address": Out(word_shape(config)),
                "weight_data": In(config.lanes.word_bits),
                "param_address": Out(word_shape(config)),
                "param_data": In(config.param_bytes * 8),
                "entry": In(stream.Signature(entry_layout(), always_ready=True)),
                **list_ports(config),
                "result": Out(stream.Signature(write_layout(config), always_ready=True)),
                "done": Out(1),
                "mark": Out(1),
                "layer": Out(field_shape(config, "layer")),
                "busy": Out(1),
                "stepping": Out(1),
                "vectoring": Out(1),
                "starved": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        config = self.config
        m.submodules.window = window = WindowGenerator(config)
        m.submodules.gather = gather = Gather(config)
        m.submodules.array = array = self.array
        m.submodules.vector = vector = VectorUnit(config)
        m.submodules.drain = drain = self.drain

        # The command register, and the life of a command. Without queues of commands it is kept
        # where it arrived.
        command = fields_of(command_fields(COMPUTE, config), reset_less=bool(config.command_queue))
        start = Signal()
        held = Signal(range(array.latency_cycles + 1))
        if config.command_queue:
            with m.If(self.commands.valid & self.commands.ready):
                m.d.sync += command.eq(self.commands.payload)
        else:
            m.d.comb += command.eq(self.commands.payload)
        m.d.sync += start.eq(self.commands.valid & self.commands.ready)
        with m.If(self.commands.valid & self.commands.ready):
            m.d.sync += self.busy.eq(1)
        with m.Elif(self.done):
            m.d.sync += self.busy.eq(0)
        m.d.comb += [
            self.commands.ready.eq(~self.busy),
            self.done.eq(self.busy & (drain.done | (held == 1))),
            self.mark.eq(command.mark),
            self.layer.eq(command.layer),
        ]

        # Window -> gather -> array or vector unit.
        on_array = (command.operation == Operation.CONV) | (
            command.operation == Operation.DEPTHWISE
        )
        connect(m, window.o, gather.i)
        words = self._words(m, command, gather.o.payload)
        if config.tap_list:
            m.d.comb += self.list_address.eq(window.list_address)
            m.d.comb += window.list_data.eq(self.list_data)
        m.d.comb += [
            window.command.eq(command),
            window.start.eq(start),
            gather.pad_value.eq(command.pad_value),
            gather.bank_data.eq(self.bank_data),
            self.bank_enable.eq(gather.bank_enable),
            self.bank_row.eq(gather.bank_row),
            array.i.payload.eq(words),
            vector.i.payload.eq(words),
            array.i.valid.eq(gather.o.valid & on_array),
            vector.i.valid.eq(gather.o.valid & ~on_array),
            gather.o.ready.eq((array.i.ready & on_array) | (vector.i.ready & ~on_array)),
        ]
        m.d.comb += [
            array.clear.eq(start),
            array.depthwise.eq(command.operation == Operation.DEPTHWISE),
            self.weight_address.eq(array.weight_address),
            array.weight_data.eq(self.weight_data),
        ]
        if 16 in config.lanes.widths:
            m.d.comb += array.slow.eq(command.out_precision == Precision.BITS16)
        for name in ARRAY_FIELDS:
            m.d.comb += getattr(array, name).eq(command[name])
        m.d.comb += vector.adds.eq(command.operation == Operation.ADD)
        connect(m, flipped(self.entry), vector.entry)

        # A held command has no output: it is complete when its last sum is in the accumulators.
        tap = gather.o.payload.tap
        ends = gather.o.valid & gather.o.ready & tap.last & tap.end & command.hold
        with m.If(ends):
            m.d.sync += held.eq(array.latency_cycles)
        with m.Elif(held != 0):
            m.d.sync += held.eq(held - 1)

        sums = self._sums(m, command)

        # Either unit -> drain.
        m.d.comb += [
            drain.command.eq(command),
            drain.clear.eq(start),
            drain.i.valid.eq(sums.valid | vector.o.valid),
            self.param_address.eq(drain.param_address),
            drain.param_data.eq(self.param_data),
        ]
        with m.If(on_array):
            m.d.comb += drain.i.payload.eq(sums.payload)
        with m.Else():
            m.d.comb += drain.i.payload.eq(vector.o.payload)
        connect(m, drain.o, flipped(self.result))

        m.d.comb += [
            self.stepping.eq(array.stepping),
            self.vectoring.eq(vector.stepping),
            self.starved.eq((start | window.busy | gather.busy) & ~gather.o.valid),
        ]
        return m

    def _words(self, m: Module, command: Any, words: Any) -> Any:
        """Return words in which channels of 4 bits that are kept apart are bytes."""
        if 4 not in self.config.lanes.widths:
            return words
        m.submodules.narrow = narrow = Narrow(self.config)
        apart = (command.operation != Operation.CONV) | command.local
        m.d.comb += [
            narrow.i.eq(words),
            narrow.halves.eq(apart & (command.precision == Precision.BITS4)),
        ]
        return narrow.o

    def _sums(self, m: Module, command: Any) -> Any:
        """Return the array's sums, those of groups scaled and added."""
        if self.config.group_scale != "integer":
            return self.array.o
        m.submodules.groups = groups = ScaleAccumulators(self.config)
        connect(m, self.array.o, groups.i)
        m.d.comb += [
            self.array.scaled.eq(command.scaled),
            groups.scaled.eq(command.scaled),
            *(getattr(groups, name).eq(getattr(self.array, name)) for name in SCALE_NAMES),
        ]
        return groups.o
