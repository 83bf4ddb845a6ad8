"""Control: everything between the bus and the compute side."""

from __future__ import annotations

from dataclasses import dataclass

from amaranth.hdl import Cat, Module, Value
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from intaglio.gateware.arbiter import ReadArbiter
from intaglio.gateware.axi import AxiLite, AxiRead, AxiWrite
from intaglio.gateware.causes import CAUSE, Causes
from intaglio.gateware.component import Component
from intaglio.gateware.counters import CYCLE_COUNTS, Counters
from intaglio.gateware.dispatch import ENGINES, Dispatch
from intaglio.gateware.layout import command_fields, word_shape
from intaglio.gateware.life import Life
from intaglio.gateware.load import LoadEngine, word_write
from intaglio.gateware.reader import CommandReader
from intaglio.gateware.registers import Registers
from intaglio.gateware.sequencer import Sequencer
from intaglio.gateware.store import StoreEngine
from intaglio.gateware.trace import Trace
from intaglio.spec.commands import COMPUTE
from intaglio.spec.config import ArrayConfig
from intaglio.spec.registers import TRACE_ENTRIES
from intaglio.spec.widths import narrowed

COMPUTE_EVENTS = data.StructLayout({"stepping": 1, "vectoring": 1, "starved": 1})
COMPUTE_DONE = data.StructLayout({"valid": 1, "mark": 1, "layer": range(TRACE_ENTRIES)})


@dataclass(frozen=True)
class Doing:
    """What the engines tell: commands complete, and what is under way."""

    total: Value
    transferring: Value
    loading: Value
    storing: Value
    constants: Value


class Control(Component):
    """Registers, command reader, dispatch, load and store engine: a program from START to its end.

    A program ends when all of its commands are complete, or at the first fault: then no further
    command starts, what was begun on the bus is completed, and when all engines are idle STATUS
    shows ERROR. In both cases START begins anew. START is ignored while BUSY, ABORT while not.

    Parameters
    ----------
    config : ArrayConfig
        All widths.

    Members
    -------
    read : Out(AxiRead(K)), write : Out(AxiWrite(K))
        Memory.
    lite : In(AxiLite())
        The control port.
    irq : Out(1)
        Interrupt, a level.
    compute : Out(stream.Signature(command_fields(COMPUTE, config)))
        Commands that may start; withdrawn by an abort.
    compute_done : In(COMPUTE_DONE)
        `valid` for one cycle when a command is complete, in order, with its `mark` and `layer`.
    compute_busy : In(1)
        A command runs. After a fault the control waits for it to fall.
    abort : Out(1)
        A fault was met: 1 until all engines are idle.
    events : In(COMPUTE_EVENTS)
        What the compute side does: see :class:`~intaglio.gateware.compute.ComputeEngine`.
    loads : Out(stream.Signature(word_write(config)))
        Words for the on-chip memories: `memory`, `address`, `data`.
    requests : Out(stream.Signature(WORDS)), words : In(stream.Signature(8 * K))
        Words of the activation buffer for the store engine: addresses, then words in order, after
        1 cycle or more; a word that was asked for never waits.

    With `command_queue` = 0 a :class:`~intaglio.gateware.sequencer.Sequencer` takes the place of
    reader, dispatch and engines; the payload of `compute` then stays until `compute_done`, and
    `words` may have to wait.

    Timing
    ------
    First read 3 cycles after START; STATUS shows the end 1 cycle after the last completion.
    """

    def __init__(self, config: ArrayConfig) -> None:
        self.config = config
        super().__init__(
            {
                "read": Out(AxiRead(config.bus_bytes)),
                "write": Out(AxiWrite(config.bus_bytes)),
                "lite": In(AxiLite()),
                "irq": Out(1),
                "compute": Out(stream.Signature(command_fields(COMPUTE, config))),
                "compute_done": In(COMPUTE_DONE),
                "compute_busy": In(1),
                "abort": Out(1),
                "events": In(COMPUTE_EVENTS),
                "loads": Out(stream.Signature(word_write(config))),
                "requests": Out(stream.Signature(word_shape(config))),
                "words": In(stream.Signature(8 * config.act_bytes)),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.life = life = Life()
        m.submodules.registers = registers = Registers(self.config)
        wiring.connect(m, wiring.flipped(self.lite), registers.bus)
        run = self._queued if self.config.command_queue else self._in_order
        doing = run(m, life, registers)

        # From START to the end.
        m.d.comb += [
            life.start.eq(registers.start),
            life.abort.eq(registers.abort),
            life.count.eq(registers.program_count),
            life.total.eq(doing.total),
            life.active.eq(doing.transferring | self.compute_busy),
            self.abort.eq(life.stop),
            registers.status.busy.eq(life.busy),
            registers.status.done.eq(life.done),
            registers.status.error.eq(life.error),
            registers.raise_done.eq(life.raise_done),
            registers.raise_error.eq(life.raise_error),
            registers.fault.eq(life.fault),
            registers.counts.commands.eq(doing.total),
            self.irq.eq(registers.irq),
        ]
        if self.config.counters:
            self._count(m, life, registers, doing)
        return m

    def _queued(self, m: Module, life: Life, registers: Registers) -> Doing:
        """Place an engine of each kind, which run at once."""
        config = self.config
        m.submodules.reader = reader = CommandReader(config)
        m.submodules.dispatch = dispatch = Dispatch(
            [narrowed(record, config) for record in ENGINES],
            queued=config.command_queue,
            roomy=config.roomy,
        )
        m.submodules.load = load = LoadEngine(config)
        m.submodules.store = store = StoreEngine(config)
        m.submodules.arbiter = arbiter = ReadArbiter(config)

        wiring.connect(m, reader.bus, arbiter.reader)
        wiring.connect(m, load.bus, arbiter.load)
        wiring.connect(m, arbiter.bus, wiring.flipped(self.read))
        wiring.connect(m, store.bus, wiring.flipped(self.write))
        wiring.connect(m, reader.load, dispatch.load)
        wiring.connect(m, reader.compute, dispatch.compute)
        wiring.connect(m, reader.store, dispatch.store)
        wiring.connect(m, dispatch.load_out, load.commands)
        wiring.connect(m, dispatch.compute_out, wiring.flipped(self.compute))
        wiring.connect(m, dispatch.store_out, store.commands)
        wiring.connect(m, load.writes, wiring.flipped(self.loads))
        wiring.connect(m, store.requests, wiring.flipped(self.requests))
        wiring.connect(m, wiring.flipped(self.words), store.words)
        m.d.comb += [
            life.faults.reader.eq(reader.fault),
            life.faults.load.eq(load.fault),
            life.faults.store.eq(store.fault),
            reader.start.eq(life.begin),
            reader.address.eq(registers.program_address),
            reader.count.eq(registers.program_count),
            load.bases.eq(registers.bases),
            store.bases.eq(registers.bases),
            dispatch.clear.eq(life.begin),
            dispatch.done.load.eq(load.done),
            dispatch.done.compute.eq(self.compute_done.valid),
            dispatch.done.store.eq(store.done),
            dispatch.flush.eq(self.abort),
            *(engine.abort.eq(self.abort) for engine in (reader, load, store)),
        ]
        transferring = Cat(reader.busy, load.busy, store.busy).any()
        return Doing(dispatch.total, transferring, load.busy, store.busy, load.constants)

    def _in_order(self, m: Module, life: Life, registers: Registers) -> Doing:
        """Place one engine for all, which takes a command after the other."""
        m.submodules.sequencer = sequencer = Sequencer(self.config)
        wiring.connect(m, sequencer.read, wiring.flipped(self.read))
        wiring.connect(m, sequencer.write, wiring.flipped(self.write))
        wiring.connect(m, sequencer.compute, wiring.flipped(self.compute))
        wiring.connect(m, sequencer.loads, wiring.flipped(self.loads))
        wiring.connect(m, sequencer.requests, wiring.flipped(self.requests))
        wiring.connect(m, wiring.flipped(self.words), sequencer.words)
        m.d.comb += [
            life.faults.reader.eq(sequencer.fault),
            sequencer.start.eq(life.begin),
            sequencer.address.eq(registers.program_address),
            sequencer.count.eq(registers.program_count),
            sequencer.bases.eq(registers.bases),
            sequencer.computed.eq(self.compute_done.valid),
            sequencer.abort.eq(self.abort),
        ]
        return Doing(
            sequencer.total,
            sequencer.transferring,
            sequencer.loading,
            sequencer.storing,
            sequencer.constants,
        )

    def _count(self, m: Module, life: Life, registers: Registers, doing: Doing) -> None:
        """Count what happens, and keep when it happened."""
        m.submodules.causes = causes = Causes()
        m.submodules.counters = counters = Counters()
        m.submodules.trace = trace = Trace()
        events = counters.events
        m.d.comb += [
            *(causes.i[name].eq(self.events[name]) for name, _ in COMPUTE_EVENTS),
            causes.i.computing.eq(self.compute_busy),
            causes.i.resting.eq(self.compute.valid | ~doing.transferring),
            causes.i.constants.eq(doing.constants),
            *(events[name].eq(causes.o[name]) for name, _ in CAUSE),
            counters.clear.eq(life.begin),
            counters.enable.eq(life.busy),
            events.cycles.eq(1),
            events.compute_cycles.eq(self.compute_busy),
            events.load_cycles.eq(doing.loading),
            events.store_cycles.eq(doing.storing),
            events.read_beats.eq(self.read.r.valid & self.read.r.ready),
            events.write_beats.eq(self.write.w.valid & self.write.w.ready),
            *(registers.counts[name].eq(counters.counts[name]) for name, _ in CYCLE_COUNTS),
            trace.mark.eq(self.compute_done.valid & self.compute_done.mark),
            trace.layer.eq(self.compute_done.layer),
            trace.cycles.eq(counters.counts.cycles),
            trace.entry.eq(registers.entry),
            registers.value.eq(trace.value),
        ]
