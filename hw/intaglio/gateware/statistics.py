"""The statistics unit of L1 normalisation."""

from __future__ import annotations

from typing import Any

from amaranth import Module, Mux, Signal
from amaranth.lib import data, stream
from amaranth.lib.wiring import In, Out

from intaglio.gateware.accumulate import add_pairs
from intaglio.gateware.component import Component
from intaglio.gateware.layout import shape
from intaglio.gateware.stages import handshake
from intaglio.spec.formats import IntFormat
from intaglio.spec.groups import ShiftGroups


class AbsoluteStatistics(Component):
    """Sum values and their distances from a mean: adders and absolute values, no square, no root.

    o.sum = sum of x, o.deviation = sum of |x * 2**point - mean| over the payloads up to `last`.
    Two passes make an L1 norm: the first one gives the mean, the second one the deviation.

    Parameters
    ----------
    value : IntFormat
        Of x.
    lanes : int
        Values of a payload.
    point : int
        Fraction bits of the mean.
    longest : int
        Payloads of the longest sum.

    Members
    -------
    i : In(stream of x[lanes], last)
    mean : In
        In units of 2**-point, within the range of the values; still during a pass.
    o : Out(stream of sum, deviation)

    Timing
    ------
    One payload a cycle; a result follows its last payload by `latency_cycles`.

    Golden: :func:`intaglio.golden.accumulate.absolute_statistics`.
    """

    latency_cycles = 2

    def __init__(self, value: IntFormat, lanes: int, point: int, longest: int) -> None:
        self.value, self.lanes, self.point = value, lanes, point
        self.mean_format = IntFormat(value.bits + point, value.signed)
        self.total = ShiftGroups(1).sum_format(value, lanes * longest)
        distance = IntFormat(value.bits + point + 1)
        self.deviation = ShiftGroups(1).sum_format(distance, lanes * longest)
        items = {"x": data.ArrayLayout(shape(value), lanes), "last": 1}
        results = {"sum": shape(self.total), "deviation": shape(self.deviation)}
        super().__init__(
            {
                "i": In(stream.Signature(data.StructLayout(items))),
                "mean": In(shape(self.mean_format)),
                "o": Out(stream.Signature(data.StructLayout(results))),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        move = handshake(m, self)
        item = self.i.payload

        # 1: lanes added up.
        distances = []
        for n in range(self.lanes):
            away = Signal(shape(IntFormat(self.mean_format.bits + 2)), name=f"away_{n}")
            m.d.comb += away.eq((item.x[n] << self.point) - self.mean)
            distances.append(Mux(away < 0, -away, away))
        total = Signal(shape(self.total), reset_less=True)
        distance = Signal(shape(self.deviation), reset_less=True)
        valid = Signal()
        last = Signal()
        with m.If(move):
            m.d.sync += [
                total.eq(add_pairs([item.x[n] for n in range(self.lanes)])),
                distance.eq(add_pairs(distances)),
                valid.eq(self.i.valid),
                last.eq(item.last),
            ]

        # 2: over payloads.
        first = Signal(init=1)
        done = Signal()
        result = self.o.payload
        sums: Any = Signal.like(result.sum, reset_less=True)
        deviations: Any = Signal.like(result.deviation, reset_less=True)
        with m.If(move):
            m.d.sync += done.eq(valid & last)
            with m.If(valid):
                m.d.sync += [
                    sums.eq(Mux(first, 0, sums) + total),
                    deviations.eq(Mux(first, 0, deviations) + distance),
                    first.eq(last),
                ]
        m.d.comb += [result.sum.eq(sums), result.deviation.eq(deviations), self.o.valid.eq(done)]
        return m
