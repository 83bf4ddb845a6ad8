"""Proofs of minifloat dot products that are accumulated in FP16 or FP32."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from intaglio.bench.late_z3 import z3
from intaglio.bench.proof import Proof, Step
from intaglio.bench.proof_claims import flow
from intaglio.bench.proof_gates import Gates, Trace
from intaglio.bench.proof_loop import loop, parts
from intaglio.bench.proof_solve import Claim, Solved
from intaglio.bench.proof_terms import constant, extended, field
from intaglio.gateware.minifloat_dot import MinifloatFloatDot
from intaglio.spec.codes_minifloat import BLOCK_BIAS, BLOCK_NAN

CYCLES = 2  # to the registers of the exact product


def _product(component: MinifloatFloatDot, gates: Gates) -> Iterator[Claim]:
    """The number that goes to the loop is the exact product, normalised."""
    shape = component.i.payload.shape()
    payload = z3.BitVec("payload", gates.inputs["i__payload"].size())
    trace = Trace(gates, o__ready=1)
    trace.cycle(i__payload=payload, i__valid=1)
    trace.cycle()
    trace.cycle()
    got = {name: trace.at(CYCLES, f"x_{name}") for name in ("negative", "exponent", "significand")}
    width, bits = got["exponent"].size(), component.act.bits + component.wgt.bits
    size, exponent, negative = constant(1, bits), constant(0, width), constant(0, 1)
    for name, form in (("act", component.act), ("wgt", component.wgt)):
        code = field(payload, shape, name, 0)
        places = extended(z3.Extract(form.bits - 2, form.mantissa_bits, code), width, False)
        normal = z3.If(places == 0, constant(0, bits), constant(1 << form.mantissa_bits, bits))
        low = constant(0, bits)
        if form.mantissa_bits:
            low = extended(z3.Extract(form.mantissa_bits - 1, 0, code), bits, False)
        size = size * (low + normal)
        exponent = exponent + z3.If(places == 0, places, places - 1) + form.quantum
        negative = negative ^ z3.Extract(form.bits - 1, form.bits - 1, code)
    bad: Any = constant(0, 1)
    if component.blocks:
        shared = [field(payload, shape, f"{name}_exponent") for name in ("act", "wgt")]
        exponent = exponent - 2 * BLOCK_BIAS
        for part in shared:
            exponent = exponent + extended(part, width, False)
        bad = z3.If(z3.Or(*(part == BLOCK_NAN for part in shared)), constant(1, 1), bad)
    yield Claim("product, NaN", trace.at(CYCLES, "x_nan") == bad)
    yield Claim("product, infinity", trace.at(CYCLES, "x_infinite") == 0)
    zero = z3.And(got["significand"] == 0, got["negative"] == 0)
    least = component.acc.least_exponent
    yield Claim("product 0", z3.And(zero, got["exponent"] == least), [size == 0])
    for top in range(bits):
        below = z3.And(z3.Extract(top, top, size) == 1, z3.LShR(size, top) == 1)
        expected = extended(size, got["significand"].size(), False)
        shifted = expected << (got["significand"].size() - 1 - top)
        goal = z3.And(
            got["significand"] == shifted,
            got["exponent"] == exponent + top,
            got["negative"] == negative,
        )
        yield Claim(f"product with top bit {top}", goal, [below])


def _span(component: MinifloatFloatDot) -> tuple[int, int]:
    """Return least and greatest exponent of a product."""
    unit = component.act.quantum + component.wgt.quantum
    most = (component.act.greatest_integer * component.wgt.greatest_integer).bit_length()
    least = min(unit, component.acc.least_exponent)
    if component.blocks:
        return least - 2 * BLOCK_BIAS, unit + most + 2 * (BLOCK_NAN - BLOCK_BIAS)
    return least, max(unit + most, component.acc.least_exponent)


def _loop(component: MinifloatFloatDot, gates: Gates) -> Iterator[Claim]:
    payload = z3.BitVec("payload", gates.inputs["i__payload"].size())
    first = field(payload, component.i.payload.shape(), "first")
    comes = parts(gates, component.acc, _span(component))
    yield from loop(component, gates, component.acc, component.contexts, comes, payload, first)


def _steps(component: MinifloatFloatDot) -> Sequence[Step]:
    return (Solved(_product), Solved(_loop), flow("i__payload.last"))


_WHY = (
    "For all pairs of codes, the number that goes to the accumulator's loop is the exact product. "
    "For any number that comes to the loop and any sum, the next sum is the exact sum of both, "
    "rounded once to nearest even, case by case of the distance of their exponents. With four "
    "contexts, payloads of others anywhere in the loop change no sum but their own."
)
PROOFS = (
    Proof("minifloat-float-dot", "fp8_e4m3", _steps, _WHY),
    Proof("minifloat-float-dot", "fp8_e4m3", _steps, _WHY, {"acc": "fp16", "contexts": 1}),
    Proof("minifloat-float-dot", "fp8_e5m2", _steps, _WHY, {"acc": "fp16"}),
    Proof("minifloat-float-dot", "fp4_e2m1", _steps, _WHY, {"acc": "fp16"}),
    Proof("minifloat-float-dot", "fp4_e2m1", _steps, _WHY, {"acc": "fp16", "blocks": 1}),
)
