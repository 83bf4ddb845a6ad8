"""FP8 and FP4 products: decode, multiply significands, shift into place."""

from __future__ import annotations

from amaranth import Cat, Module, Mux, Signal, Value
from amaranth.hdl import signed
from amaranth.lib import data, stream
from amaranth.lib.wiring import In, Out

from intaglio.gateware.component import Component
from intaglio.gateware.layout import shape
from intaglio.gateware.stages import Stages, handshake
from intaglio.spec.codes import accumulator_format
from intaglio.spec.codes_minifloat import Minifloat, product_bits


def decode(code: Value, form: Minifloat) -> tuple[Value, Value, Value]:
    """Return (negative, significand, shift): integer = (-1)**negative * significand << shift."""
    mantissa = code[: form.mantissa_bits]
    exponent = code[form.mantissa_bits : form.bits - 1]
    hidden = exponent.any()
    return code[form.bits - 1], Cat(mantissa, hidden), Mux(hidden, exponent - 1, 0)[:-1]


def multiply(
    m: Module, act: Value, wgt: Value, fa: Minifloat, fw: Minifloat
) -> tuple[Value, Value, Value]:
    """Return (negative, product of the significands, sum of the shifts) of two codes."""
    a_negative, a, a_shift = decode(act, fa)
    w_negative, w, w_shift = decode(wgt, fw)
    product = Signal(fa.significand_bits + fw.significand_bits)
    shift = Signal(range(fa.greatest_shift + fw.greatest_shift + 1))
    m.d.comb += [product.eq(a * w), shift.eq(a_shift + w_shift)]
    return a_negative ^ w_negative, product, shift


def place(m: Module, parts: tuple[Value, ...], fa: Minifloat, fw: Minifloat) -> Value:
    """Return the signed integer of what :func:`multiply` returned."""
    negative, product, shift = parts
    magnitude = Signal(product_bits(fa, fw))
    result = Signal(shape(accumulator_format(fw, fa, 1)))
    m.d.comb += [
        magnitude.eq(product << shift),
        result.eq(Mux(negative, -magnitude, magnitude)),
    ]
    return result


class MinifloatProduct(Component):
    """Multiply two minifloat codes exactly.

    o = integer(act) * integer(wgt), in units of 2**(act.quantum + wgt.quantum).

    Parameters
    ----------
    act, wgt : Minifloat
        Formats of the operands; the biases change nothing.

    Members
    -------
    i : In(stream of act, wgt)
        Codes.
    o : Out(stream of a signed integer)
        1 + (Ma + 1) + (Mw + 1) + (2**Ea - 2) + (2**Ew - 2) bits.

    Timing
    ------
    Latency `latency_cycles`; one product a cycle; stops while ``o`` is valid and not ready.

    Golden: :func:`intaglio.golden.minifloat.products`.
    """

    latency_cycles = 2

    def __init__(self, act: Minifloat, wgt: Minifloat) -> None:
        self.act, self.wgt = act, wgt
        pair = data.StructLayout({"act": act.bits, "wgt": wgt.bits})
        result = signed(product_bits(act, wgt) + 1)
        super().__init__({"i": In(stream.Signature(pair)), "o": Out(stream.Signature(result))})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        pipe = Stages(m, self.i.valid, handshake(m, self))
        codes = self.i.payload
        parts = pipe.cut(*multiply(m, codes.act, codes.wgt, self.act, self.wgt))
        (result,) = pipe.cut(place(m, parts, self.act, self.wgt))
        m.d.comb += [self.o.payload.eq(result), self.o.valid.eq(pipe.valid)]
        return m
