"""Load engine: rows of memory into the on-chip memories."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Cat, Module, Mux, Signal, Value
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from intaglio.gateware.axi import LOAD_ID, AxiRead
from intaglio.gateware.bursts import Bursts, bases_layout
from intaglio.gateware.component import Component
from intaglio.gateware.faults import FAULT, read_fault
from intaglio.gateware.layout import command_fields, shape, word_shape
from intaglio.gateware.queue import Queue
from intaglio.gateware.remainder import divides
from intaglio.gateware.walk import Walk, plan_layout
from intaglio.spec.commands import ADDRESS, LOAD, Memory
from intaglio.spec.config import ArrayConfig

AHEAD = 2  # commands whose bursts may be under way before the first word of the next one


def word_beats(config: ArrayConfig) -> tuple[int, ...]:
    """Return the bus beats of a word of each memory, indexed by Memory."""
    sizes = {
        Memory.ACTS: config.act_bytes,
        Memory.WEIGHTS: config.weight_bytes,
        Memory.PARAMS: config.param_bytes,
        Memory.TABLE: config.table_bytes,
    }
    return tuple(sizes[memory] // config.bus_bytes for memory in Memory)


def word_write(config: ArrayConfig) -> data.StructLayout:
    """Return the layout of a word on its way to an on-chip memory.

    `data` is as wide as the widest word; a narrower one stands in its low bits, and the bits above
    hold leftovers.
    """
    return data.StructLayout(
        {
            "memory": range(len(Memory)),
            "address": word_shape(config),
            "data": 8 * config.bus_bytes * max(word_beats(config)),
        }
    )


def whole_words(m: Module, config: ArrayConfig, fields: Any) -> Value:
    """Return whether the rows of a LOAD are whole words of its memory."""
    whole = Signal(init=1)
    with m.Switch(fields["memory"]):
        for memory, beats in zip(Memory, word_beats(config), strict=True):
            with m.Case(memory):
                m.d.comb += whole.eq(divides(beats, fields["row_beats"]))
    return whole


class LoadEngine(Component):
    """Copy rows from memory to an on-chip memory: the LOAD command.

    Golden: LOAD in :mod:`intaglio.golden.device`.

    Parameters
    ----------
    config : ArrayConfig
        Bus width, burst length, bursts that may be under way.

    Members
    -------
    commands : In(stream.Signature(fields(LOAD)))
        Commands that may start.
    bases : In(bases_layout(config))
        Byte address of each region; must be still while the engine is busy.
    bus : Out(AxiRead(K))
        Master with id 1.
    writes : Out(stream.Signature(word_write(config)))
        Whole words, in the order of the command.
    done : Out(1)
        For one cycle when the last word of a command is taken; commands complete in order.
    busy : Out(1)
        Some command is not complete or some beat is under way.
    constants : Out(1)
        The next word is no activation.
    fault : Out(FAULT)
        For one cycle at each erroneous beat; `address` is the first byte of its burst.
    abort : In(1)
        While 1: take no command, issue no burst, drop what still arrives; hold it until `busy`
        is 0. A word that waits at `writes` is still delivered.

    Timing
    ------
    First burst 3 cycles after the command is taken, a word 1 cycle after its last beat; one beat
    a cycle. The bursts of the next `AHEAD` commands are issued before this one is complete.
    """

    def __init__(self, config: ArrayConfig) -> None:
        self.config = config
        super().__init__(
            {
                "commands": In(stream.Signature(command_fields(LOAD, config))),
                "bases": In(bases_layout(config)),
                "bus": Out(AxiRead(config.bus_bytes)),
                "writes": Out(stream.Signature(word_write(config))),
                "done": Out(1),
                "busy": Out(1),
                "constants": Out(1),
                "fault": Out(FAULT),
                "abort": In(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        config, command = self.config, self.commands.payload
        m.submodules.bursts = bursts = Bursts(config)
        m.submodules.flights = flights = Queue(shape(ADDRESS), config.outstanding)
        m.submodules.plans = plans = Queue(plan_layout(config), AHEAD)
        m.submodules.walk = walk = Walk(config, word_beats(config))
        wiring.connect(m, plans.o, walk.i)
        m.d.comb += [bursts.flush.eq(self.abort), plans.flush.eq(self.abort)]
        m.d.comb += walk.flush.eq(self.abort)

        # A command becomes bursts on one side and on-chip addresses on the other.
        m.d.comb += [
            self.commands.ready.eq(bursts.i.ready & plans.i.ready & ~self.abort),
            bursts.i.valid.eq(self.commands.valid & self.commands.ready),
            plans.i.valid.eq(self.commands.valid & self.commands.ready),
            bursts.i.payload.address.eq(self.bases[command.region] + command.offset),
            *(bursts.i.payload[k].eq(command[k]) for k in ("row_beats", "rows", "row_stride")),
            *(plans.i.payload[k].eq(command[k]) for k, _ in plan_layout(config)),
        ]

        # Bursts: a burst that is announced stays so, and its beats find their address in `flights`.
        ar, r = self.bus.ar, self.bus.r
        issue = Signal()
        m.d.comb += [
            issue.eq(bursts.o.valid & flights.i.ready & (~ar.valid | ar.ready) & ~self.abort),
            bursts.o.ready.eq(issue),
            flights.i.valid.eq(issue),
            flights.i.payload.eq(bursts.o.payload.addr),
            ar.payload.id.eq(LOAD_ID),
        ]
        with m.If(issue):
            m.d.sync += ar.payload.addr.eq(bursts.o.payload.addr)
            m.d.sync += ar.payload.len.eq(bursts.o.payload.len)
            m.d.sync += ar.valid.eq(1)
        with m.Elif(ar.ready):
            m.d.sync += ar.valid.eq(0)

        # Beats: collected in the output register; `index` is the place of the next one.
        word, last = walk.o.payload, Signal()
        index = Signal.like(word.beats)
        take = Signal()
        whole = Signal()
        landing = plans.o.valid, walk.o.valid, self.writes.valid
        m.d.comb += [
            r.ready.eq(self.abort | walk.o.valid & (~self.writes.valid | self.writes.ready)),
            take.eq(r.valid & r.ready),
            whole.eq(take & (index == word.beats) & ~self.abort),
            walk.o.ready.eq(whole),
            self.constants.eq(
                Mux(walk.o.valid, word.memory, plans.o.payload.memory) != Memory.ACTS
            ),
            flights.o.ready.eq(take & r.payload.last),
            self.fault.valid.eq(take & r.payload.resp[1]),
            self.fault.code.eq(read_fault(r.payload.resp)),
            self.fault.address.eq(flights.o.payload),
            self.done.eq(self.writes.valid & self.writes.ready & last),
            self.busy.eq(Cat(bursts.busy, ar.valid, flights.o.valid, *landing).any()),
        ]
        with m.If(self.abort):
            m.d.sync += index.eq(0)
        with m.Elif(take):
            slots = self.writes.payload.data
            with m.Switch(index):
                for beat in range(max(word_beats(config))):
                    with m.Case(beat):
                        m.d.sync += slots.word_select(beat, len(r.payload.data)).eq(r.payload.data)
            m.d.sync += index.eq(index + 1)
        with m.If(whole):
            m.d.sync += [
                index.eq(0),
                last.eq(word.last),
                self.writes.payload.memory.eq(word.memory),
                self.writes.payload.address.eq(word.address),
                self.writes.valid.eq(1),
            ]
        with m.Elif(self.writes.ready):
            m.d.sync += self.writes.valid.eq(0)
        return m
