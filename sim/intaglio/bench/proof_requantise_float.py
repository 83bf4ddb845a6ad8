"""The requantiser's mode 4: float32 of the sum, float32 of the product, then an integer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from intaglio.bench.late_z3 import z3
from intaglio.bench.proof_gates import Gates
from intaglio.bench.proof_requantise import (
    FACTORS,
    LANE,
    MULTIPLIER_BITS,
    PRODUCT,
    clamps,
    factor_at,
    fields_of,
    finished,
    half_even,
    traced,
    within,
)
from intaglio.bench.proof_solve import Claim
from intaglio.bench.proof_terms import constant, extended
from intaglio.gateware.requantise import Requantise
from intaglio.spec.quant import FP32_MANTISSA_BITS, FP32_SHIFTS, Rounding


def front(component: Requantise, gates: Gates, x: Any, given: list[Any]) -> Iterator[Claim]:
    """As float32, the magnitude has 24 bits, and stands as high as it goes."""
    bits = component.config.acc.bits
    trace = traced(component, gates, {}, int(Rounding.FP32_RNE))
    size = z3.If(x < 0, -x, x)
    factor, up = factor_at(trace, gates), trace.at(FACTORS, f"{LANE}up_4")
    wide = bits + 2
    raised = extended(up, wide, False)
    sign = trace.at(FACTORS, f"{LANE}negative_4") == z3.Extract(bits - 1, bits - 1, x)
    yield Claim("sign, mode 4", sign, given)
    yield Claim("factor, mode 4, 0", factor == 0, [*given, size == 0])
    for top in range(bits):
        case = [*given, z3.Extract(top, top, size) == 1, z3.LShR(size, top) == 1]
        drop = max(top + 1 - FP32_MANTISSA_BITS, 0)
        near = half_even(extended(size, wide, False), drop) << drop
        goal = extended(factor, wide, False) == near << raised
        yield Claim(f"factor, mode 4, top bit {top}", goal, case)
        normal = z3.And(z3.UGE(factor, 1 << bits - 2), z3.ULE(factor, 1 << bits - 1))
        yield Claim(f"factor, mode 4, top bit {top}, place", normal, case)


def back(component: Requantise, gates: Gates) -> Iterator[Claim]:
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
    trace = traced(component, gates, lets, int(Rounding.FP32_RNE))
    out = trace.at(component.latency_cycles, "o__payload")
    _, shift = fields_of(component, gates)
    right = extended(up, 16, False) - extended(shift, 16)
    low_place = bits - 2 + FP32_MANTISSA_BITS - 1
    size = extended(product, wide, False)
    given = [*clamps(component), within(shift, FP32_SHIFTS), z3.ULE(up, bits - 1)]
    zero = finished(component, constant(0, wide))
    yield Claim("mode 4, product 0", out == zero, [*given, product == 0])
    most = bits - 1 - FP32_SHIFTS.start
    for place in range(low_place, low_place + 2):
        top = [z3.Extract(place, place, product) == 1, z3.LShR(product, place) == 1]
        drop = place + 1 - FP32_MANTISSA_BITS
        near = half_even(size, drop) << drop
        for amount in range(1 - FP32_SHIFTS.stop, most + 1):
            whole = half_even(near, amount) if amount > 0 else near << -amount
            value = z3.If(sign == 1, -whole, whole)
            case = [*given, *top, right == amount]
            goal = out == finished(component, value)
            yield Claim(f"mode 4, top bit {place}, right by {amount}", goal, case)


def places(component: Requantise, gates: Gates) -> Iterator[Claim]:
    """A factor and a 24-bit multiplier at their places give a product of one of two lengths."""
    bits = component.config.acc.bits
    low, high = 1 << bits - 2, 1 << bits - 1
    a, b = z3.Ints("a b")
    least, most = 1 << FP32_MANTISSA_BITS - 1, 1 << FP32_MANTISSA_BITS
    given = [low <= a, a <= high, least <= b, b < most]
    yield Claim("least product", a * b >= low * least, given)
    yield Claim("greatest product", a * b < 1 << bits - 2 + FP32_MANTISSA_BITS + 1, given)
