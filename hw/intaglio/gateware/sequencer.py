"""Sequencer: commands one at a time, every transfer by one engine."""

from __future__ import annotations

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib import stream
from amaranth.lib.wiring import In, Out

from intaglio.gateware.axi import LOAD_ID, READER_ID, AxiRead, AxiWrite
from intaglio.gateware.bursts import bases_layout
from intaglio.gateware.component import Component
from intaglio.gateware.faults import FAULT, read_fault, write_fault
from intaglio.gateware.held_command import HeldCommand
from intaglio.gateware.layout import command_fields, count_shape, shape, word_shape
from intaglio.gateware.load import word_beats, word_write
from intaglio.gateware.sequencer_state import SequencerState
from intaglio.spec.commands import COMMAND_BYTES, COMPUTE, Memory, Opcode
from intaglio.spec.config import ArrayConfig
from intaglio.spec.registers import Fault
from intaglio.spec.widths import byte_address, command_beats, longest_burst


class Sequencer(Component):
    """Read a command, execute it to its end, read the next one.

    A command stays where it arrived: in one register, which COMPUTE and the transfers read until
    the command is complete. The reads of commands, LOAD and STORE share the counters of addresses
    and beats. One burst is under way at most. Since every earlier command is complete when a
    command starts, its ``wait_*`` fields are not looked at.

    Parameters
    ----------
    config : ArrayConfig
        All widths; `command_queue` is 0.

    Members
    -------
    start : In(1)
        For one cycle, while `busy` is 0: begin.
    address, count : In
        Byte address of the first command, commands; still while `busy`.
    bases : In(bases_layout(config))
        Byte address of each region; still while `busy`.
    read : Out(AxiRead(K)), write : Out(AxiWrite(K))
        Masters; commands are read with id 0, rows with id 1.
    compute : Out(stream of COMPUTE)
        The payload stays until `computed`.
    computed : In(1)
        For one cycle: the COMPUTE command is complete.
    loads : Out(stream of word_write(config))
        Words for the on-chip memories.
    requests : Out(stream of word address), words : In(stream of words)
        Reads of the activation buffer, one at a time; `words` may have to wait.
    total : Out
        Commands complete since `start`.
    busy, transferring, loading, storing, constants : Out(1)
        Something is under way; it is no COMPUTE; it is a LOAD; a STORE; a LOAD of no activations.
    fault : Out(FAULT)
        As those of the reader, the load and the store engine.
    abort : In(1)
        While 1: begin nothing; what was begun on the bus or in the core is completed. Hold it until
        `busy` is 0.

    Timing
    ------
    A command is begun 3 cycles after its last beat; 2 cycles between rows, 1 between bursts; a
    loaded beat a cycle, a stored one every 2.

    Golden: LOAD, STORE and the order of :mod:`intaglio.golden.machine`.
    """

    def __init__(self, config: ArrayConfig) -> None:
        self.config = config
        self.limit = longest_burst(config)
        super().__init__(
            {
                "start": In(1),
                "address": In(shape(byte_address(config))),
                "count": In(count_shape(config)),
                "bases": In(bases_layout(config)),
                "read": Out(AxiRead(config.bus_bytes)),
                "write": Out(AxiWrite(config.bus_bytes)),
                "compute": Out(stream.Signature(command_fields(COMPUTE, config))),
                "computed": In(1),
                "loads": Out(stream.Signature(word_write(config))),
                "requests": Out(stream.Signature(word_shape(config))),
                "words": In(stream.Signature(8 * config.act_bytes)),
                "total": Out(count_shape(config)),
                "busy": Out(1),
                "transferring": Out(1),
                "loading": Out(1),
                "storing": Out(1),
                "constants": Out(1),
                "fault": Out(FAULT),
                "abort": In(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.held = held = HeldCommand(self.config)
        state = SequencerState(self.config, held, self.limit)
        m.d.comb += [
            state.stores.eq(held.opcode == Opcode.STORE),
            self.compute.payload.eq(held.compute),
            held.left.eq(state.left),
            held.beat.eq(self.read.r.payload.data),
            held.take.eq(state.taken & state.fetching),
        ]
        self._bursts(m, state)
        self._collect(m, state.taken & ~state.fetching, held.move.memory)
        with m.FSM() as fsm:
            m.d.comb += self.busy.eq(~fsm.ongoing("IDLE") | self.loads.valid)
            self._between(m, state)
            self._move(m, state)
            self._decode(m, state, held)
            running = fsm.ongoing("OFFER") | fsm.ongoing("RUN")
        moving = self.transferring & ~state.fetching
        m.d.comb += [
            self.transferring.eq(self.busy & ~running),
            self.loading.eq(moving & ~state.stores),
            self.storing.eq(moving & state.stores),
            self.constants.eq(self.loading & (held.move.memory != Memory.ACTS)),
        ]
        return m

    def _bursts(self, m: Module, state: SequencerState) -> None:
        """Cut rows into bursts: each ends with its row or before a multiple of `limit` beats."""
        at, beat, left, places = state.at, state.beat, state.left, len(state.beat)
        bound, length = Signal(places + 1), Signal(places + 1)
        zeros = Const(0, state.low)
        m.d.comb += [
            bound.eq(self.limit - at[:places]),
            length.eq(Mux(left < bound, left, bound)),
            state.ends.eq((left == 1) | (beat == self.limit - 1)),
            self.read.ar.payload.id.eq(Mux(state.fetching, READER_ID, LOAD_ID)),
            *(
                channel.payload[name].eq(value)
                for channel in (self.read.ar, self.write.aw)
                for name, value in (("addr", Cat(zeros, at)), ("len", length - 1))
            ),
            self.write.w.payload.data.eq(self.words.payload),
            self.write.w.payload.last.eq(state.ends),
            # Of a command its own beat, of a row its burst.
            self.fault.address.eq(Cat(zeros, Mux(state.fetching, beat, at[:places]), at[places:])),
        ]
        with m.If(state.moved):
            m.d.sync += [left.eq(left - 1), beat.eq(beat + 1)]

        # Where a row begins: the first one at the command's place, the others a stride further.
        move, begins = state.move, state.begins
        base, offset, stride = (
            value[state.low :] for value in (self.bases[move.region], move.offset, move.row_stride)
        )
        m.d.comb += [
            state.next_row.eq(Mux(begins, base, state.row) + Mux(begins, offset, stride)),
            state.next_word.eq(
                Mux(begins, 0, state.row_word) + Mux(begins, move.address, move.address_stride)
            ),
            self.requests.payload.eq(state.here),
            self.loads.payload.memory.eq(move.memory),
            self.loads.payload.address.eq(state.here),
        ]
        with m.If(self.loads.valid & self.loads.ready):
            m.d.sync += [self.loads.valid.eq(0), state.here.eq(state.here + 1)]

    def _collect(self, m: Module, taken: Value, memory: Value) -> None:
        """Make words of the beats of a LOAD; a word stays in its register until it is written."""
        counts = word_beats(self.config)
        slot = Signal(range(max(2, *counts)))
        last = Signal.like(slot)
        with m.Switch(memory):
            for number, count in zip(Memory, counts, strict=True):
                with m.Case(number):
                    m.d.comb += last.eq(count - 1)
        bits = 8 * self.config.bus_bytes
        with m.If(taken):
            with m.Switch(slot):
                for n in range(max(counts)):
                    with m.Case(n):
                        place = self.loads.payload.data.word_select(n, bits)
                        m.d.sync += place.eq(self.read.r.payload.data)
            m.d.sync += slot.eq(slot + 1)
            with m.If(slot == last):
                m.d.sync += [slot.eq(0), self.loads.valid.eq(1)]
        with m.If(self.abort):
            m.d.sync += slot.eq(0)

    def _between(self, m: Module, state: SequencerState) -> None:
        """From command to command, and what follows a burst."""
        at, places = state.at, len(state.beat)
        with m.State("IDLE"), m.If(self.start):
            m.d.sync += [state.program.eq(self.address[state.low :]), self.total.eq(0)]
            m.next = "NEXT"
        with m.State("NEXT"):
            m.d.sync += [at.eq(state.program), state.left.eq(command_beats(self.config))]
            m.d.sync += state.fetching.eq(1)
            with m.If(self.abort | (self.total == self.count)):
                m.next = "IDLE"
            with m.Else():
                m.d.sync += state.program.eq(state.program + (COMMAND_BYTES >> state.low))
                m.next = "ADDRESS"
        with m.State("AFTER"):
            m.d.sync += at.eq(Cat(Const(0, places), at[places:] + 1))
            with m.If(self.abort):
                m.next = "IDLE"
            with m.Elif(state.left != 0):
                m.next = "ADDRESS"
            with m.Elif(state.fetching):
                m.d.sync += state.fetching.eq(0)
                m.next = "DECODE"
            with m.Elif(state.rows != 1):
                m.d.sync += [state.row.eq(state.next_row), state.row_word.eq(state.next_word)]
                m.d.sync += state.rows.eq(state.rows - 1)
                m.next = "ROW"
            with m.Else():
                m.next = "END"
        with m.State("END"), m.If(~self.loads.valid):
            m.d.sync += self.total.eq(self.total + 1)
            m.next = "NEXT"

    def _move(self, m: Module, state: SequencerState) -> None:
        """One burst on the bus: its address, its beats, its answer."""
        ar, r = self.read.ar, self.read.r
        aw, w, b = self.write.aw, self.write.w, self.write.b
        moved = state.moved
        with m.State("ROW"), m.If(~self.loads.valid):
            m.d.sync += [state.at.eq(state.row), state.here.eq(state.row_word)]
            m.d.sync += state.left.eq(state.move.row_beats)
            m.next = "ADDRESS"
        with m.State("ADDRESS"):
            writes = state.stores & ~state.fetching
            m.d.comb += [ar.valid.eq(~writes), aw.valid.eq(writes)]
            m.d.sync += state.beat.eq(state.at[: len(state.beat)])
            with m.If(Mux(writes, aw.ready, ar.ready)):
                m.next = "READ"
                with m.If(writes):
                    m.next = "WRITE"
        with m.State("READ"):
            free = state.fetching | ~self.loads.valid | self.loads.ready | self.abort
            m.d.comb += [
                r.ready.eq(free),
                moved.eq(r.valid & free),
                state.taken.eq(moved & ~self.abort),
                self.fault.valid.eq(moved & r.payload.resp[1]),
                self.fault.code.eq(read_fault(r.payload.resp)),
            ]
            with m.If(moved & state.ends):
                m.next = "AFTER"
        with m.State("WRITE"):
            m.d.comb += [
                self.requests.valid.eq(~state.asked),
                w.valid.eq(self.words.valid),
                self.words.ready.eq(w.ready),
                moved.eq(w.valid & w.ready),
            ]
            with m.If(self.requests.valid & self.requests.ready):
                m.d.sync += state.asked.eq(1)
            with m.If(moved):
                m.d.sync += [state.asked.eq(0), state.here.eq(state.here + 1)]
                with m.If(state.ends):
                    m.next = "ANSWER"
        with m.State("ANSWER"):
            m.d.comb += [
                b.ready.eq(1),
                self.fault.valid.eq(b.valid & b.payload[1]),
                self.fault.code.eq(write_fault(b.payload)),
            ]
            with m.If(b.valid):
                m.next = "AFTER"

    def _decode(self, m: Module, state: SequencerState, held: HeldCommand) -> None:
        """Begin a command, or refuse it."""
        with m.State("DECODE"):
            m.d.comb += state.begins.eq(1)
            m.d.sync += [state.row.eq(state.next_row), state.row_word.eq(state.next_word)]
            m.d.sync += state.rows.eq(held.move.rows)
            with m.If(self.abort):
                m.next = "IDLE"
            with m.Elif(held.legal):
                m.next = "ROW"
                with m.If(held.opcode == Opcode.COMPUTE):
                    m.next = "OFFER"
            with m.Else():
                m.d.comb += [
                    self.fault.valid.eq(1),
                    self.fault.code.eq(Fault.ILLEGAL_COMMAND),
                    self.fault.address.eq(0),
                    self.fault.command.eq(self.total),
                ]
        with m.State("OFFER"):
            m.d.comb += self.compute.valid.eq(~self.abort)
            with m.If(self.abort):
                m.next = "IDLE"
            with m.Elif(self.compute.ready):
                m.next = "RUN"
        with m.State("RUN"), m.If(self.computed):
            m.d.sync += self.total.eq(self.total + 1)
            m.next = "NEXT"
