"""Dispatch: a command leaves its queue when what it waits for is complete."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from amaranth.hdl import Cat, Module, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from intaglio.gateware.component import Component
from intaglio.gateware.layout import fields, shape
from intaglio.gateware.queue import Queue
from intaglio.spec.commands import COMPUTE, COUNT, LOAD, STORE
from intaglio.spec.config import ArrayConfig
from intaglio.spec.record import Record

ENGINES = (LOAD, COMPUTE, STORE)
COMPLETED = data.StructLayout({record.name.lower(): shape(COUNT) for record in ENGINES})


class Gate(Component):
    """Let a command through once `completed` reaches each of its ``wait_*`` fields.

    Parameters
    ----------
    record : Record
        LOAD, COMPUTE or STORE.

    Members
    -------
    i, o : In, Out(stream.Signature(fields(record)))
        Commands; `o` is withdrawn by `flush`.
    completed : In(COMPLETED)
        Commands that each engine has completed; never falls but at `flush`.
    flush : In(1)
        Nothing passes.

    Timing
    ------
    Latency 0 from `i` to `o`, which becomes valid 1 cycle after the counts suffice; a command
    every 2 cycles.
    """

    def __init__(self, record: Record) -> None:
        super().__init__(
            {
                "i": In(stream.Signature(fields(record))),
                "o": Out(stream.Signature(fields(record))),
                "completed": In(COMPLETED),
                "flush": In(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        met = Signal()  # registered: three comparators of 24 bits lie before it
        waits = Cat(self.completed[k] >= self.i.payload[f"wait_{k}"] for k, _ in COMPLETED)
        leaves = self.o.valid & self.o.ready
        m.d.sync += met.eq(self.i.valid & waits.all() & ~leaves & ~self.flush)
        m.d.comb += [
            self.o.payload.eq(self.i.payload),
            self.o.valid.eq(self.i.valid & met & ~self.flush),
            self.i.ready.eq(self.o.ready & met & ~self.flush),
        ]
        return m


class Dispatch(Component):
    """Queues of the three engines, with a gate at the end of each, and the count of commands done.

    Parameters
    ----------
    records : sequence of Record
        LOAD, COMPUTE, STORE, as wide as they are kept.
    queued : int
        Commands that wait for each engine.
    roomy : bool
        The queues are block RAM; else LUTs, where the part has such memory.

    Members
    -------
    load, compute, store : In(stream.Signature(fields(LOAD | COMPUTE | STORE)))
        Commands of the reader.
    load_out, compute_out, store_out : Out(the same)
        Commands that may start; withdrawn by `flush`.
    done : In({load, compute, store})
        For one cycle when the engine completes a command.
    total : Out(COUNT)
        Commands completed since `clear`.
    clear : In(1)
        Counts from 0 again.
    flush : In(1)
        Empties the queues; nothing passes while it is 1.

    Timing
    ------
    Latency 3 cycles from the reader to the engine; 2 from `done` to a command that waits for it.
    """

    def __init__(
        self,
        records: Sequence[Record] = ENGINES,
        *,
        queued: int = ArrayConfig.command_queue,
        roomy: bool = True,
    ) -> None:
        self.records, self.queued, self.roomy = tuple(records), queued, roomy
        members = {}
        for record in records:
            members[record.name.lower()] = In(stream.Signature(fields(record)))
            members[f"{record.name.lower()}_out"] = Out(stream.Signature(fields(record)))
        super().__init__(
            {
                **members,
                "done": In(data.StructLayout({record.name.lower(): 1 for record in ENGINES})),
                "total": Out(shape(COUNT)),
                "clear": In(1),
                "flush": In(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        completed: Any = Signal(COMPLETED)
        for record in self.records:
            name = record.name.lower()
            m.submodules[f"{name}_queue"] = queue = Queue(
                fields(record), self.queued, block_ram=True, spread=not self.roomy
            )
            m.submodules[f"{name}_gate"] = gate = Gate(record)
            wiring.connect(m, wiring.flipped(getattr(self, name)), queue.i)
            wiring.connect(m, queue.o, gate.i)
            wiring.connect(m, gate.o, wiring.flipped(getattr(self, f"{name}_out")))
            m.d.comb += [
                gate.completed.eq(completed),
                gate.flush.eq(self.flush),
                queue.flush.eq(self.flush),
            ]
            m.d.sync += completed[name].eq(completed[name] + self.done[name])
        pulses = [self.done[record.name.lower()] for record in ENGINES]
        m.d.sync += self.total.eq(self.total + sum(pulses))
        with m.If(self.clear):
            m.d.sync += [completed.eq(0), self.total.eq(0)]
        return m
