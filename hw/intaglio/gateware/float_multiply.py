"""Pieces of IEEE multiplication: normalise, multiply, round."""

from __future__ import annotations

from amaranth import Cat, Const, Module, Mux, Signal

from intaglio.gateware.float_add import Parts, normalise, pack, settle, special, unpack
from intaglio.gateware.stages import Stages
from intaglio.spec.ieee import IeeeFormat


def operand(m: Module, code: Signal, form: IeeeFormat) -> Parts:
    """Return the parts of a factor, subnormals normalised."""
    return normalise(m, unpack(code, form, form.precision), form.least_exponent)


def product(m: Module, x: Parts, y: Parts, width: int, least: int) -> Parts:
    """Return the exact product of normalised factors, filled up with zeros to `width` bits.

    Zero has the exponent `least`; infinity times 0 is NaN.
    """
    exact = Signal(len(x.significand) + len(y.significand))
    m.d.comb += exact.eq(x.significand * y.significand)
    top = exact[-1]
    significand = Mux(top, exact, exact << 1)[: len(exact)]
    exponent = Mux(exact.any(), x.exponent + y.exponent + top, least)
    infinite = x.infinite | y.infinite
    nothing = (~x.significand.any() & ~x.infinite) | (~y.significand.any() & ~y.infinite)
    return Parts(
        x.negative ^ y.negative,
        exponent,
        Cat(Const(0, width - len(exact)), significand),
        infinite,
        x.nan | y.nan | (infinite & nothing),
    )


def rounded(m: Module, pipe: Stages, numbers: list[Parts], form: IeeeFormat) -> list[Parts]:
    """Return each number rounded to `form`; one stage of `pipe` ends."""
    settled = [settle(m, number, form, _below(form)) for number in numbers]
    pipe.step()
    done = []
    for n, (number, result) in enumerate(zip(numbers, settled, strict=True)):
        significand, above = pipe.keep(*result)
        negative, infinite, nan = pipe.keep(number.negative, number.infinite, number.nan)
        code = Signal(form.bits, name=f"rounded_{n}")
        finite = pack(m, negative, significand, above, form)
        m.d.comb += code.eq(special(finite, negative, infinite, nan, form))
        done.append(unpack(code, form, form.precision))
    return done


def _below(form: IeeeFormat) -> int:
    """Return how far a product of two numbers of `form` may lie below its normal numbers."""
    return form.least_exponent - 2 * form.quantum
