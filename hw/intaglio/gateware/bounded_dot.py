"""Minifloat products accumulated in a float that their bound keeps normal: no special cases."""

from __future__ import annotations

from amaranth import Cat, Const, Module, Mux, Signal, Value
from amaranth.hdl import unsigned
from amaranth.lib import stream
from amaranth.lib.wiring import In, Out

from intaglio.gateware.component import Component
from intaglio.gateware.minifloat import multiply
from intaglio.gateware.minifloat_dot import dot_layout
from intaglio.gateware.rounding import leading_zeros
from intaglio.gateware.stages import Stages, handshake
from intaglio.spec.codes import accumulator_format
from intaglio.spec.codes_minifloat import Minifloat
from intaglio.spec.errors import ConfigError, Finding
from intaglio.spec.ieee import IeeeFormat

GUARD_BITS = 2


class BoundedFloatDot(Component):
    """Accumulate minifloat products in an IEEE format, for sums that cannot leave its normals.

    acc <- RNE((+0 if first else acc) + act * wgt), rounded once. Products are whole multiples of
    2**q, q = act.quantum + wgt.quantum, and so is every sum, rounded or not; with `terms` products
    it is below 2**(q + b - 1), b the bits of the exact sum. Where both are normal numbers of `acc`
    no subnormal, infinity or NaN can come, and exponents need as many bits as b has values. The
    results are those of ``MinifloatFloatDot``, to the bit.

    Parameters
    ----------
    act, wgt : Minifloat
        Formats of the operands.
    acc : IeeeFormat
        Format of the accumulator.
    terms : int
        Products of the longest sum.

    Members
    -------
    i : In(stream of act, wgt, first, last)
        `first` starts from 0; `last` puts the sum out.
    o : Out(stream of acc codes)

    Timing
    ------
    Latency `latency_cycles` from the last payload of a sum: product, its normalisation, the sum in
    one long cycle; one payload a cycle; stops while ``o`` is valid and not ready.

    Raises
    ------
    ConfigError
        E402: a sum can be subnormal or infinite in `acc`.

    Golden: :func:`intaglio.golden.minifloat.float_dot`.
    """

    latency_cycles = 3

    def __init__(self, act: Minifloat, wgt: Minifloat, acc: IeeeFormat, terms: int) -> None:
        self.act, self.wgt, self.acc = act, wgt, acc
        self.quantum = act.quantum + wgt.quantum
        self.top = accumulator_format(wgt, act, terms).bits  # exponents above the quantum
        highest = (1 << (acc.exponent_bits - 1)) - 1
        if self.quantum < acc.least_exponent or self.quantum + self.top > highest:
            raise ConfigError(
                Finding(
                    "E402",
                    f"sums of {terms} products of {act} and {wgt} can leave the normals of {acc}",
                    where="acc",
                    have=f"2**{self.quantum} to 2**{self.quantum + self.top}",
                    need=f"2**{acc.least_exponent} to 2**{highest}",
                    help="take a wider accumulator, or one with subnormals and infinity",
                )
            )
        super().__init__(
            {
                "i": In(stream.Signature(dot_layout(act.bits, wgt.bits, 1))),
                "o": Out(stream.Signature(unsigned(acc.bits))),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        pipe = Stages(m, self.i.valid, handshake(m, self))
        codes = self.i.payload
        precision = self.acc.precision

        # 1: the product; a zero has no sign.
        negative, product, shift = multiply(m, codes.act[0], codes.wgt[0], self.act, self.wgt)
        negative, product, shift, first, last = pipe.cut(
            negative & product.any(), product, shift, codes.first, codes.last
        )

        # 2: its leading bit on top; 0 keeps the exponent 0.
        zeros = leading_zeros(m, product)[: (len(product) - 1).bit_length()]
        moved = Signal(len(product))
        place = Signal(range(self.top + 1))
        m.d.comb += [
            moved.eq(product << zeros),
            place.eq(Mux(product.any(), shift + (len(product) - 1) - zeros, 0)),
        ]
        negative, significand, exponent, first, last = pipe.cut(negative, moved, place, first, last)

        # 3: the sum. The accumulator is what `o` gives, its exponent counted from the quantum.
        sign, power = Signal(reset_less=True), Signal(place.shape(), reset_less=True)
        mantissa, filled = Signal(precision - 1, reset_less=True), Signal(reset_less=True)
        y_power, y = Signal(power.shape()), Signal(precision)
        m.d.comb += [
            y_power.eq(Mux(first, 0, power)),
            y.eq(Mux(first, 0, Cat(mantissa, filled))),
        ]
        x = Cat(Const(0, precision - len(significand)), significand)
        below, number, above = self._add(m, (negative, exponent, x), (sign & ~first, y_power, y))
        lost = len(number) - precision
        up = number[lost - 1] & (number[: lost - 1].any() | number[lost])
        rounded = Signal(precision - 1 + len(power))
        m.d.comb += rounded.eq(Cat(number[lost:-1], above) + up)
        with m.If(pipe.move & pipe.valid):
            m.d.sync += [
                sign.eq(below),
                mantissa.eq(rounded[: precision - 1]),
                power.eq(Mux(number[-1], rounded[precision - 1 :], 0)),
                filled.eq(number[-1]),
            ]
        (last,) = pipe.cut(last)
        field = Mux(filled, power + (self.quantum + self.acc.bias), 0)[: self.acc.exponent_bits]
        m.d.comb += [
            self.o.payload.eq(Cat(mantissa, field, sign)),
            self.o.valid.eq(pipe.valid & last),
        ]
        return m

    def _add(
        self, m: Module, x: tuple[Value, Value, Value], y: tuple[Value, Value, Value]
    ) -> tuple[Value, Value, Value]:
        """Return sign, significand with its leading bit on top, and exponent of x + y.

        Each operand is (negative, exponent, significand).
        """
        width = self.acc.precision
        swap, difference = Signal(), Signal(Value.cast(x[1] - y[1]).shape())
        m.d.comb += [difference.eq(x[1] - y[1]), swap.eq(difference[-1])]
        far = Signal(range(self.top + 2))
        distance = Signal(range(width + GUARD_BITS + 1))
        big, small = Signal(width), Signal(width + GUARD_BITS)
        power = Signal(y[1].shape())
        differ = x[0] ^ y[0]
        m.d.comb += [
            far.eq(Mux(swap, -difference, difference)),
            distance.eq(Mux(far > width + GUARD_BITS, width + GUARD_BITS, far)),
            big.eq(Mux(swap, y[2], x[2])),
            small.eq(Cat(Const(0, GUARD_BITS), Mux(swap, x[2], y[2]))),
            power.eq(Mux(swap, y[1], x[1])),
        ]
        kept, mask = Signal(len(small)), Signal(len(small))
        m.d.comb += [kept.eq(small >> distance), mask.eq((Const(1, 1) << distance) - 1)]
        one = Cat(Const(0, GUARD_BITS + 1), big)
        two = Cat((small & mask).any(), kept)
        result = Signal(len(one) + 2)
        m.d.comb += result.eq(Mux(differ, one - two, one + two))
        magnitude = Signal(len(one) + 1)
        m.d.comb += magnitude.eq(Mux(result[-1], -result, result))
        zeros = leading_zeros(m, magnitude)[: (len(magnitude) - 1).bit_length()]
        number, above = Signal(len(magnitude)), Signal(len(power))
        m.d.comb += [number.eq(magnitude << zeros), above.eq(power + 1 - zeros)]
        negative = Mux(swap, y[0], x[0]) ^ result[-1]
        return negative & magnitude.any(), number, above
