"""Fold: the two halves of the lanes hold parts of one sum."""

from __future__ import annotations

from amaranth import Module, Signal
from amaranth.lib import stream
from amaranth.lib.wiring import In, Out

from intaglio.gateware.component import Component, fields_of
from intaglio.gateware.words import accs_layout
from intaglio.spec.config import ArrayConfig


class Fold(Component):
    """Add accumulator k + K/2 of a window to accumulator k, for k < K/2; the upper half becomes 0.

    Parameters
    ----------
    config : ArrayConfig
        Gives K and Q.

    Members
    -------
    i : In(stream of Q accumulators, always ready)
        K / Q payloads a window.
    fold : In(1)
        Still while windows are in flight; 0: everything passes as it is.
    o : Out(stream of Q accumulators, always ready)
        K / Q payloads a window.

    Timing
    ------
    Latency 0; with `fold` half a window, K / Q // 2 cycles.

    Golden: reshape and sum.
    """

    def __init__(self, config: ArrayConfig) -> None:
        self.config = config
        super().__init__(
            {
                "i": In(stream.Signature(accs_layout(config), always_ready=True)),
                "fold": In(1),
                "o": Out(stream.Signature(accs_layout(config), always_ready=True)),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        steps, lanes = self.config.drain_steps, self.config.requant_lanes
        m.d.comb += [self.o.valid.eq(self.i.valid), self.o.payload.eq(self.i.payload)]
        if steps == 1:
            with m.If(self.fold):
                for q in range(lanes):
                    half = lanes // 2
                    pair = self.i.payload[q] + self.i.payload[q + half] if q < half else 0
                    m.d.comb += self.o.payload[q].eq(pair)
            return m

        # The lower half waits for the upper one; then the empty half follows, while the lower half
        # of the next window comes in.
        half = steps // 2
        place = Signal(range(steps))
        kept = [fields_of(accs_layout(self.config), name=f"kept_{n}") for n in range(half)]
        empty = Signal(range(half + 1))
        upper = Signal()
        m.d.comb += upper.eq(place >= half)
        with m.If(self.i.valid & self.fold):
            m.d.sync += place.eq(place + 1)  # as many places as its bits count
            for n in range(half):
                m.d.sync += kept[n].eq(kept[n + 1] if n + 1 < half else self.i.payload)
        with m.If(self.i.valid & self.fold & (place == steps - 1)):
            m.d.sync += empty.eq(half)
        with m.Elif(empty != 0):
            m.d.sync += empty.eq(empty - 1)
        with m.If(self.fold):
            m.d.comb += self.o.valid.eq((self.i.valid & upper) | (empty != 0))
            for q in range(lanes):
                m.d.comb += self.o.payload[q].eq(0)
                with m.If(upper & self.i.valid):
                    m.d.comb += self.o.payload[q].eq(self.i.payload[q] + kept[0][q])
        return m
