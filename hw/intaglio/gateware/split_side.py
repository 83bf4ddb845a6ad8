"""The side array of an outlier split: queue, compaction, 16-bit products."""

from __future__ import annotations

from typing import Any

from amaranth import Module, Mux, Signal, Value
from amaranth.hdl import signed
from amaranth.lib import data, stream
from amaranth.lib.wiring import In, Out

from intaglio.gateware.component import Component
from intaglio.gateware.layout import shape
from intaglio.gateware.queue import Queue
from intaglio.gateware.stages import Stages
from intaglio.spec.formats import INT8, INT16, INT32

QUEUED = 4
"""Payloads with outliers that wait for the side array."""


def beat_layout(columns: int, outputs: int) -> data.StructLayout:
    """Return activations, weights and outlier mask of `columns` columns."""
    return data.StructLayout(
        {
            "act": data.ArrayLayout(shape(INT16), columns),
            "wgt": data.ArrayLayout(shape(INT8), outputs * columns),
            "mask": columns,
            "first": 1,
            "last": 1,
        }
    )


def sums_layout(outputs: int) -> data.ArrayLayout:
    """Return a 32-bit sum of each output."""
    return data.ArrayLayout(signed(INT32.bits), outputs)


class SplitSide(Component):
    """Sum the products of masked columns, `side` columns a cycle.

    Payloads wait in a queue; of the one at its head the lowest columns that are left are taken,
    `side` at once: the compaction. Payloads without outliers need not come, but for the last of a
    sum; `first` is not looked at: a sum begins after the last one.

    Parameters
    ----------
    columns, outputs, side : int
        See :class:`intaglio.gateware.split.SplitDot`.

    Members
    -------
    i : In(stream of beat_layout)
    o : Out(stream of the sums of all outputs)
        Still until taken.

    Timing
    ------
    Latency `latency_cycles` for a payload with at most `side` outliers; a payload with n outliers
    takes max(1, ceil(n / side)) cycles.

    Golden: the second sum of :func:`intaglio.golden.split.split_sums`.
    """

    latency_cycles = 4

    def __init__(self, columns: int, outputs: int, side: int) -> None:
        self.columns, self.outputs, self.side = columns, outputs, side
        super().__init__(
            {
                "i": In(stream.Signature(beat_layout(columns, outputs))),
                "o": Out(stream.Signature(sums_layout(outputs))),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.queue = queue = Queue(beat_layout(self.columns, self.outputs), QUEUED)
        beat = queue.o.payload
        move = Signal()
        m.d.comb += [
            queue.i.payload.eq(self.i.payload),
            queue.i.valid.eq(self.i.valid),
            self.i.ready.eq(queue.i.ready),
        ]

        # Compaction: the lowest columns that are left of the payload at the head.
        taken = Signal(self.columns)
        left: Value = beat.mask & ~taken
        chosen: list[Value] = []
        for _ in range(self.side):
            lowest = Signal(self.columns)
            m.d.comb += lowest.eq(left & -left)
            act, wgts = self._choose(lowest, beat)
            chosen += [act, *wgts]
            left = left & ~lowest
        empty = ~left.any()
        pipe = Stages(m, queue.o.valid, move)
        m.d.comb += queue.o.ready.eq(move & empty)
        with m.If(move & queue.o.valid):
            m.d.sync += taken.eq(Mux(empty, 0, beat.mask & ~left))
        *kept, last = pipe.cut(*chosen, beat.last & empty)

        # Products and their sum over the columns.
        stride = 1 + self.outputs
        totals = []
        for n in range(self.outputs):
            products = [
                kept[at].as_signed() * kept[at + 1 + n].as_signed()
                for at in range(0, len(kept), stride)
            ]
            totals.append(sum(products[1:], products[0]))
        *totals, last = pipe.cut(*totals, last)

        # Accumulators and what they hold for the output.
        full = Signal()
        fresh = Signal(init=1)
        m.d.comb += [move.eq(~(pipe.valid & last & full & ~self.o.ready)), self.o.valid.eq(full)]
        with m.If(full & self.o.ready):
            m.d.sync += full.eq(0)
        with m.If(pipe.valid & move):
            m.d.sync += fresh.eq(last)
        held = Signal(sums_layout(self.outputs), name="held", reset_less=True)
        for n, total in enumerate(totals):
            acc = Signal(signed(INT32.bits), reset_less=True, name=f"acc_{n}")
            new = Signal.like(acc, name=f"new_{n}")
            m.d.comb += new.eq(Mux(fresh, 0, acc) + total)
            with m.If(pipe.valid & move):
                m.d.sync += acc.eq(new)
                with m.If(last):
                    m.d.sync += [held[n].eq(new), full.eq(1)]
        m.d.comb += self.o.payload.eq(held)
        return m

    def _choose(self, onehot: Value, beat: Any) -> tuple[Value, list[Value]]:
        """Return activation and weights of the column whose bit is set; 0 where none is."""

        def pick(values: list[Value]) -> Value:
            gated = [
                value.as_unsigned() & onehot[k].replicate(len(value))
                for k, value in enumerate(values)
            ]
            result = gated[0]
            for value in gated[1:]:
                result = result | value
            return result

        columns = range(self.columns)
        act = pick([Value.cast(beat.act[k]) for k in columns])
        wgts = [
            pick([Value.cast(beat.wgt[n * self.columns + k]) for k in columns])
            for n in range(self.outputs)
        ]
        return act, wgts
