"""Exponent unit of shared-exponent integers: find the shift of a tensor, then apply it."""

from __future__ import annotations

from functools import reduce
from operator import or_

from amaranth import Module, Mux, Signal, Value
from amaranth.hdl import signed
from amaranth.lib import data, stream
from amaranth.lib.wiring import In, Out

from intaglio.gateware.component import Component
from intaglio.gateware.rounding import leading_zeros, shift_right
from intaglio.gateware.stages import Stages, handshake
from intaglio.spec.formats import INT32


def _magnitude(value: Value) -> Value:
    """Return |value|, as wide as `value`."""
    return Mux(value < 0, -value, value)[: len(value)]


class ExponentScan(Component):
    """Find the right shift that makes the accumulators of a tensor fit shared-exponent codes.

    o = max(0, bit length of max|value| - (bits - 1)) over all payloads to `last`. The magnitudes
    are ORed: their OR has the bit length of their maximum.

    Parameters
    ----------
    lanes : int
        Accumulators in a payload.
    bits : int
        Width of the codes.

    Members
    -------
    i : In(stream of lanes 32-bit values, last)
    o : Out(stream of the shift)
        Added to the tensor's exponent it gives that of the codes.

    Timing
    ------
    Latency `latency_cycles` from the last payload of a tensor; one payload a cycle; stops while
    ``o`` is valid and not ready.

    Golden: :func:`intaglio.spec.codes_dfp.scan_shift`.
    """

    latency_cycles = 3

    def __init__(self, lanes: int = 4, bits: int = 16) -> None:
        self.lanes, self.bits = lanes, bits
        self.greatest = INT32.bits - (bits - 1)
        values = data.ArrayLayout(signed(INT32.bits), lanes)
        payload = data.StructLayout({"value": values, "last": 1})
        super().__init__(
            {
                "i": In(stream.Signature(payload)),
                "o": Out(stream.Signature(range(self.greatest + 1))),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        pipe = Stages(m, self.i.valid, handshake(m, self))
        values = self.i.payload.value
        some = reduce(or_, [_magnitude(values[n]) for n in range(self.lanes)])
        found, last = pipe.cut(some, self.i.payload.last)
        seen = Signal(INT32.bits)
        both = seen | found
        with m.If(pipe.move & pipe.valid):
            m.d.sync += seen.eq(Mux(last, 0, both))
        both, last = pipe.cut(both, last)
        length = INT32.bits - leading_zeros(m, both)
        shift = Signal(range(self.greatest + 1))
        m.d.comb += shift.eq(Mux(length > self.bits - 1, length - (self.bits - 1), 0))
        result, last = pipe.cut(shift, last)
        m.d.comb += [self.o.payload.eq(result), self.o.valid.eq(pipe.valid & last)]
        return m


class ExponentShift(Component):
    """Shift accumulators to shared-exponent codes, ties to even, saturated.

    o = clip(RNE(value / 2**shift), -limit, limit), limit = 2**(bits - 1) - 1.

    Parameters
    ----------
    lanes : int
        Accumulators in a payload.
    bits : int
        Width of the codes.

    Members
    -------
    i : In(stream of lanes 32-bit values)
    shift : In
        What :class:`ExponentScan` found; still while values are in flight.
    o : Out(stream of lanes codes)

    Timing
    ------
    Latency `latency_cycles`; one payload a cycle; stops while ``o`` is valid and not ready.

    Golden: :func:`intaglio.spec.codes_dfp.down_convert`.
    """

    latency_cycles = 3

    def __init__(self, lanes: int = 4, bits: int = 16) -> None:
        self.lanes, self.bits = lanes, bits
        super().__init__(
            {
                "i": In(stream.Signature(data.ArrayLayout(signed(INT32.bits), lanes))),
                "shift": In(range(INT32.bits - (bits - 1) + 1)),
                "o": Out(stream.Signature(data.ArrayLayout(signed(bits), lanes))),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        pipe = Stages(m, self.i.valid, handshake(m, self))
        values = [self.i.payload[n] for n in range(self.lanes)]
        pairs = [(value < 0, _magnitude(value)) for value in values]
        pipe.step()
        shifted = []
        for negative, magnitude in [pipe.keep(*pair) for pair in pairs]:
            whole, guard, sticky = shift_right(m, magnitude, self.shift)
            shifted.append((negative, whole, guard & (sticky | whole[0])))
        pipe.step()
        kept = [pipe.keep(*parts) for parts in shifted]
        limit = (1 << (self.bits - 1)) - 1
        codes = []
        for negative, whole, up in kept:
            rounded = whole + up
            size = Mux(rounded > limit, limit, rounded)[: self.bits]
            codes.append(Mux(negative, -size, size)[: self.bits])
        codes = list(pipe.cut(*codes))
        m.d.comb += [self.o.payload[n].eq(code) for n, code in enumerate(codes)]
        m.d.comb += self.o.valid.eq(pipe.valid)
        return m
