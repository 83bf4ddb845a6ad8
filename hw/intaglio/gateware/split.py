"""Outlier split: an INT8 array, a narrow INT16 side array, and the sum of both."""

from __future__ import annotations

from typing import Any

from amaranth import Array, Module, Mux, Signal, Value
from amaranth.hdl import signed
from amaranth.lib import data, stream
from amaranth.lib.wiring import In, Out

from intaglio.gateware.component import Component
from intaglio.gateware.layout import shape
from intaglio.gateware.rescale import STAGES, rescale
from intaglio.gateware.split_side import SplitSide, beat_layout, sums_layout
from intaglio.gateware.stages import Stages
from intaglio.spec.commands import PARAM
from intaglio.spec.formats import INT8
from intaglio.spec.split import TERM

_SCALE = {field.name: field.format for field in PARAM.fields}


class SplitDot(Component):
    """Dot products whose outlier columns are multiplied in 16 bits.

    o = clip(r(sum of 8-bit columns) + r(sum of 16-bit columns) + zero_point, low, high), one code
    for each output, with r of :func:`intaglio.spec.split.merge`. Columns whose bit of `mask` is set
    leave the INT8 array and are compacted for the side array, which multiplies `side` of them a
    cycle.

    Parameters
    ----------
    columns : int
        Activations of a payload.
    outputs : int
        Output channels.
    side : int
        Columns of the side array.

    Members
    -------
    i : In(stream of columns 16-bit act, outputs * columns 8-bit wgt, mask, first, last)
        Weight k of output m is at m * columns + k; of an activation whose bit of `mask` is 0 the
        low 8 bits count. :func:`intaglio.spec.split.check_mask` tells how many columns may lie
        from `first` to `last`.
    multiplier, shift, side_multiplier, side_shift : In(one for each output)
        Scales of both sums; still while values are in flight, as are the next three.
    zero_point, low, high : In(int8)
    o : Out(stream of int8)
        Output 0 first.

    Timing
    ------
    Latency `latency_cycles` from the last payload of a sum of one payload with at most `side`
    outliers to its first code; one payload a cycle while outliers are at most `side` a payload on
    average and payloads of a sum at least `outputs`; one code a cycle.

    Golden: :func:`intaglio.golden.split.split_sums`, :func:`intaglio.spec.split.merge`.

    Source: LLM.int8(), with integer outliers.
    """

    latency_cycles = SplitSide.latency_cycles + STAGES + 1

    def __init__(self, columns: int = 8, outputs: int = 2, side: int = 1) -> None:
        self.columns, self.outputs, self.side = columns, outputs, side
        multipliers = data.ArrayLayout(shape(_SCALE["multiplier"]), outputs)
        shifts = data.ArrayLayout(shape(_SCALE["shift"]), outputs)
        super().__init__(
            {
                "i": In(stream.Signature(beat_layout(columns, outputs))),
                "multiplier": In(multipliers),
                "shift": In(shifts),
                "side_multiplier": In(multipliers),
                "side_shift": In(shifts),
                "zero_point": In(shape(INT8)),
                "low": In(shape(INT8)),
                "high": In(shape(INT8)),
                "o": Out(stream.Signature(shape(INT8))),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.side = side = SplitSide(self.columns, self.outputs, self.side)
        main, main_full, main_move, done = self._main(m)
        beat = self.i.payload
        m.d.comb += [
            # A payload goes to both arrays at once; the side array skips those without outliers.
            self.i.ready.eq(main_move & side.i.ready),
            side.i.payload.eq(beat),
            side.i.valid.eq(self.i.valid & main_move & (beat.mask.any() | beat.last)),
        ]

        # One output after the other through both requantisers, as soon as both sums are there.
        move = Signal()
        pipe = Stages(m, main_full & side.o.valid, move)
        turn = Signal(range(self.outputs))
        final = turn == self.outputs - 1
        m.d.comb += [
            move.eq(~self.o.valid | self.o.ready),
            done.eq(pipe.valid & move & final),
            side.o.ready.eq(main_full & move & final),
        ]
        with m.If(pipe.valid & move):
            m.d.sync += turn.eq(Mux(final, 0, turn + 1))
        sums = (
            (main, self.multiplier, self.shift),
            (side.o.payload, self.side_multiplier, self.side_shift),
        )
        terms = [tuple(self._at(part, turn) for part in parts) for parts in sums]
        scaled = rescale(m, pipe, [(acc, q, s) for acc, q, s in terms], TERM)
        total = scaled[0] + scaled[1] + self.zero_point
        low, high = self.low, self.high
        clamped = Mux(total < low, low, Mux(total > high, high, total))
        (code,) = pipe.cut(clamped[: INT8.bits].as_signed())
        m.d.comb += [self.o.payload.eq(code), self.o.valid.eq(pipe.valid)]
        return m

    def _at(self, part: Any, turn: Value) -> Value:
        """Return element `turn` of an array of one for each output."""
        return Array(part[n] for n in range(self.outputs))[turn]

    def _main(self, m: Module) -> tuple[Any, Signal, Signal, Signal]:
        """Return the sums of the INT8 array, whether they stand, `move`, and their release."""
        full = Signal(name="main_full")
        move = Signal(name="main_move")
        done = Signal()
        beat = self.i.payload
        pipe = Stages(m, self.i.valid & self.i.ready, move)
        products = [
            Mux(beat.mask[k], 0, beat.act[k][: INT8.bits].as_signed())
            * beat.wgt[n * self.columns + k]
            for n in range(self.outputs)
            for k in range(self.columns)
        ]
        *kept, first, last = pipe.cut(*products, beat.first, beat.last)
        rows = [kept[n * self.columns : (n + 1) * self.columns] for n in range(self.outputs)]
        *totals, first, last = pipe.cut(*(sum(row[1:], row[0]) for row in rows), first, last)
        held = Signal(sums_layout(self.outputs), name="main", reset_less=True)
        # The last sum waits until the one before it has been taken.
        m.d.comb += move.eq(~(pipe.valid & last & full & ~done))
        with m.If(done):
            m.d.sync += full.eq(0)
        for n, total in enumerate(totals):
            acc = Signal(signed(held[n].shape().width), reset_less=True, name=f"acc_{n}")
            new = Signal.like(acc, name=f"new_{n}")
            m.d.comb += new.eq(Mux(first, 0, acc) + total)
            with m.If(pipe.valid & move):
                m.d.sync += acc.eq(new)
                with m.If(last):
                    m.d.sync += [held[n].eq(new), full.eq(1)]
        return held, full, move, done
