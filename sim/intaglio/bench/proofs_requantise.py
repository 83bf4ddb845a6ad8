"""Proofs of the requantiser in every rounding mode."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from intaglio.bench import proof_requantise_float
from intaglio.bench.late_z3 import z3
from intaglio.bench.proof import Proof, Step
from intaglio.bench.proof_claims import arrives, resets
from intaglio.bench.proof_gates import Gates, Trace
from intaglio.bench.proof_requantise import (
    FACTORS,
    LANE,
    MULTIPLIER_BITS,
    PRODUCT,
    SHIFT_BITS,
    clamps,
    factor_at,
    fields_of,
    finished,
    half_even,
    traced,
    within,
)
from intaglio.bench.proof_solve import Claim, Solved
from intaglio.bench.proof_terms import constant, extended
from intaglio.gateware.requantise import Requantise
from intaglio.gateware.wide_multiplier import PIECE
from intaglio.spec.formats import INT32
from intaglio.spec.quant import (
    MULTIPLIER_FRACTION_BITS,
    SHIFTS,
    Rounding,
)


def _modes(component: Requantise) -> list[Rounding]:
    return [mode for mode in component.config.roundings if mode is not Rounding.FP32_RNE]


def _front(component: Requantise, gates: Gates) -> Iterator[Claim]:
    """The factor is the magnitude of acc + bias, as the mode shifts or rounds it first."""
    bits = component.config.acc.bits
    exact, shift = fields_of(component, gates)
    least, most = -(1 << bits - 1), (1 << bits - 1) - 1
    given = [exact >= least, exact <= most]
    plain = extended(exact, bits)
    for mode in _modes(component):
        trace = traced(component, gates, {}, int(mode))
        x = plain
        if mode is Rounding.DOUBLE:
            left = z3.If(shift > 0, extended(shift, bits), constant(0, bits))
            x = extended(extended(plain << left, INT32.bits), bits)
        case = [*given, within(shift, SHIFTS)]
        size = z3.If(x < 0, -x, x)
        yield Claim(f"factor, mode {mode:d}", factor_at(trace, gates) == size, case)
        sign = trace.at(FACTORS, f"{LANE}negative_4") == z3.If(
            x < 0, constant(1, 1), constant(0, 1)
        )
        yield Claim(f"sign, mode {mode:d}", sign, case)
    if Rounding.FP32_RNE in component.config.roundings:
        yield from proof_requantise_float.front(component, gates, plain, given)


def _multiplied(component: Requantise, gates: Gates) -> Iterator[Claim]:
    """The product of the factors is the sum of the products of their pieces of 16 bits."""
    lets = {
        FACTORS: {
            name: z3.BitVec(name, gates.wires[LANE + name].size())
            for name in ("low_4", "high_4", "factor_4", "multiplier_3")
            if LANE + name in gates.wires
        }
    }
    trace = traced(component, gates, lets, z3.BitVec("rounding", 3))
    a, b = factor_at(trace, gates), trace.at(FACTORS, f"{LANE}multiplier_3")
    product = trace.at(PRODUCT, f"{LANE}scale.product_4")
    width, size = product.size(), PIECE.bits
    form = 2 * size + 2
    total = constant(0, width)
    for i in range(0, a.size(), size):
        for j in range(0, b.size(), size):
            parts = [
                extended(z3.Extract(min(at + size, v.size()) - 1, at, v), form, False)
                for v, at in ((a, i), (b, j))
            ]
            piece = z3.Extract(2 * size - 1, 0, parts[0] * parts[1])
            total = total + (extended(piece, width, False) << (i + j))
    low, high = ((size - 1, 0), (width - 1, size))
    yield Claim("lowest piece", z3.Extract(*low, product) == z3.Extract(*low, total))
    goal = z3.Extract(*high, product) == z3.Extract(*high, total)
    yield Claim("sum of the pieces", goal, free_products=True)


def _back(component: Requantise, gates: Gates) -> Iterator[Claim]:
    """Whatever the product, it is rounded by the mode, offset and clamped; a case a shift."""
    bits = component.config.acc.bits
    wide = bits + MULTIPLIER_BITS + 4
    product = z3.BitVec("product", gates.wires[f"{LANE}scale.product_4"].size())
    sign = z3.BitVec("negative", 1)
    lets = {PRODUCT: {"scale.product_4": product, "negative_8_3": sign}}
    _, shift = fields_of(component, gates)
    size = extended(product, wide, False)
    for mode in _modes(component):
        most = 1 << (INT32.bits if mode is Rounding.DOUBLE else bits) - 1 + MULTIPLIER_FRACTION_BITS
        given = [*clamps(component), z3.ULE(size, most)]
        trace = traced(component, gates, lets, int(mode))
        out = trace.at(component.latency_cycles, "o__payload")
        for amount in SHIFTS:
            value = z3.If(sign == 1, -size, size)
            code = finished(component, _RULES[mode](value, amount))
            here = z3.substitute(out, (shift, constant(amount, SHIFT_BITS)))
            yield Claim(f"mode {mode:d}, shift {amount}", here == code, given)


def _up(value: Any, amount: int) -> Any:
    """Round once, ties up."""
    t = MULTIPLIER_FRACTION_BITS - amount
    return (value + (1 << t - 1)) >> t


def _away(value: Any, amount: int) -> Any:
    """Round once, ties away from zero."""
    return z3.If(value < 0, -_up(-value, amount), _up(value, amount))


def _even(value: Any, amount: int) -> Any:
    """Round once, ties to even."""
    t = MULTIPLIER_FRACTION_BITS - amount
    return z3.If(value < 0, -half_even(-value, t), half_even(value, t))


def _double(value: Any, amount: int) -> Any:
    """Round to 31 bits, ties up, then by the shift, ties away from zero."""
    once = (value + (1 << MULTIPLIER_FRACTION_BITS - 1)) >> MULTIPLIER_FRACTION_BITS
    right = max(-amount, 0)
    half = (1 << right) >> 1
    return z3.If(once < 0, -((-once + half) >> right), (once + half) >> right)


_RULES: dict[Rounding, Callable[[Any, int], Any]] = {
    Rounding.DOUBLE: _double,
    Rounding.SINGLE_UP: _up,
    Rounding.SINGLE_AWAY: _away,
    Rounding.I64_Q15: _up,  # with a multiplier that is rounded already
    Rounding.SINGLE_RNE: _even,
}


def _flow(component: Requantise, gates: Gates) -> Iterator[Claim]:
    """As of every unit, but a payload that waits does so after a cycle in the same mode.

    Registers that a mode holds at 0 are there from its first cycle on, whether values move or not.
    """
    trace = Trace(gates, rounding=z3.BitVec("rounding", gates.inputs["rounding"].size()))
    trace.cycle()
    trace.cycle(o__ready=0)
    trace.cycle(o__ready=0)
    waits = [trace.at(1, "o__valid") == 1]
    yield Claim("a unit that waits takes nothing", trace.at(1, "i__ready") == 0, waits)
    kept = [before == after for before, after in trace.registers(1, 2)]
    yield Claim("a unit that waits keeps its registers", z3.And(*kept), waits)
    yield from arrives(component, gates)
    yield from resets(component, gates)


def _steps(component: Requantise) -> Sequence[Step]:
    steps: list[Step] = [Solved(_front), Solved(_multiplied), Solved(_back, state="composed")]
    if Rounding.FP32_RNE in component.config.roundings:
        steps += [Solved(proof_requantise_float.back), Solved(proof_requantise_float.places)]
    return (*steps, Solved(_flow, state=""))


_WHY = (
    "Stage by stage, each for any content of the registers before it. The factor is the magnitude "
    "of acc + bias, shifted or rounded as the mode says. The product of the factors is the sum of "
    "the products of their pieces of 16 bits at their places, which is what a product is; the "
    "pieces are multiplied by the operator of the definition. Any product of that range, as a free "
    "value, is rounded, offset and clamped as the mode says: a case for each shift."
)
PROOFS = (
    Proof("requantise", "int8", _steps, _WHY),
    Proof("requantise", "int16", _steps, _WHY),
)
