"""Proofs of lanes that are switched between precisions at run time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from intaglio.bench.late_z3 import z3
from intaglio.bench.proof import Proof, Step
from intaglio.bench.proof_claims import flow
from intaglio.bench.proof_gates import Gates, Trace
from intaglio.bench.proof_solve import Claim, Solved
from intaglio.bench.proof_sums import Sums, run
from intaglio.bench.proof_terms import constant, extended, field, joined
from intaglio.gateware.runtime_mac import RuntimeMac
from intaglio.gateware.units import find_unit

LANE = "lane_0."


def _registers(component: RuntimeMac) -> list[str]:
    return [f"{LANE}acc_{n}" for n in range(component.results)]


def _alone(component: RuntimeMac, gates: Gates, payload: Any) -> Any:
    """Return the sums of a payload that begins and ends one."""
    sums = Sums((), component.latency_cycles)
    zeros = {name: constant(0, gates.wires[name].size()) for name in _registers(component)}
    return run(gates, sums, payload, zeros, name="other ").at(sums.written, "o__payload")


def _sum(component: RuntimeMac, out: Any, n: int) -> Any:
    bits = component.lane.wide.bits
    return z3.Extract(bits * n + bits - 1, bits * n, out)


def _additive(component: RuntimeMac, gates: Gates) -> Iterator[Claim]:
    """A payload adds to each accumulator what it gives alone; the last one starts the next sum."""
    payload = z3.BitVec("payload", gates.inputs["i__payload"].size())
    shape = component.i.payload.shape()
    last = field(payload, shape, "last") == 1
    one = payload | constant(1 << shape["last"].offset, payload.size())
    olds = {n: z3.BitVec(f"before {n}", gates.wires[n].size()) for n in _registers(component)}
    sums = Sums((), component.latency_cycles)
    values = _alone(component, gates, z3.simplify(one))
    here = run(gates, sums, payload, olds)
    rest = run(gates, sums, payload, olds, valid=0)
    out = here.at(sums.written, "o__payload")
    for n, (name, old) in enumerate(olds.items()):
        bits = old.size()
        total = old + extended(_sum(component, values, n), bits)
        held = z3.If(last, constant(0, bits), total)
        yield Claim(f"{name} adds the payload", here.at(sums.written, name) == held)
        drained = _sum(component, out, n) == extended(total, component.lane.wide.bits)
        yield Claim(f"sum {n} comes with the last payload", drained, [last])
        yield Claim(f"{name} stays without a payload", rest.at(sums.written, name) == old)
    trace = Trace(gates, o__ready=1)
    trace.cycle(rst=1)
    trace.cycle()
    for name in olds:
        yield Claim(f"{name} is 0 after a reset", trace.at(1, name) == 0)


def _products(component: RuntimeMac, gates: Gates) -> Iterator[Claim]:
    """What a payload gives alone, at each precision."""
    shape = component.i.payload.shape()
    width = component.lane.wide.bits
    codes = {name: z3.BitVec(name, 8 * component.depth) for name in ("act", "wgt")}
    for index, bits in enumerate(component.precisions.bits):
        precision = constant(index, shape["precision"].width)
        payload = joined(shape, **codes, precision=precision, last=constant(1, 1))
        out = _alone(component, gates, payload)
        pairs = 2 if bits == 4 else 1
        surpluses = component.precisions.surpluses(bits)
        for n in range(pairs * pairs):
            i, j = divmod(n, pairs)
            total = constant(0, width)
            for k in range(i, 8 * component.depth // bits, pairs):
                at = bits * k
                act = extended(z3.Extract(at + bits - 1, at, codes["act"]), width)
                place = bits * (k - i + j)
                wgt = extended(z3.Extract(place + bits - 1, place, codes["wgt"]), width)
                total = total + (act + int(surpluses[i])) * wgt
            yield Claim(f"sum {n} of {bits} bits", _sum(component, out, n) == total)


def _steps(component: RuntimeMac) -> Sequence[Step]:
    return (Solved(_additive), flow("i__payload.last"), Solved(_products))


_WHY = (
    "For all payloads and all states, a payload adds to the accumulators what it gives alone, and "
    "the last one hands the sums over and clears them. At each precision, what a payload gives "
    "alone is the sum of its products."
)
PROOFS = tuple(
    Proof("mac-runtime", form, _steps, _WHY) for form in find_unit("mac-runtime").formats
)
