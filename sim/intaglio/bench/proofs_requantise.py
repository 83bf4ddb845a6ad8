"""Proofs of the requantiser in every rounding mode."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from intaglio.bench.late_z3 import z3
from intaglio.bench.proof import Proof, Step
from intaglio.bench.proof_claims import arrives, resets
from intaglio.bench.proof_gates import Gates, Trace
from intaglio.bench.proof_solve import Claim, Solved
from intaglio.bench.proof_terms import constant, extended, field
from intaglio.gateware.requantise import Requantise
from intaglio.gateware.wide_multiplier import PIECE
from intaglio.spec.commands import PARAM
from intaglio.spec.formats import INT32
from intaglio.spec.quant import (
    FP32_MANTISSA_BITS,
    FP32_SHIFTS,
    MULTIPLIER_FRACTION_BITS,
    SHIFTS,
    Rounding,
)

LANE = "lane_0."
FACTORS, PRODUCT = 4, 8  # cycles to the registers of the factors, and to that of the product
MULTIPLIER_BITS = MULTIPLIER_FRACTION_BITS + 1
SHIFT_BITS = {field.name: field.format.bits for field in PARAM.fields}["shift"]


def _trace(
    component: Requantise, gates: Gates, lets: dict[int, dict[str, Any]], rounding: Any
) -> Trace:
    payload = _payload(gates)
    held = {name: z3.BitVec(name, 16) for name in ("zero_point", "low", "high")}
    trace = Trace(gates, o__ready=1, rounding=rounding, **held)
    for n in range(component.latency_cycles + 1):
        for name, value in lets.get(n, {}).items():
            trace.let(LANE + name, value)
        trace.cycle(**({"i__payload": payload, "i__valid": 1} if n == 0 else {}))
    return trace


def _payload(gates: Gates) -> Any:
    """Return a free payload of one lane, whose highest field is the shift."""
    width = gates.inputs["i__payload"].size()
    return z3.Concat(z3.BitVec("shift", SHIFT_BITS), z3.BitVec("below", width - SHIFT_BITS))


def _fields(component: Requantise, gates: Gates) -> tuple[Any, Any]:
    """Return acc + bias in two bits more, and the shift."""
    payload, shape = _payload(gates), component.i.payload.shape()
    wide = component.config.acc.bits + 2
    bias = extended(field(payload, shape, "param", 0, "bias"), wide)
    acc = extended(field(payload, shape, "acc", 0), wide)
    return acc + bias, z3.BitVec("shift", SHIFT_BITS)


def _within(value: Any, span: range) -> Any:
    return z3.And(value >= span.start, value < span.stop)


def _modes(component: Requantise) -> list[Rounding]:
    return [mode for mode in component.config.roundings if mode is not Rounding.FP32_RNE]


def _factor(trace: Trace, gates: Gates) -> Any:
    if f"{LANE}factor_4" in gates.wires:
        return trace.at(FACTORS, f"{LANE}factor_4")
    return z3.Concat(trace.at(FACTORS, f"{LANE}high_4"), trace.at(FACTORS, f"{LANE}low_4"))


def _front(component: Requantise, gates: Gates) -> Iterator[Claim]:
    """The factor is the magnitude of acc + bias, as the mode shifts or rounds it first."""
    bits = component.config.acc.bits
    exact, shift = _fields(component, gates)
    least, most = -(1 << bits - 1), (1 << bits - 1) - 1
    given = [exact >= least, exact <= most]
    plain = extended(exact, bits)
    for mode in _modes(component):
        trace = _trace(component, gates, {}, int(mode))
        x = plain
        if mode is Rounding.DOUBLE:
            left = z3.If(shift > 0, extended(shift, bits), constant(0, bits))
            x = extended(extended(plain << left, INT32.bits), bits)
        case = [*given, _within(shift, SHIFTS)]
        size = z3.If(x < 0, -x, x)
        yield Claim(f"factor, mode {mode:d}", _factor(trace, gates) == size, case)
        sign = trace.at(FACTORS, f"{LANE}negative_4") == z3.If(
            x < 0, constant(1, 1), constant(0, 1)
        )
        yield Claim(f"sign, mode {mode:d}", sign, case)
    if Rounding.FP32_RNE in component.config.roundings:
        yield from _front_single(component, gates, plain, given)


def _front_single(component: Requantise, gates: Gates, x: Any, given: list[Any]) -> Iterator[Claim]:
    """As float32, the magnitude has 24 bits, and stands as high as it goes."""
    bits = component.config.acc.bits
    trace = _trace(component, gates, {}, int(Rounding.FP32_RNE))
    size = z3.If(x < 0, -x, x)
    factor, up = _factor(trace, gates), trace.at(FACTORS, f"{LANE}up_4")
    wide = bits + 2
    raised = extended(up, wide, False)
    sign = trace.at(FACTORS, f"{LANE}negative_4") == z3.Extract(bits - 1, bits - 1, x)
    yield Claim("sign, mode 4", sign, given)
    yield Claim("factor, mode 4, 0", factor == 0, [*given, size == 0])
    for top in range(bits):
        case = [*given, z3.Extract(top, top, size) == 1, z3.LShR(size, top) == 1]
        drop = max(top + 1 - FP32_MANTISSA_BITS, 0)
        near = _half_even(extended(size, wide, False), drop) << drop
        goal = extended(factor, wide, False) == near << raised
        yield Claim(f"factor, mode 4, top bit {top}", goal, case)
        normal = z3.And(z3.UGE(factor, 1 << bits - 2), z3.ULE(factor, 1 << bits - 1))
        yield Claim(f"factor, mode 4, top bit {top}, place", normal, case)


def _half_even(value: Any, drop: int) -> Any:
    """Return value / 2**drop, ties to even; `value` is not negative."""
    if not drop:
        return value
    width = value.size()
    whole = z3.LShR(value, drop)
    rest = value - (whole << drop)
    half = constant(1 << drop - 1, width)
    tie = z3.And(rest == half, z3.Extract(0, 0, whole) == 1)
    return whole + z3.If(z3.Or(z3.UGT(rest, half), tie), constant(1, width), constant(0, width))


def _multiplied(component: Requantise, gates: Gates) -> Iterator[Claim]:
    """The product of the factors is the sum of the products of their pieces of 16 bits."""
    lets = {
        FACTORS: {
            name: z3.BitVec(name, gates.wires[LANE + name].size())
            for name in ("low_4", "high_4", "factor_4", "multiplier_3")
            if LANE + name in gates.wires
        }
    }
    trace = _trace(component, gates, lets, z3.BitVec("rounding", 3))
    a, b = _factor(trace, gates), trace.at(FACTORS, f"{LANE}multiplier_3")
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
    _, shift = _fields(component, gates)
    size = extended(product, wide, False)
    for mode in _modes(component):
        most = 1 << (INT32.bits if mode is Rounding.DOUBLE else bits) - 1 + MULTIPLIER_FRACTION_BITS
        given = [*_clamps(component), z3.ULE(size, most)]
        trace = _trace(component, gates, lets, int(mode))
        out = trace.at(component.latency_cycles, "o__payload")
        for amount in SHIFTS:
            value = z3.If(sign == 1, -size, size)
            code = _finished(component, _RULES[mode](value, amount))
            here = z3.substitute(out, (shift, constant(amount, SHIFT_BITS)))
            yield Claim(f"mode {mode:d}, shift {amount}", here == code, given)


def _clamps(component: Requantise) -> list[Any]:
    low, high = (z3.BitVec(name, 16) for name in ("low", "high"))
    form = component.config.out
    return [low <= high, low >= form.min, high <= form.max]


def _finished(component: Requantise, value: Any) -> Any:
    """Return the code of a rounded value: offset, clamped."""
    wide = value.size()
    zero_point, low, high = (
        extended(z3.BitVec(n, 16), wide) for n in ("zero_point", "low", "high")
    )
    offset = value + zero_point
    kept = z3.If(offset < low, low, z3.If(offset > high, high, offset))
    return extended(kept, component.config.out.bits)


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
    return z3.If(value < 0, -_half_even(-value, t), _half_even(value, t))


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


def _back_single(component: Requantise, gates: Gates) -> Iterator[Claim]:
    """The product, to 24 bits and then to an integer, ties to even each time.

    It stands `up` bits higher than acc * multiplier; a case each of how far it is shifted right.
    """
    bits = component.config.acc.bits
    wide = bits + MULTIPLIER_BITS + 40
    product = z3.BitVec("product", gates.wires[f"{LANE}scale.product_4"].size())
    sign, up = z3.BitVec("negative", 1), z3.BitVec("up", gates.wires[f"{LANE}up_4"].size())
    lets = {
        FACTORS: {"up_4": up},
        PRODUCT: {"scale.product_4": product, "negative_8_3": sign},
    }
    trace = _trace(component, gates, lets, int(Rounding.FP32_RNE))
    out = trace.at(component.latency_cycles, "o__payload")
    _, shift = _fields(component, gates)
    right = extended(up, 16, False) - extended(shift, 16)
    low_place = bits - 2 + FP32_MANTISSA_BITS - 1
    size = extended(product, wide, False)
    given = [*_clamps(component), _within(shift, FP32_SHIFTS), z3.ULE(up, bits - 1)]
    zero = _finished(component, constant(0, wide))
    yield Claim("mode 4, product 0", out == zero, [*given, product == 0])
    most = bits - 1 - FP32_SHIFTS.start
    for place in range(low_place, low_place + 2):
        top = [z3.Extract(place, place, product) == 1, z3.LShR(product, place) == 1]
        drop = place + 1 - FP32_MANTISSA_BITS
        near = _half_even(size, drop) << drop
        for amount in range(1 - FP32_SHIFTS.stop, most + 1):
            whole = _half_even(near, amount) if amount > 0 else near << -amount
            value = z3.If(sign == 1, -whole, whole)
            case = [*given, *top, right == amount]
            goal = out == _finished(component, value)
            yield Claim(f"mode 4, top bit {place}, right by {amount}", goal, case)


def _places(component: Requantise, gates: Gates) -> Iterator[Claim]:
    """A factor and a 24-bit multiplier at their places give a product of one of two lengths."""
    bits = component.config.acc.bits
    low, high = 1 << bits - 2, 1 << bits - 1
    a, b = z3.Ints("a b")
    least, most = 1 << FP32_MANTISSA_BITS - 1, 1 << FP32_MANTISSA_BITS
    given = [low <= a, a <= high, least <= b, b < most]
    yield Claim("least product", a * b >= low * least, given)
    yield Claim("greatest product", a * b < 1 << bits - 2 + FP32_MANTISSA_BITS + 1, given)


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
        steps += [Solved(_back_single), Solved(_places)]
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
