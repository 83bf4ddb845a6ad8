"""Q requantiser lanes in step."""

from __future__ import annotations

from amaranth import Module, Signal
from amaranth.lib import data, stream
from amaranth.lib.wiring import In, Out

from intaglio.gateware.layout import field_shape, layout
from intaglio.gateware.requantise_lane import RequantiseLane
from intaglio.gateware.shared import Holder, instance
from intaglio.gateware.words import accs_layout, outs_layout
from intaglio.spec.commands import PARAM
from intaglio.spec.config import ArrayConfig


def scaled_layout(config: ArrayConfig) -> data.StructLayout:
    """Return Q accumulators with the parameters of their channels."""
    return data.StructLayout(
        {
            "acc": accs_layout(config),
            "param": data.ArrayLayout(layout(PARAM), config.requant_lanes),
        }
    )


class Requantise(Holder):
    """Requantise Q accumulators a cycle, each with the parameters of its channel.

    Parameters
    ----------
    config : ArrayConfig
        Gives Q, the formats and the rounding modes.

    Members
    -------
    i : In(stream of Q accumulators and Q PARAM records)
    rounding, zero_point, low, high : In
        Fields of COMPUTE; still while values are in flight.
    o : Out(stream of Q codes)
        In the order of `i`.

    Timing
    ------
    Latency `latency_cycles`; one payload a cycle; stops while ``o`` is valid and not ready.

    Golden: :func:`intaglio.spec.quant.requantise`.
    """

    latency_cycles = RequantiseLane.latency_cycles

    def __init__(self, config: ArrayConfig) -> None:
        self.config = config
        self.lane = RequantiseLane(config)
        self.parts = (self.lane,)
        super().__init__(
            {
                "i": In(stream.Signature(scaled_layout(config))),
                "rounding": In(field_shape(config, "rounding")),
                "zero_point": In(field_shape(config, "zero_point")),
                "low": In(field_shape(config, "low")),
                "high": In(field_shape(config, "high")),
                "o": Out(stream.Signature(outs_layout(config))),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        move = Signal()
        valid = Signal(self.latency_cycles)
        m.d.comb += [
            move.eq(~self.o.valid | self.o.ready),
            self.i.ready.eq(move),
            self.o.valid.eq(valid[-1]),
        ]
        with m.If(move):
            m.d.sync += valid.eq(valid << 1 | self.i.valid)

        for q in range(self.config.requant_lanes):
            param = self.i.payload.param[q]
            m.submodules[f"lane_{q}"] = instance(
                self.lane,
                move=move,
                acc=self.i.payload.acc[q],
                bias=param.bias,
                multiplier=param.multiplier,
                shift=param.shift,
                rounding=self.rounding,
                zero_point=self.zero_point,
                low=self.low,
                high=self.high,
                out=self.o.payload[q],
            )
        return m
