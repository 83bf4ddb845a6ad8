"""A memory of its own around the command reader, and one that answers two masters at once."""

from __future__ import annotations

from amaranth import Cat, Module, Mux, Signal
from amaranth.lib import data, stream
from amaranth.lib.wiring import In, Out, connect, flipped

from intaglio.bench.fixtures_bus import START
from intaglio.gateware.arbiter import ReadArbiter
from intaglio.gateware.axi import LENGTH_BITS, READ_ADDRESS, AxiRead, read_data
from intaglio.gateware.component import Component, fields_of
from intaglio.gateware.faults import CODE
from intaglio.gateware.layout import command_fields, shape
from intaglio.gateware.ram import add_ram
from intaglio.gateware.reader import CommandReader
from intaglio.gateware.scratchpad import word_layout
from intaglio.spec.commands import ADDRESS, COUNT, RECORDS
from intaglio.spec.config import ArrayConfig

ILLEGAL = data.StructLayout({"code": CODE, "command": shape(COUNT)})
SEED = 0xACE1


class ReadMemory(Component):
    """A memory of `words` beats behind a read bus, one burst at a time, with pauses.

    Stream `fill` writes it; a pause is a bit of a shift register with feedback.
    """

    def __init__(self, config: ArrayConfig, words: int) -> None:
        self.config, self.words = config, words
        super().__init__(
            {
                "fill": In(stream.Signature(word_layout(8 * config.bus_bytes), always_ready=True)),
                "bus": In(AxiRead(config.bus_bytes)),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        ram = add_ram(m, "ram", width=8 * self.config.bus_bytes, depth=self.words)
        ar, r = self.bus.ar, self.bus.r
        chance = Signal(16, init=SEED)
        m.d.sync += chance.eq(Cat(chance[15] ^ chance[13] ^ chance[12] ^ chance[10], chance[:15]))
        number, left = Signal(), Signal(LENGTH_BITS)
        at = Signal(range(self.words))
        low = (self.config.bus_bytes - 1).bit_length()
        m.d.comb += [
            ram.write_enable.eq(self.fill.valid),
            ram.write_address.eq(self.fill.payload.address),
            ram.write_data.eq(self.fill.payload.data),
            ram.read_address.eq(at),
            r.payload.id.eq(number),
            r.payload.data.eq(ram.read_data),
            r.payload.last.eq(left == 0),
        ]
        with m.FSM():
            with m.State("IDLE"):
                m.d.comb += ar.ready.eq(chance[0])
                with m.If(ar.valid & ar.ready):
                    m.d.sync += [
                        number.eq(ar.payload.id),
                        left.eq(ar.payload.len),
                        at.eq(ar.payload.addr >> low),
                    ]
                    m.next = "READ"
            with m.State("READ"), m.If(chance[7]):
                m.d.comb += ram.read_enable.eq(1)
                m.next = "OFFER"
            with m.State("OFFER"):
                m.d.comb += r.valid.eq(1)
                with m.If(r.ready):
                    m.d.sync += [left.eq(left - 1), at.eq(at + 1)]
                    with m.If(left == 0):
                        m.next = "IDLE"
                    with m.Else():
                        m.next = "READ"
        return m


class ReaderFixture(Component):
    """A command reader on a memory; after a fault it is brought to rest, as the control does."""

    def __init__(self, config: ArrayConfig, words: int) -> None:
        self.config, self.words = config, words
        super().__init__(
            {
                "fill": In(stream.Signature(word_layout(8 * config.bus_bytes), always_ready=True)),
                "starts": In(stream.Signature(START)),
                **{
                    opcode.name.lower(): Out(stream.Signature(command_fields(record, config)))
                    for opcode, record in RECORDS.items()
                },
                "faults": Out(stream.Signature(ILLEGAL, always_ready=True)),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.memory = memory = ReadMemory(self.config, self.words)
        m.submodules.reader = reader = CommandReader(self.config)
        connect(m, flipped(self.fill), memory.fill)
        connect(m, reader.bus, memory.bus)
        for opcode in RECORDS:
            name = opcode.name.lower()
            connect(m, getattr(reader, name), flipped(getattr(self, name)))
        stop = Signal()
        with m.If(reader.fault.valid):
            m.d.sync += stop.eq(1)
        with m.Elif(~reader.busy):
            m.d.sync += stop.eq(0)
        m.d.comb += [
            reader.abort.eq(stop),
            self.starts.ready.eq(~reader.busy & ~stop),
            reader.start.eq(self.starts.valid & self.starts.ready),
            reader.address.eq(self.starts.payload.address),
            reader.count.eq(self.starts.payload.count),
            self.faults.valid.eq(reader.fault.valid & ~stop),
            self.faults.payload.code.eq(reader.fault.code),
            self.faults.payload.command.eq(reader.fault.command),
        ]
        return m


class ArbiterFixture(Component):
    """A read arbiter before a memory whose beats hold their own address.

    Each payload of `pick` is a beat and names the id that goes first if both have beats to come.
    """

    def __init__(self, config: ArrayConfig) -> None:
        self.config = config
        beat = stream.Signature(read_data(config.bus_bytes))
        super().__init__(
            {
                "reader_bursts": In(stream.Signature(READ_ADDRESS)),
                "load_bursts": In(stream.Signature(READ_ADDRESS)),
                "pick": In(stream.Signature(1)),
                "reader_beats": Out(beat),
                "load_beats": Out(beat),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.arbiter = arbiter = ReadArbiter(self.config)
        connect(m, flipped(self.reader_bursts), arbiter.reader.ar)
        connect(m, flipped(self.load_bursts), arbiter.load.ar)
        connect(m, arbiter.reader.r, flipped(self.reader_beats))
        connect(m, arbiter.load.r, flipped(self.load_beats))

        ar, r = arbiter.bus.ar, arbiter.bus.r
        burst = data.StructLayout({"busy": 1, "addr": shape(ADDRESS), "left": LENGTH_BITS})
        bursts = [fields_of(burst, name=f"burst_{number}") for number in range(2)]
        busy = Cat(one.busy for one in bursts)
        chosen, go = Signal(), Signal()
        m.d.comb += [
            ar.ready.eq(~busy.bit_select(ar.payload.id, 1)),
            chosen.eq(Mux(busy.all(), self.pick.payload, bursts[1].busy)),
            self.pick.ready.eq(busy.any() & (~r.valid | r.ready)),
            go.eq(self.pick.valid & self.pick.ready),
        ]
        with m.If(r.ready):
            m.d.sync += r.valid.eq(0)
        for number, one in enumerate(bursts):
            with m.If(ar.valid & ar.ready & (ar.payload.id == number)):
                m.d.sync += [
                    one.busy.eq(1),
                    one.addr.eq(ar.payload.addr),
                    one.left.eq(ar.payload.len),
                ]
            with m.If(go & (chosen == number)):
                m.d.sync += [
                    r.valid.eq(1),
                    r.payload.id.eq(number),
                    r.payload.data.eq(one.addr),
                    r.payload.last.eq(one.left == 0),
                    one.addr.eq(one.addr + self.config.bus_bytes),
                    one.left.eq(one.left - 1),
                    one.busy.eq(one.left != 0),
                ]
        return m
