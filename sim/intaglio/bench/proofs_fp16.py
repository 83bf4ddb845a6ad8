"""Proofs of the two-way FP16 dot product."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from intaglio.bench.late_z3 import z3
from intaglio.bench.proof import Proof, Step
from intaglio.bench.proof_claims import flow
from intaglio.bench.proof_floats import EXPONENT_BITS, exact, rounded, sums
from intaglio.bench.proof_gates import Gates, Trace
from intaglio.bench.proof_loop import coded, loop, parts
from intaglio.bench.proof_solve import Claim, Solved
from intaglio.bench.proof_terms import constant, extended, field
from intaglio.gateware.fp16_dot import Fp16Dot
from intaglio.spec.ieee import FP16

PARTS = ("negative", "exponent", "significand", "infinite", "nan")
# A product of two normalised significands of 11 bits lies in [2**20, 2**22).
PRODUCT_BITS = 2 * FP16.precision
SPAN = (2 * FP16.quantum, 2 * FP16.bias + 1)


def _trace(component: Fp16Dot, gates: Gates, lets: dict[int, dict[str, Any]]) -> Trace:
    """Return the cycles of a free payload with registers let in some of them."""
    payload = z3.BitVec("payload", gates.inputs["i__payload"].size())
    trace = Trace(gates, o__ready=1)
    for n in range(component.latency_cycles + 1):
        for name, value in lets.get(n, {}).items():
            trace.let(name, value)
        trace.cycle(**({"i__payload": payload, "i__valid": 1} if n == 0 else {}))
    return trace


def _factors(component: Fp16Dot, gates: Gates) -> Iterator[Claim]:
    """Operands are normalised: their values stay."""
    trace = _trace(component, gates, {})
    payload, shape = (
        z3.BitVec("payload", gates.inputs["i__payload"].size()),
        component.i.payload.shape(),
    )
    for n in range(4):
        code = field(payload, shape, ("act", "wgt")[n % 2], n // 2)
        got = {name: trace.at(1, f"factor_{n}_{name}") for name in PARTS}
        number, magnitude = exact(code, FP16), z3.Extract(14, 0, code)
        yield Claim(f"sign {n}", got["negative"] == number.negative)
        yield Claim(f"infinity {n}", (got["infinite"] == 1) == (magnitude == FP16.infinity))
        yield Claim(f"NaN {n}", (got["nan"] == 1) == z3.UGT(magnitude, FP16.infinity))
        width = got["significand"].size()
        yield Claim(f"factor {n} is 0", got["significand"] == 0, [number.size == 0])
        for top in range(width):
            given = z3.And(z3.Extract(top, top, number.size) == 1, z3.LShR(number.size, top) == 1)
            same = got["significand"] == number.size << (width - 1 - top)
            place = extended(got["exponent"], EXPONENT_BITS) == number.exponent + top
            finite = magnitude != FP16.infinity
            yield Claim(
                f"factor {n}, top bit {top}",
                z3.And(same, place),
                [given, finite, z3.ULE(magnitude, FP16.infinity)],
            )


def _products(component: Fp16Dot, gates: Gates) -> Iterator[Claim]:
    """Products of normalised factors are exact and normalised."""
    free = {
        f"factor_{n}_{name}": z3.BitVec(f"{name} {n}", gates.wires[f"factor_{n}_{name}"].size())
        for n in range(4)
        for name in PARTS
    }
    trace = _trace(component, gates, {1: free})
    for n in range(2):
        x, y = ({p: free[f"factor_{k}_{p}"] for p in PARTS} for k in (2 * n, 2 * n + 1))
        got = {name: trace.at(2, f"product_{n}_{name}") for name in PARTS}
        size = extended(x["significand"], PRODUCT_BITS, False) * extended(
            y["significand"], PRODUCT_BITS, False
        )
        high = z3.Extract(PRODUCT_BITS - 1, PRODUCT_BITS - 1, size)
        width = got["significand"].size()
        whole = extended(z3.If(high == 1, size, size << 1), width, False) << (width - PRODUCT_BITS)
        yield Claim(f"product {n}", got["significand"] == whole)
        exponents = [extended(v["exponent"], EXPONENT_BITS) for v in (x, y)]
        place = exponents[0] + exponents[1] + extended(high, EXPONENT_BITS, False)
        bounded = [z3.And(e >= FP16.quantum, e <= FP16.bias + 1) for e in exponents]
        here = extended(got["exponent"], EXPONENT_BITS)
        yield Claim(f"exponent of product {n}", here == place, [*bounded, size != 0])
        least = component.acc.least_exponent
        yield Claim(f"exponent of product {n}, 0", here == least, [size == 0])
        yield Claim(f"sign of product {n}", got["negative"] == x["negative"] ^ y["negative"])
        nothing = [z3.And(v["significand"] == 0, v["infinite"] == 0) for v in (x, y)]
        endless = z3.Or(x["infinite"] == 1, y["infinite"] == 1)
        yield Claim(f"infinite product {n}", (got["infinite"] == 1) == endless)
        bad = z3.Or(x["nan"] == 1, y["nan"] == 1, z3.And(endless, z3.Or(*nothing)))
        yield Claim(f"NaN of product {n}", (got["nan"] == 1) == bad)
    # The top bits of the factors give one of the two top bits of the product.
    a, b = (z3.BitVec(name, FP16.precision) for name in "ab")
    size = extended(a, PRODUCT_BITS, False) * extended(b, PRODUCT_BITS, False)
    tops = [z3.Extract(10, 10, v) == 1 for v in (a, b)]
    goal = z3.UGE(size, 1 << PRODUCT_BITS - 2)
    yield Claim("products of normalised factors", goal, tops)


def _rounded(component: Fp16Dot, gates: Gates) -> Iterator[Claim]:
    """Each exact product is rounded to the format of the accumulator."""
    for n in range(2):
        comes = parts(gates, component.acc, SPAN, f"product_{n}")
        code = _trace(component, gates, {2: dict(comes.registers)}).at(3, f"rounded_{n}")
        number = comes.number
        zero = z3.Concat(number.negative, constant(0, component.acc.bits - 1))
        exponent = comes.registers[f"product_{n}_exponent"]
        yield Claim(f"rounded {n}, 0", code == zero, [*comes.finite, number.size == 0])
        for place in range(SPAN[0], SPAN[1] + 1):
            given = [*comes.finite, number.size != 0, exponent == place]
            yield Claim(f"rounded {n} at 2**{place}", code == rounded(number, component.acc), given)
        infinity = zero | component.acc.infinity
        yield Claim(f"infinite {n}", code == infinity, [comes.infinite, z3.Not(comes.nan)])
        yield Claim(f"NaN {n}", code == component.acc.nan, [comes.nan])


def _pair(component: Fp16Dot, gates: Gates) -> Iterator[Claim]:
    """The code that goes to the loop is the sum of both products, rounded once."""
    form = component.acc
    if form == FP16:
        both = [coded(f"rounded {n}", form) for n in range(2)]
        trace = _trace(component, gates, {})
        same = [
            trace.at(3, f"rounded_{n}") == c.registers[f"rounded {n}"] for n, c in enumerate(both)
        ]
        at = 7
    else:
        both = [parts(gates, form, SPAN, f"product_{n}") for n in range(2)]
        trace = _trace(component, gates, {2: {**both[0].registers, **both[1].registers}})
        same, at = [], 6
    out = trace.at(at, "pair_code")
    for name, case, code in sums(both[0].number, both[1].number, form):
        given = [*same, *both[0].finite, *both[1].finite, case]
        yield Claim(f"pair, {name}", out == code, given)
    nan = z3.Or(both[0].nan, both[1].nan)
    clash = z3.And(
        both[0].infinite, both[1].infinite, both[0].number.negative != both[1].number.negative
    )
    yield Claim("pair, NaN", out == form.nan, [*same, z3.Or(nan, clash)])
    for n, comes in enumerate(both):
        infinity = z3.Concat(comes.number.negative, constant(form.infinity, form.bits - 1))
        given = [*same, comes.infinite, z3.Not(nan), z3.Not(clash)]
        yield Claim(f"pair, infinity {n}", out == infinity, given)


def _loop(component: Fp16Dot, gates: Gates) -> Iterator[Claim]:
    payload = z3.BitVec("payload", gates.inputs["i__payload"].size())
    first = field(payload, component.i.payload.shape(), "first")
    comes = coded("pair_code", component.acc)
    yield from loop(component, gates, component.acc, component.contexts, comes, payload, first)


def _steps(component: Fp16Dot) -> Sequence[Step]:
    rounding = (Solved(_rounded),) if component.acc == FP16 else ()
    steps = (Solved(_factors), Solved(_products), *rounding, Solved(_pair), Solved(_loop))
    return (*steps, flow("i__payload.last"))


_WHY = (
    "Stage by stage, each for any content of the registers before it: operands keep their values "
    "when normalised, products are exact (significands by the operator of the definition), rounded "
    "to the accumulator's format, added exactly and rounded once, and so is the sum in the loop, "
    "case by case of the distance of exponents."
)
PROOFS = (
    Proof("fp16-dot", "fp16", _steps, _WHY),
    Proof("fp16-dot", "fp16", _steps, _WHY, {"acc": "fp32"}),
    Proof("fp16-dot", "fp16", _steps, _WHY, {"contexts": 1}),
)
