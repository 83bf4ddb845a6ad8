"""A queue of stream payloads that can be emptied at once."""

from __future__ import annotations

from amaranth.hdl import Module, Mux, ResetInserter, Shape, ShapeLike, Signal, Value
from amaranth.lib import stream
from amaranth.lib.fifo import SyncFIFO
from amaranth.lib.wiring import In, Out

from intaglio.gateware.component import Component
from intaglio.gateware.ram import add_ram


class Queue(Component):
    """First in, first out; as wide as its payload.

    Parameters
    ----------
    payload : ShapeLike
        What is queued.
    depth : int
        Payloads that fit, at least 1.
    block_ram : bool
        Keep the payloads in block RAM: one more cycle of latency.
    spread : bool
        With the timing of `block_ram`, but in LUTs where the part has such memory.

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

    def __init__(
        self, payload: ShapeLike, depth: int, *, block_ram: bool = False, spread: bool = False
    ) -> None:
        self.payload, self.depth, self.block_ram = payload, depth, block_ram
        self.spread = spread
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
        if self.block_ram:
            self._from_block_ram(m)
            return m
        fifo = SyncFIFO(width=Shape.cast(self.payload).width, depth=self.depth)
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

    def _from_block_ram(self, m: Module) -> None:
        """Keep the payloads in block RAM; the one that is shown stays at its output."""
        width = Shape.cast(self.payload).width
        memory = add_ram(m, "memory", width=width, depth=self.depth, block=not self.spread)
        write, read = Signal(range(self.depth)), Signal(range(self.depth))
        kept = Signal(range(self.depth + 1))  # in memory, not yet shown
        puts, gets = Signal(), Signal()
        m.d.comb += [
            self.level.eq(kept + self.o.valid),
            self.i.ready.eq(self.level != self.depth),
            puts.eq(self.i.valid & self.i.ready),
            gets.eq((kept != 0) & (~self.o.valid | self.o.ready)),
            memory.write_enable.eq(puts),
            memory.write_address.eq(write),
            memory.write_data.eq(self.i.payload),
            memory.read_enable.eq(gets),
            memory.read_address.eq(read),
            Value.cast(self.o.payload).eq(memory.read_data),
        ]
        for pointer, moves in ((write, puts), (read, gets)):
            with m.If(moves):
                m.d.sync += pointer.eq(Mux(pointer == self.depth - 1, 0, pointer + 1))
        m.d.sync += kept.eq(kept + puts - gets)
        with m.If(gets | self.o.ready):
            m.d.sync += self.o.valid.eq(gets)
        with m.If(self.flush):
            m.d.sync += [kept.eq(0), write.eq(0), read.eq(0), self.o.valid.eq(0)]
