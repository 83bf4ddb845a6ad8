"""A queue of stream payloads that can be emptied at once."""

from __future__ import annotations

from amaranth.hdl import Module, ResetInserter, Shape, ShapeLike
from amaranth.lib import stream
from amaranth.lib.fifo import SyncFIFO, SyncFIFOBuffered
from amaranth.lib.wiring import In, Out

from intaglio.gateware.component import Component


class Queue(Component):
    """First in, first out; as wide as its payload.

    Parameters
    ----------
    payload : ShapeLike
        What is queued.
    depth : int
        Payloads that fit, at least 1.
    block_ram : bool
        Read the memory with a clock, so that it can be block RAM: one more cycle of latency.

    Members
    -------
    i : In(stream.Signature(payload))
        Into the queue.
    o : Out(stream.Signature(payload))
        Out of it; withdrawn by `flush`.
    flush : In(1)
        Empties the queue; what `i` offers in this cycle is lost.
    level : Out(range(depth + 1))
        Payloads queued.

    Timing
    ------
    Latency 1 cycle, 2 with `block_ram`; one payload a cycle. No path from `o.ready` to `i.ready`.
    """

    def __init__(self, payload: ShapeLike, depth: int, *, block_ram: bool = False) -> None:
        self.payload, self.depth, self.block_ram = payload, depth, block_ram
        super().__init__(
            {
                "i": In(stream.Signature(payload)),
                "o": Out(stream.Signature(payload)),
                "flush": In(1),
                "level": Out(range(depth + 1)),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        memory = SyncFIFOBuffered if self.block_ram else SyncFIFO
        fifo = memory(width=Shape.cast(self.payload).width, depth=self.depth)
        m.submodules.fifo = ResetInserter(self.flush)(fifo)
        m.d.comb += [
            fifo.w_data.eq(self.i.payload),
            fifo.w_en.eq(self.i.valid),
            self.i.ready.eq(fifo.w_rdy),
            self.o.payload.eq(fifo.r_data),
            self.o.valid.eq(fifo.r_rdy),
            fifo.r_en.eq(self.o.ready),
            self.level.eq(fifo.r_level),
        ]
        return m
