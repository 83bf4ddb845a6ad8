"""Where in the words of a request an array step reads."""

from __future__ import annotations

from amaranth import Const, Module, Mux, Signal, Value
from amaranth.lib.wiring import In, Out

from intaglio.gateware.component import Component
from intaglio.gateware.layout import field_shape
from intaglio.gateware.operands import index_bits
from intaglio.spec.config import ArrayConfig

CURSOR_FIELDS = ("paired", "channels", "pair_taps", "pair_channels")


class StepCursor(Component):
    """Count the array steps of a request and say which tap and channel each operand reads.

    Operand d of step t is entry ``i = t * D + d`` of the request's run: channel i of tap 0, or,
    where the taps are paired, channel ``i % channels`` of tap ``i // channels``.

    Parameters
    ----------
    config : ArrayConfig
        Gives K and D.

    Members
    -------
    paired, channels, pair_taps, pair_channels : In
        Fields of COMPUTE, still while words are in flight.
    advance : In(1), restart : In(1)
        To the next step; with `restart` to the first one of the next request.
    first : Out(1), step : Out
        Of the request.
    tap, channel : Out(D indices each)

    Golden: division with remainder.
    """

    def __init__(self, config: ArrayConfig) -> None:
        self.config = config
        self.tap_bits, self.channel_bits = index_bits(config)
        super().__init__(
            {
                **{name: In(field_shape(config, name)) for name in CURSOR_FIELDS},
                "advance": In(1),
                "restart": In(1),
                "first": Out(1),
                "step": Out(range(config.channels)),
                "tap": Out(config.depth * self.tap_bits),
                "channel": Out(config.depth * self.channel_bits),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        depth = self.config.depth
        restarts = self.advance & self.restart
        with m.If(self.advance):
            m.d.sync += self.step.eq(Mux(self.restart, 0, self.step + 1))
        m.d.comb += self.first.eq(self.step == 0)
        for d in range(depth):
            run = Signal(self.channel_bits, name=f"run_{d}")
            m.d.comb += run.eq(self.step * depth + d)

            # In a paired run each operand advances by D entries: some taps, some channels.
            tap = Signal(self.tap_bits, name=f"tap_{d}")
            channel = Signal(self.channel_bits, name=f"channel_{d}")
            first_tap, first_channel = self._first(d)
            begun = Signal(name=f"begun_{d}")
            now_tap = Mux(begun, tap, first_tap)
            now_channel = Mux(begun, channel, first_channel)
            moved = now_channel + self.pair_channels
            wraps = moved >= self.channels
            with m.If(self.advance):
                m.d.sync += [
                    begun.eq(~restarts),
                    tap.eq(now_tap + self.pair_taps + wraps),
                    channel.eq(Mux(wraps, moved - self.channels, moved)),
                ]
            m.d.comb += [
                self.tap.word_select(d, len(tap)).eq(Mux(self.paired, now_tap, 0)),
                self.channel.word_select(d, len(run)).eq(Mux(self.paired, now_channel, run)),
            ]
        return m

    def _first(self, d: int) -> tuple[Value, Value]:
        """Return d // channels and d % channels."""
        tap: Value = Const(0, self.tap_bits)
        channel: Value = Const(d, self.channel_bits)
        for channels in range(1, d + 1):
            here = self.channels == channels
            tap = Mux(here, d // channels, tap)
            channel = Mux(here, d % channels, channel)
        return tap, channel
