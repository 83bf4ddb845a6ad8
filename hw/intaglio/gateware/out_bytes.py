"""Output codes as bytes of words."""

from __future__ import annotations

from amaranth import Cat, Module, Mux, Signal
from amaranth.lib import stream
from amaranth.lib.wiring import In, Out

from intaglio.gateware.component import Component
from intaglio.gateware.layout import field_shape
from intaglio.gateware.words import outs_layout
from intaglio.spec.config import ArrayConfig
from intaglio.spec.formats import BYTE
from intaglio.spec.lane import Precision


class OutBytes(Component):
    """Turn Q codes into Q bytes: codes of 4 bits into both halves of one, of 16 bits into two.

    Parameters
    ----------
    config : ArrayConfig
        Gives Q and the widths.

    Members
    -------
    precision : In
        Field of COMPUTE: `out_precision`; still while codes are in flight.
    i : In(stream of Q codes, always ready)
        Of 16 bits, every other cycle at most.
    o : Out(stream of Q bytes, always ready)
        Of 16 bits, those of the first codes at once, the others in the next cycle.

    Timing
    ------
    Latency 0.

    Golden: the bytes of numpy codes; within the rows of the drain.
    """

    def __init__(self, config: ArrayConfig) -> None:
        self.config = config
        super().__init__(
            {
                "precision": In(field_shape(config, "out_precision")),
                "i": In(stream.Signature(outs_layout(config), always_ready=True)),
                "o": Out(stream.Signature(BYTE * config.requant_lanes, always_ready=True)),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        count = self.config.requant_lanes
        codes = [self.i.payload[q].as_unsigned() for q in range(count)]
        narrow = self.precision == Precision.BITS4
        plain = Cat(*(Mux(narrow, code[:4].replicate(2), code[:BYTE]) for code in codes))
        m.d.comb += [self.o.valid.eq(self.i.valid), self.o.payload.eq(plain)]
        if 16 not in self.config.lanes.widths:
            return m
        bytes_ = Cat(*codes)
        rest = Signal(BYTE * count, reset_less=True)
        more = Signal()
        double = self.precision == Precision.BITS16
        m.d.sync += more.eq(self.i.valid & double)
        with m.If(self.i.valid):
            m.d.sync += rest.eq(bytes_[BYTE * count :])
        with m.If(double):
            m.d.comb += [
                self.o.valid.eq(self.i.valid | more),
                self.o.payload.eq(Mux(more, rest, bytes_)),
            ]
        return m
