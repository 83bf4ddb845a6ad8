"""What the proofs of the requantiser share: a free payload, its fields, its last steps."""

from __future__ import annotations

from typing import Any

from intaglio.bench.late_z3 import z3
from intaglio.bench.proof_gates import Gates, Trace
from intaglio.bench.proof_terms import constant, extended, field
from intaglio.gateware.requantise import Requantise
from intaglio.spec.commands import PARAM
from intaglio.spec.quant import MULTIPLIER_FRACTION_BITS

LANE = "lane_0."
FACTORS, PRODUCT = 4, 8  # cycles to the registers of the factors, and to that of the product
MULTIPLIER_BITS = MULTIPLIER_FRACTION_BITS + 1
SHIFT_BITS = {field.name: field.format.bits for field in PARAM.fields}["shift"]


def traced(
    component: Requantise, gates: Gates, lets: dict[int, dict[str, Any]], rounding: Any
) -> Trace:
    """Return the cycles of a free payload in a mode, with registers let in some of them."""
    payload = free_payload(gates)
    held = {name: z3.BitVec(name, 16) for name in ("zero_point", "low", "high")}
    trace = Trace(gates, o__ready=1, rounding=rounding, **held)
    for n in range(component.latency_cycles + 1):
        for name, value in lets.get(n, {}).items():
            trace.let(LANE + name, value)
        trace.cycle(**({"i__payload": payload, "i__valid": 1} if n == 0 else {}))
    return trace


def free_payload(gates: Gates) -> Any:
    """Return a free payload of one lane, whose highest field is the shift."""
    width = gates.inputs["i__payload"].size()
    return z3.Concat(z3.BitVec("shift", SHIFT_BITS), z3.BitVec("below", width - SHIFT_BITS))


def fields_of(component: Requantise, gates: Gates) -> tuple[Any, Any]:
    """Return acc + bias in two bits more, and the shift."""
    payload, shape = free_payload(gates), component.i.payload.shape()
    wide = component.config.acc.bits + 2
    bias = extended(field(payload, shape, "param", 0, "bias"), wide)
    acc = extended(field(payload, shape, "acc", 0), wide)
    return acc + bias, z3.BitVec("shift", SHIFT_BITS)


def within(value: Any, span: range) -> Any:
    """Return whether a signed value lies in `span`."""
    return z3.And(value >= span.start, value < span.stop)


def factor_at(trace: Trace, gates: Gates) -> Any:
    """Return the factor, which FP32 has in two registers."""
    if f"{LANE}factor_4" in gates.wires:
        return trace.at(FACTORS, f"{LANE}factor_4")
    return z3.Concat(trace.at(FACTORS, f"{LANE}high_4"), trace.at(FACTORS, f"{LANE}low_4"))


def half_even(value: Any, drop: int) -> Any:
    """Return value / 2**drop, ties to even; `value` is not negative."""
    if not drop:
        return value
    width = value.size()
    whole = z3.LShR(value, drop)
    rest = value - (whole << drop)
    half = constant(1 << drop - 1, width)
    tie = z3.And(rest == half, z3.Extract(0, 0, whole) == 1)
    return whole + z3.If(z3.Or(z3.UGT(rest, half), tie), constant(1, width), constant(0, width))


def clamps(component: Requantise) -> list[Any]:
    """Return what the range of the output may be."""
    low, high = (z3.BitVec(name, 16) for name in ("low", "high"))
    form = component.config.out
    return [low <= high, low >= form.min, high <= form.max]


def finished(component: Requantise, value: Any) -> Any:
    """Return the code of a rounded value: offset, clamped."""
    wide = value.size()
    zero_point, low, high = (
        extended(z3.BitVec(n, 16), wide) for n in ("zero_point", "low", "high")
    )
    offset = value + zero_point
    kept = z3.If(offset < low, low, z3.If(offset > high, high, offset))
    return extended(kept, component.config.out.bits)
