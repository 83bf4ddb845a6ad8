"""Proofs of shared-exponent integers: pairs of products, and the exponent unit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from intaglio.bench.late_z3 import z3
from intaglio.bench.proof import Proof, Step
from intaglio.bench.proof_claims import flow
from intaglio.bench.proof_gates import Gates, Trace
from intaglio.bench.proof_loop import loop, parts
from intaglio.bench.proof_solve import Claim, Solved
from intaglio.bench.proof_sums import Sums, bounded, run
from intaglio.bench.proof_terms import constant, extended, field, number
from intaglio.gateware.exponent import ExponentScan, ExponentShift
from intaglio.gateware.pair_fma import PairFma
from intaglio.spec.codes_dfp import Overflow
from intaglio.spec.formats import INT32
from intaglio.spec.ieee import FP32

LAST = "i__payload.last"
ADDED = 3  # cycles to the accumulator


def _payload(component: Any, gates: Gates) -> tuple[Any, Any]:
    return z3.BitVec("payload", gates.inputs["i__payload"].size()), component.i.payload.shape()


def _factor(component: PairFma, payload: Any, shape: Any, name: str, n: int) -> Any:
    """Return an operand in the width of a product; halved, ties to even, in mode PRESHIFT."""
    bits = component.bits
    width = 2 * bits + (2 if component.mode is Overflow.PRESHIFT else 0)
    if component.mode is not Overflow.PRESHIFT:
        return number(payload, shape, width, name, n)
    code = number(payload, shape, bits + 2, name, n)
    limit = (1 << bits - 2) - 1
    odd = z3.And(z3.Extract(0, 0, code) == 1, z3.Extract(1, 1, code) == 1)
    half = (code >> 1) + z3.If(odd, constant(1, bits + 2), constant(0, bits + 2))
    kept = z3.If(half > limit, constant(limit, bits + 2), half)
    kept = z3.If(half < -limit, constant(-limit, bits + 2), kept)
    return extended(z3.Extract(bits - 1, 0, kept), width)


def _pairs(component: PairFma, gates: Gates) -> Iterator[Claim]:
    """A payload adds both products; a sum that leaves the accumulator wraps and sets the flag."""
    payload, shape = _payload(component, gates)
    bits = component.acc_bits
    wide = bits + 4
    old, flag = z3.BitVec("before", bits), z3.BitVec("flag", 1)
    first = field(payload, shape, "first")
    spill = component.mode is Overflow.SPILL
    let: dict[str, Any] = {"acc": old, "overflow": flag}
    starts = first == 1
    if spill:
        done = z3.BitVec("done", gates.wires["done"].size())
        let["done"] = done
        starts = z3.Or(first == 1, done == 0)
    sums = Sums(("acc",), ADDED)
    here = run(gates, sums, payload, let)
    total = z3.If(starts, constant(0, wide), extended(old, wide))
    for n in range(2):
        act, wgt = (_factor(component, payload, shape, name, n) for name in ("act", "wgt"))
        total = total + extended(act * wgt, wide)
    kept = extended(total, bits)
    # Halved operands are within +-limit, and so are their products within +-limit**2.
    most = ((1 << component.bits - 2) - 1) ** 2
    span = (-most, most) if component.mode is Overflow.PRESHIFT else None
    goal = here.at(ADDED, "acc") == kept
    yield Claim("the pair is added", goal, free_products=True, product_range=span)
    fits = extended(kept, wide) == total
    out = z3.If(fits, flag & ~first, constant(1, 1))
    goal = here.at(ADDED, "overflow") == out
    yield Claim("the flag", goal, free_products=True, product_range=span)
    rest = run(gates, sums, payload, let, valid=0)
    for name, value in let.items():
        yield Claim(f"{name} stays without a payload", rest.at(ADDED, name) == value)
    if spill:
        beats = component.chain // 2
        count = z3.If(first == 1, constant(0, done.size()), done)
        last = z3.Or(field(payload, shape, "last") == 1, count == beats - 1)
        after = z3.If(last, constant(0, done.size()), count + 1)
        yield Claim("the chain", here.at(ADDED, "done") == after)


def _spill(component: PairFma, gates: Gates) -> Iterator[Claim]:
    """The accumulator that spills becomes a number of the same value, and goes to an FP32 sum."""
    payload, shape = _payload(component, gates)
    marked = payload | constant(1 << shape["last"].offset, payload.size())
    acc = z3.BitVec("acc", INT32.bits)
    trace = Trace(gates, o__ready=1)
    for n in range(ADDED + 2):
        if n == ADDED:
            trace.let("acc", acc)
        trace.cycle(**({"i__payload": marked, "i__valid": 1} if n == 0 else {}))
    at = ADDED + 1
    got = {name: trace.at(at, f"x_{name}") for name in ("negative", "exponent", "significand")}
    size = z3.If(acc < 0, -acc, acc)
    yield Claim("a spill's sign", got["negative"] == z3.Extract(31, 31, acc))
    zero = z3.And(got["significand"] == 0, got["exponent"] == FP32.least_exponent)
    yield Claim("a spill of 0", zero, [acc == 0])
    width = got["significand"].size()
    for top in range(INT32.bits):
        given = z3.And(z3.Extract(top, top, size) == 1, z3.LShR(size, top) == 1)
        same = got["significand"] == extended(size, width, False) << (width - 1 - top)
        yield Claim(f"a spill with top bit {top}", z3.And(same, got["exponent"] == top), [given])


def _spilled(component: PairFma, gates: Gates) -> Iterator[Claim]:
    payload, shape = _payload(component, gates)
    marked = z3.simplify(payload | constant(1 << shape["last"].offset, payload.size()))
    yield from loop(
        component,
        gates,
        FP32,
        1,
        parts(gates, FP32, (FP32.least_exponent, INT32.bits)),
        marked,
        z3.BitVec("start", 1),
        marked="start",
        result="o__payload.acc",
    )


def _fma_steps(component: PairFma) -> Sequence[Step]:
    steps: list[Step] = [Solved(_pairs)]
    if component.mode is Overflow.SPILL:
        steps += [Solved(_spill), Solved(_spilled)]
    most = 2 * ((1 << component.bits - 1) - 1) ** 2
    limit = (1 << component.acc_bits - 1) - 1
    if component.mode is Overflow.PRESHIFT:
        most = 2 * ((1 << component.bits - 2) - 1) ** 2
    steps.append(bounded(-most, most, component.acc_bits, limit // most))
    return (*steps, flow(LAST))


# The exponent unit.


def _scan(component: ExponentScan, gates: Gates) -> Iterator[Claim]:
    """The magnitudes seen are ORed, and the shift is what their bit length is too much."""
    payload, shape = _payload(component, gates)
    old = z3.BitVec("before", INT32.bits)
    sums = Sums(("seen",), 2)
    trace = run(gates, sums, payload, {"seen": old}, beyond=1)
    both = old
    for n in range(component.lanes):
        value = number(payload, shape, INT32.bits, "value", n)
        both = both | z3.If(value < 0, -value, value)
    last = field(payload, shape, "last") == 1
    zero = constant(0, INT32.bits)
    yield Claim("magnitudes seen", trace.at(2, "seen") == z3.If(last, zero, both))
    rest = run(gates, sums, payload, {"seen": old}, valid=0)
    yield Claim("nothing seen without a payload", rest.at(2, "seen") == old)
    out = trace.at(3, "o__payload")
    most = component.bits - 1
    for length in range(INT32.bits + 1):
        given = both == 0 if not length else z3.And(z3.LShR(both, length - 1) == 1)
        goal = out == constant(max(length - most, 0), out.size())
        yield Claim(f"shift of {length} bits", goal, [given])


def _shift(component: ExponentShift, gates: Gates) -> Iterator[Claim]:
    """Each lane is value / 2**shift, ties to even, saturated."""
    payload, _ = _payload(component, gates)
    wide = INT32.bits + 2
    limit = (1 << component.bits - 1) - 1
    for amount in range(INT32.bits - (component.bits - 1) + 1):
        trace = Trace(gates, o__ready=1, shift=amount)
        trace.cycle(i__payload=payload, i__valid=1)
        for _ in range(component.latency_cycles):
            trace.cycle()
        out = trace.at(component.latency_cycles, "o__payload")
        for n in range(component.lanes):
            value = extended(z3.Extract(INT32.bits * n + 31, INT32.bits * n, payload), wide)
            whole = value >> amount
            rest = value - (whole << amount)
            half = constant((1 << amount) >> 1, wide)
            tie = z3.And(rest == half, rest != 0, z3.Extract(0, 0, whole) == 1)
            near = whole + z3.If(z3.Or(rest > half, tie), constant(1, wide), constant(0, wide))
            code = z3.If(near > limit, constant(limit, wide), near)
            code = z3.If(near < -limit, constant(-limit, wide), code)
            bits = component.bits
            got = z3.Extract(bits * n + bits - 1, bits * n, out)
            yield Claim(f"lane {n} shifted by {amount}", got == extended(code, bits))


def _scan_steps(component: ExponentScan) -> Sequence[Step]:
    return (Solved(_scan), flow(LAST))


def _shift_steps(component: ExponentShift) -> Sequence[Step]:
    return (Solved(_shift), flow())


_PAIRS = (
    "For all payloads and all states, a payload adds both products, by the operator of the "
    "definition at the same width and otherwise as free values, and a sum that leaves the "
    "accumulator sets the flag. By induction, n free, sums of symmetric codes stay within it up to "
    "the safe chain."
)
_SPILL = (
    " The accumulator that spills becomes a number of the same value for all of its values, and "
    "any number that comes to the FP32 sum is added exactly and rounded once, case by case of the "
    "distance of exponents."
)
_SCAN = "For all payloads and all states, by each bit length of what was seen."
_SHIFT = "For all values, by each amount of the shift."
PROOFS = (
    *(
        Proof(
            "dfp-pair-fma", form, _fma_steps, _PAIRS, {} if mode == "flag" else {"overflow": mode}
        )
        for form in ("dfp16", "dfp8")
        for mode in ("flag", "wide", "preshift")
    ),
    Proof("dfp-pair-fma", "dfp12", _fma_steps, _PAIRS + _SPILL, {"overflow": "spill"}),
    *(Proof("dfp-exponent-scan", form, _scan_steps, _SCAN) for form in ("dfp16", "dfp12", "dfp8")),
    *(Proof("dfp-exponent-shift", form, _shift_steps, _SHIFT) for form in ("dfp16", "dfp8")),
)
