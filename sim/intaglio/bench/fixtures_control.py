"""Surroundings of the control side: engines that complete commands, accesses one at a time."""

from __future__ import annotations

from typing import Any

from amaranth import Cat, Module, Mux, Signal
from amaranth.lib import data, stream
from amaranth.lib.wiring import In, Out, connect, flipped

from intaglio.bench.fixtures_bus import promise
from intaglio.gateware.axi import LITE_ADDRESS, LITE_WRITE, OKAY, RESPONSE
from intaglio.gateware.bursts import BASES
from intaglio.gateware.component import Component, fields_of
from intaglio.gateware.dispatch import ENGINES, Dispatch
from intaglio.gateware.faults import FAULT
from intaglio.gateware.layout import fields, shape
from intaglio.gateware.registers import COUNTS, STATUS, Registers
from intaglio.spec.commands import ADDRESS, COUNT
from intaglio.spec.config import ArrayConfig
from intaglio.spec.record import Record
from intaglio.spec.registers import REGISTER_BITS

WRITE, READ, RAISE = range(3)  # kinds of access
TOGETHER, ADDRESS_FIRST, DATA_FIRST = range(3)  # halves of a write
TRACE_FACTOR = 0x01030507  # the trace of the fixture holds multiples of this
ACCESS = data.StructLayout({"kind": 2, "halves": 2, "address": LITE_ADDRESS, "word": LITE_WRITE})
ANSWER = data.StructLayout(
    {
        "data": REGISTER_BITS,
        "resp": RESPONSE,
        "irq": 1,
        "program_address": shape(ADDRESS),
        "program_count": shape(COUNT),
        "bases": BASES,
    }
)


def started(record: Record) -> data.StructLayout:
    """Return a command that started, and whether all was complete that it waits for."""
    return data.StructLayout({"met": 1, "command": fields(record)})


class DispatchFixture(Component):
    """A dispatch with engines that complete a command at each payload of their `finish` stream."""

    def __init__(self) -> None:
        members: dict[str, Any] = {}
        for record in ENGINES:
            name = record.name.lower()
            members[name] = In(stream.Signature(fields(record)))
            members[f"{name}_finish"] = In(stream.Signature(8))
            members[f"{name}_started"] = Out(stream.Signature(started(record)))
        super().__init__(members)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.dispatch = dispatch = Dispatch()
        names = [record.name.lower() for record in ENGINES]
        counts: Any = {name: Signal(shape(COUNT), name=f"count_{name}") for name in names}
        total = sum(counts.values())
        for name in names:
            connect(m, flipped(getattr(self, name)), getattr(dispatch, name))
            out, shown = getattr(dispatch, f"{name}_out"), getattr(self, f"{name}_started")
            waits = Cat(counts[k] >= out.payload[f"wait_{k}"] for k in names)
            m.d.comb += [
                shown.valid.eq(out.valid),
                out.ready.eq(shown.ready),
                shown.payload.command.eq(out.payload),
                shown.payload.met.eq(waits.all() & (dispatch.total == total)),
            ]
            finish: Any = stream.Signature(8).flip().create()
            promise(m, getattr(self, f"{name}_finish"), finish, out.valid & out.ready)
            m.d.comb += [finish.ready.eq(1), dispatch.done[name].eq(finish.valid)]
            m.d.sync += counts[name].eq(counts[name] + finish.valid)
        return m


class RegistersFixture(Component):
    """A register file that is accessed one thing after the other, with a trace of its own."""

    def __init__(self, config: ArrayConfig) -> None:
        self.config = config
        super().__init__(
            {
                "i": In(stream.Signature(ACCESS)),
                "o": Out(stream.Signature(ANSWER)),
                "pulses": Out(stream.Signature(2, always_ready=True)),
                "status": In(STATUS),
                "fault": In(FAULT),
                "counts": In(COUNTS),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.registers = registers = Registers(self.config)
        bus = registers.bus
        access: Any = fields_of(ACCESS)
        answer: Any = fields_of(ANSWER)
        address_left, word_left = Signal(), Signal()
        m.d.sync += registers.value.eq(registers.entry * TRACE_FACTOR)
        m.d.comb += [
            *(getattr(registers, k).eq(getattr(self, k)) for k in ("status", "fault", "counts")),
            self.pulses.payload.eq(Cat(registers.start, registers.abort)),
            self.pulses.valid.eq(registers.start | registers.abort),
            bus.aw.payload.eq(access.address),
            bus.ar.payload.eq(access.address),
            bus.w.payload.eq(access.word),
            self.o.payload.eq(answer),
            self.o.payload.irq.eq(registers.irq),
            *(
                self.o.payload[name].eq(getattr(registers, name))
                for name in ("program_address", "program_count", "bases")
            ),
        ]
        with m.FSM():
            with m.State("IDLE"):
                m.d.comb += self.i.ready.eq(1)
                m.d.sync += [answer.eq(0), address_left.eq(1), word_left.eq(1)]
                with m.If(self.i.valid):
                    m.d.sync += access.eq(self.i.payload)
                    m.next = "ACCESS"
            with m.State("ACCESS"), m.Switch(access.kind):
                with m.Case(WRITE):
                    late_word = (access.halves == ADDRESS_FIRST) & address_left
                    late_address = (access.halves == DATA_FIRST) & word_left
                    m.d.comb += [
                        bus.aw.valid.eq(address_left & ~late_address),
                        bus.w.valid.eq(word_left & ~late_word),
                        bus.b.ready.eq(1),
                    ]
                    with m.If(bus.aw.valid & bus.aw.ready):
                        m.d.sync += address_left.eq(0)
                    with m.If(bus.w.valid & bus.w.ready):
                        m.d.sync += word_left.eq(0)
                    with m.If(bus.b.valid):
                        m.d.sync += answer.resp.eq(bus.b.payload)
                        m.next = "ANSWER"
                with m.Case(READ):
                    m.d.comb += [bus.ar.valid.eq(address_left), bus.r.ready.eq(1)]
                    with m.If(bus.ar.ready):
                        m.d.sync += address_left.eq(0)
                    with m.If(bus.r.valid):
                        good = bus.r.payload.resp == OKAY
                        m.d.sync += answer.resp.eq(bus.r.payload.resp)
                        m.d.sync += answer.data.eq(Mux(good, bus.r.payload.data, 0))
                        m.next = "ANSWER"
                with m.Case(RAISE):
                    m.d.comb += Cat(registers.raise_done, registers.raise_error).eq(
                        access.word.data
                    )
                    m.next = "ANSWER"
            with m.State("ANSWER"):
                m.d.comb += self.o.valid.eq(1)
                with m.If(self.o.ready):
                    m.next = "IDLE"
        return m
