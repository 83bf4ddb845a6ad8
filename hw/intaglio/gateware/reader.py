"""Command reader: fetches a program and sorts its commands by engine."""

from __future__ import annotations

from amaranth.hdl import Cat, Module, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from intaglio.gateware.axi import AxiRead
from intaglio.gateware.component import Component
from intaglio.gateware.faults import FAULT
from intaglio.gateware.fetch import Fetch
from intaglio.gateware.layout import command_fields, fields, shape
from intaglio.gateware.load import whole_words
from intaglio.spec.commands import (
    ADDRESS,
    AT_LEAST_ONE,
    COMMAND_BYTES,
    COUNT,
    HEADER,
    RECORDS,
    Opcode,
)
from intaglio.spec.config import ArrayConfig
from intaglio.spec.record import Record
from intaglio.spec.registers import Fault

_HEAD = fields(Record("HEADER", sum(field.format.bits for field in HEADER), HEADER))


class CommandReader(Component):
    """Fetch `count` commands from `address` and hand each to its engine's queue, in order.

    Parameters
    ----------
    config : ArrayConfig
        Bus width and burst length.

    Members
    -------
    start, address, count, bus
        See :class:`~intaglio.gateware.fetch.Fetch`.
    load, compute, store : Out(stream.Signature(fields(LOAD | COMPUTE | STORE)))
        Commands; one of the three is valid at a time; withdrawn by `abort`.
    busy : Out(1)
        Some command is not handed over or some beat is under way.
    fault : Out(FAULT)
        ILLEGAL_COMMAND with `command` = its index, until `abort`: an opcode that is none, a 0 in
        a field of :data:`~intaglio.spec.commands.AT_LEAST_ONE`, or a LOAD whose rows are no whole
        words of their memory. For one cycle at each erroneous beat, with `address` = its byte
        address.
    abort : In(1)
        While 1: forget all commands, issue no burst, drop what still arrives. Hold it until `busy`
        is 0.

    Timing
    ------
    A command is offered 3 cycles after its last beat; a command every 128 / K + 1 cycles.
    """

    def __init__(self, config: ArrayConfig) -> None:
        self.config = config
        super().__init__(
            {
                "start": In(1),
                "address": In(shape(ADDRESS)),
                "count": In(shape(COUNT)),
                "bus": Out(AxiRead(config.bus_bytes)),
                **{
                    opcode.name.lower(): Out(stream.Signature(command_fields(record, config)))
                    for opcode, record in RECORDS.items()
                },
                "busy": Out(1),
                "fault": Out(FAULT),
                "abort": In(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.fetch = fetch = Fetch(self.config)
        wiring.connect(m, fetch.bus, wiring.flipped(self.bus))
        m.d.comb += [
            fetch.start.eq(self.start),
            fetch.address.eq(self.address),
            fetch.count.eq(self.count),
            fetch.abort.eq(self.abort),
        ]

        # A command is collected from its first beats; those without fields are dropped.
        beats = COMMAND_BYTES // self.config.bus_bytes
        bits = 8 * self.config.bus_bytes
        kept = -(-max(fields(record).size for record in RECORDS.values()) // bits)
        word = Signal(kept * bits, reset_less=True)
        beat = Signal(range(beats))
        full = Signal()
        handed = Signal()
        m.d.comb += fetch.o.ready.eq(~full)
        with m.If(fetch.o.valid & fetch.o.ready):
            with m.If(beat < kept):
                m.d.sync += word.eq(Cat(word[bits:], fetch.o.payload))
            m.d.sync += beat.eq(beat + 1)
            with m.If(beat == beats - 1):
                m.d.sync += [beat.eq(0), full.eq(1)]

        # It goes to its engine, or is a fault.
        index = Signal(shape(COUNT))
        legal = Signal()
        whole = whole_words(m, self.config, self.load.payload)
        with m.Switch(_HEAD(word[: _HEAD.size]).opcode):
            for opcode, record in RECORDS.items():
                target = getattr(self, opcode.name.lower())
                rules = [target.payload[name].any() for name in AT_LEAST_ONE[opcode]]
                if opcode is Opcode.LOAD:
                    rules.append(whole)
                whole_command = fields(record)(word[: fields(record).size])
                m.d.comb += [
                    target.payload[field.name].eq(whole_command[field.name])
                    for field in record.fields
                ]
                with m.Case(opcode):
                    m.d.comb += [
                        legal.eq(Cat(*rules).all()),
                        target.valid.eq(full & legal & ~self.abort),
                        handed.eq(target.valid & target.ready),
                    ]
        with m.If(handed):
            m.d.sync += [full.eq(0), index.eq(index + 1)]
        with m.If(self.abort):
            m.d.sync += [full.eq(0), beat.eq(0)]
        with m.If(self.start):
            m.d.sync += index.eq(0)

        m.d.comb += [self.busy.eq(fetch.busy | full), self.fault.eq(fetch.fault)]
        with m.If(full & ~legal):
            m.d.comb += [
                self.fault.eq(0),
                self.fault.valid.eq(1),
                self.fault.code.eq(Fault.ILLEGAL_COMMAND),
                self.fault.command.eq(index),
            ]
        return m
