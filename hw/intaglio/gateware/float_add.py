"""Pieces of IEEE addition: unpack, align, add, round to nearest even with subnormals."""

from __future__ import annotations

from dataclasses import dataclass

from amaranth import Cat, Const, Module, Mux, Signal, Value

from intaglio.gateware.rounding import leading_zeros
from intaglio.gateware.stages import Stages
from intaglio.spec.ieee import IeeeFormat

# Bits kept below the larger operand beside the sticky bit: one may move up where the difference
# of normalised operands loses its leading bit, the other is then the guard bit.
GUARD_BITS = 2


@dataclass(frozen=True)
class Parts:
    """A number taken apart: (-1)**negative * significand * 2**(exponent - width + 1).

    The top bit of `significand` is 1 unless the number is 0 or subnormal in the sum's format.

    Parameters
    ----------
    negative, infinite, nan : Value
        Flags.
    exponent : Value
        Signed power of two of the top bit of `significand`.
    significand : Value
        Unsigned.
    """

    negative: Value
    exponent: Value
    significand: Value
    infinite: Value
    nan: Value

    def keep(self, pipe: Stages, name: str = "") -> Parts:
        """Return registers of `pipe` for all fields; `name` begins theirs, if it is not empty."""
        fields = {
            "negative": self.negative,
            "exponent": self.exponent,
            "significand": self.significand,
            "infinite": self.infinite,
            "nan": self.nan,
        }
        return Parts(*pipe.keep(*fields.values(), names=[f"{name}_{f}" for f in fields if name]))


def finite(negative: Value, exponent: Value, significand: Value) -> Parts:
    """Return the parts of a number that is neither infinite nor NaN."""
    return Parts(negative, exponent, significand, Const(0, 1), Const(0, 1))


def unpack(code: Value, form: IeeeFormat, width: int) -> Parts:
    """Return the parts of an IEEE code, its significand filled up with zeros to `width` bits.

    Subnormals keep the least exponent and leading zeros.
    """
    mantissa = code[: form.mantissa_bits]
    field = code[form.mantissa_bits : form.bits - 1]
    special = field.all()
    hidden = field.any()
    return Parts(
        code[form.bits - 1],
        (field + ~hidden - form.bias).as_signed(),
        Cat(Const(0, width - form.precision), mantissa, hidden),
        special & ~mantissa.any(),
        special & mantissa.any(),
    )


def normalise(m: Module, parts: Parts, least: int) -> Parts:
    """Return `parts` with the top bit of the significand set; 0 has the exponent `least`."""
    zeros = leading_zeros(m, parts.significand)
    shifted = Signal(len(parts.significand))
    m.d.comb += shifted.eq(parts.significand << zeros)
    exponent = Mux(parts.significand.any(), parts.exponent - zeros, least)
    return Parts(parts.negative, exponent, shifted, parts.infinite, parts.nan)


@dataclass(frozen=True)
class Aligned:
    """Two numbers at one exponent, the smaller one with a sticky bit below its guard bits."""

    big: Parts
    small_negative: Value
    small: Value
    nan: Value
    infinite: Value
    infinite_negative: Value

    def keep(self, pipe: Stages) -> Aligned:
        """Return registers of `pipe` for all fields."""
        flags = (self.nan, self.infinite, self.infinite_negative)
        return Aligned(self.big.keep(pipe), *pipe.keep(self.small_negative, self.small, *flags))


def align(m: Module, x: Parts, y: Parts) -> Aligned:
    """Return the operands of an addition at the larger of both exponents."""
    width = len(x.significand)
    swap = Signal()
    m.d.comb += swap.eq(y.exponent > x.exponent)
    difference = Signal(Value.cast(x.exponent - y.exponent).shape())
    m.d.comb += difference.eq(x.exponent - y.exponent)
    distance = Signal(range(width + GUARD_BITS + 1))
    far = Mux(swap, -difference, difference)
    m.d.comb += distance.eq(Mux(far > width + GUARD_BITS, width + GUARD_BITS, far))
    small = Signal(width + GUARD_BITS)
    m.d.comb += small.eq(Cat(Const(0, GUARD_BITS), Mux(swap, x.significand, y.significand)))
    kept = Signal(len(small))
    mask = Signal(len(small))
    m.d.comb += [kept.eq(small >> distance), mask.eq((Const(1, 1) << distance) - 1)]
    sticky = (small & mask).any()
    clash = x.infinite & y.infinite & (x.negative ^ y.negative)
    return Aligned(
        big=finite(
            Mux(swap, y.negative, x.negative),
            Mux(swap, y.exponent, x.exponent),
            Mux(swap, y.significand, x.significand),
        ),
        small_negative=Mux(swap, x.negative, y.negative),
        small=Cat(sticky, kept),
        nan=x.nan | y.nan | clash,
        infinite=x.infinite | y.infinite,
        infinite_negative=Mux(x.infinite, x.negative, y.negative),
    )


def total(m: Module, pair: Aligned) -> Parts:
    """Return the sum, its significand one bit wider at the top and with all guard bits below."""
    width = len(pair.small) + 1
    big = Cat(Const(0, GUARD_BITS + 1), pair.big.significand)
    differ = pair.big.negative ^ pair.small_negative
    result = Signal(width + 1)
    m.d.comb += result.eq(Mux(differ, big - pair.small, big + pair.small))
    below = result[-1]
    magnitude = Signal(width)
    m.d.comb += magnitude.eq(Mux(below, -result, result))
    negative = Mux(result.any(), pair.big.negative ^ below, pair.big.negative & pair.small_negative)
    return Parts(
        Mux(pair.infinite, pair.infinite_negative, negative),
        pair.big.exponent + 1,
        magnitude,
        pair.infinite,
        pair.nan,
    )


def settle(m: Module, number: Parts, form: IeeeFormat, below: int = 0) -> tuple[Value, Value]:
    """Return the significand with its leading bit on top as far as the least exponent allows.

    The second value is its exponent above the format's least one, 0 or more.

    Parameters
    ----------
    below : int
        How far the exponent may lie below the format's least one; 0: it never does.
    """
    exponent = number.exponent - form.least_exponent
    room: Value = Signal(exponent.shape())
    m.d.comb += room.eq(exponent)
    significand = number.significand
    if below:
        amount = Signal(range(below + 1))
        m.d.comb += amount.eq(Mux(room < 0, Mux(-room > below, below, -room), 0))
        mask = Signal(len(significand))
        moved = Signal(len(significand))
        m.d.comb += [
            mask.eq((Const(1, 1) << amount) - 1),
            moved.eq((significand >> amount) | (significand & mask).any()),
        ]
        significand, room = moved, Mux(room < 0, 0, room)
    zeros = leading_zeros(m, significand)
    shift = Signal(range(len(significand) + 1))
    m.d.comb += shift.eq(Mux(zeros > room, room, zeros))
    shifted = Signal(len(significand))
    m.d.comb += shifted.eq(significand << shift)
    above = Signal(len(Value.cast(room)) + 1)
    m.d.comb += above.eq(Mux(significand.any(), room - shift, 0))
    return shifted, above


def pack(m: Module, negative: Value, significand: Value, above: Value, form: IeeeFormat) -> Value:
    """Return the code of a settled finite number, rounded to nearest even; overflow is infinity."""
    lost = len(significand) - form.precision
    top, guard, sticky = significand[lost:], significand[lost - 1], significand[: lost - 1].any()
    up = guard & (sticky | top[0])
    # A subnormal has no hidden bit and a carry moves on to the next exponent: one sum does both.
    code = Signal(max(len(above), form.exponent_bits) + form.mantissa_bits + 2)
    m.d.comb += code.eq(Cat(Const(0, form.mantissa_bits), above) + top + up)
    kept = Mux(code >= form.infinity, form.infinity, code[: form.bits - 1])
    return Cat(kept[: form.bits - 1], negative)


def special(code: Value, negative: Value, infinite: Value, nan: Value, form: IeeeFormat) -> Value:
    """Return `code`, or the code of infinity or NaN where a flag says so."""
    endless = Cat(Const(form.infinity, form.bits - 1), negative)
    return Mux(nan, form.nan, Mux(infinite, endless, code))[: form.bits]


def add(
    m: Module, pipe: Stages, x: Parts, y: Parts, form: IeeeFormat, *carried: Value
) -> tuple[Value, ...]:
    """Return the code of RNE(x + y), and `carried` values that kept step with it.

    Three stages of `pipe` end: after alignment, after the sum and after its normalisation. The
    larger exponent may not lie below the least one of `form`: so it is where one operand is a
    number of `form`.
    """
    pair = align(m, x, y)
    pipe.step()
    pair, carried = pair.keep(pipe), pipe.keep(*carried)
    number = total(m, pair)
    pipe.step()
    number, carried = number.keep(pipe), pipe.keep(*carried)
    significand, above = settle(m, number, form)
    negative, infinite, nan, significand, above, *rest = pipe.cut(
        number.negative, number.infinite, number.nan, significand, above, *carried
    )
    code = pack(m, negative, significand, above, form)
    return special(code, negative, infinite, nan, form), *rest
