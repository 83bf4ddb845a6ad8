"""Proofs of lanes that multiply and accumulate integers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from intaglio.bench.late_z3 import z3
from intaglio.bench.proof import Proof, Step
from intaglio.bench.proof_claims import flow
from intaglio.bench.proof_exhaust import Exhausted, Fields
from intaglio.bench.proof_gates import Gates, Trace
from intaglio.bench.proof_overflow import LONGEST, Overflowed
from intaglio.bench.proof_solve import Claim, Solved
from intaglio.bench.proof_sums import Sums, bounded, run
from intaglio.bench.proof_terms import constant, extended, field, number
from intaglio.gateware.mac import MacLane
from intaglio.gateware.product import Product
from intaglio.gateware.shift_add import ShiftProduct
from intaglio.gateware.units import find_unit
from intaglio.golden.products import products, shift_products
from intaglio.spec.operands import operands

EXHAUSTED_BITS = 20
LANE = "row_0.lane_0."


def _registers(component: MacLane) -> list[str]:
    return [f"{LANE}acc_{n}" for n in range(component.results)]


def _sums(component: MacLane) -> Sums:
    return Sums(tuple(_registers(component)), component.latency_cycles)


def _alone(component: MacLane, gates: Gates, payload: Any) -> list[Any]:
    """Return the sums of a payload that begins and ends one."""
    shape = component.i.payload.shape()
    one = payload | constant(1 << shape["last"].offset, payload.size())
    zeros = {name: constant(0, component.acc.bits) for name in _registers(component)}
    trace = run(gates, _sums(component), z3.simplify(one), zeros, name="other ")
    out, bits = trace.at(component.latency_cycles, "o__payload"), component.acc.bits
    return [z3.Extract(bits * n + bits - 1, bits * n, out) for n in range(component.results)]


def _additive(component: MacLane, gates: Gates) -> Iterator[Claim]:
    """A payload adds to each accumulator what it gives alone; the last one starts the next sum."""
    width, bits = gates.inputs["i__payload"].size(), component.acc.bits
    payload = z3.BitVec("payload", width)
    last = field(payload, component.i.payload.shape(), "last") == 1
    olds = {name: z3.BitVec(f"before {name}", bits) for name in _registers(component)}
    values = _alone(component, gates, payload)
    latency = component.latency_cycles
    here = run(gates, _sums(component), payload, olds)
    rest = run(gates, _sums(component), payload, olds, valid=0)
    out = here.at(latency, "o__payload")
    for n, (name, old) in enumerate(olds.items()):
        total = old + values[n]
        held = z3.If(last, constant(0, bits), total)
        yield Claim(f"{name} adds the payload", here.at(latency, name) == held)
        drained = z3.Extract(bits * n + bits - 1, bits * n, out)
        yield Claim(f"sum {n} comes with the last payload", drained == total, [last])
        yield Claim(f"{name} stays without a payload", rest.at(latency, name) == old)
    trace = Trace(gates, o__ready=1)
    trace.cycle(rst=1)
    trace.cycle()
    for name in olds:
        yield Claim(f"{name} is 0 after a reset", trace.at(1, name) == 0)


def _deep(component: MacLane, gates: Gates) -> Iterator[Claim]:
    """What a payload gives is the sum of what each operand set gives with the others at 0."""
    shape = component.i.payload.shape()
    payload = z3.BitVec("payload", gates.inputs["i__payload"].size())

    def value(sets: Iterable[int]) -> list[Any]:
        mask = 0
        for d in sets:
            for name, count in (("act", component.act_count), ("wgt", component.wgt_count)):
                for k in range(d * count, (d + 1) * count):
                    item = shape[name]
                    part = item.shape[k]
                    mask |= ((1 << part.width) - 1) << (item.offset + part.offset)
        return _alone(component, gates, z3.simplify(payload & constant(mask, payload.size())))

    before = [constant(0, component.acc.bits)] * component.results
    for d in range(component.depth):
        both, alone = value(range(d + 1)), value([d])
        for n in range(component.results):
            goal = both[n] == before[n] + alone[n]
            span = ends(component.multiplier)
            yield Claim(f"set {d} adds to sum {n}", goal, free_products=True, product_range=span)
        act, wgt = (number(payload, shape, _width(component), name, d) for name in ("act", "wgt"))
        yield Claim(f"product {d}", alone[0] == extended(act * wgt, component.acc.bits))
        before = both


def _width(component: MacLane) -> int:
    return component.multiplier.form.bits


def ends(product: Product) -> tuple[int, int]:
    """Return least and greatest value of a product's results."""
    act = product.operands.act
    acts = [end + surplus for end in (act.min, act.max) for surplus in product.surpluses]
    values = [a * w * product.terms for a in acts for w in product.weights]
    return min(*values, 0), max(*values, 0)


def _steps(component: MacLane) -> Sequence[Step]:
    product = component.multiplier
    free = component.act_count * product.operands.act.bits
    free += component.wgt_count * product.operands.wgt.bits
    whole: Step = Solved(_deep)
    if component.depth == 1 and (free <= EXHAUSTED_BITS or product.channels * product.pixels > 1):
        whole = Exhausted(_golden(component), held={"last": 1}, legal=_legal(component))
    low, high = (end * component.depth for end in ends(product))
    bits = component.acc.bits
    count = min(((1 << bits - 1) - 1) // high, (1 << bits - 1) // -low)
    steps = [whole, Solved(_additive), bounded(low, high, bits, count), flow("i__payload.last")]
    replay = _replay(component, high)
    return (*steps, replay) if replay.longest <= LONGEST else tuple(steps)


def _replay(component: MacLane, high: int) -> Overflowed:
    """Return the replay of the operands whose first product is greatest."""
    product = component.multiplier
    surplus = product.surpluses[0]
    pairs = [
        (a, w)
        for a in (product.operands.act.min, product.operands.act.max)
        for w in product.weights
    ]
    act, wgt = max(pairs, key=lambda pair: (pair[0] + surplus) * pair[1])
    value = (act + surplus) * wgt * product.terms * component.depth
    if isinstance(product, ShiftProduct):
        wgt = int((product.code.table() == wgt).argmax())  # the port takes codes
    extreme = {
        "act": [act] * component.depth * component.act_count,
        "wgt": [wgt] * component.depth * component.wgt_count,
    }
    return Overflowed(value, extreme, component.acc.bits, lambda _, last: {"last": last})


def _golden(component: MacLane) -> Any:
    product = component.multiplier

    def sums(fields: Fields) -> Any:
        return products(fields["act"], fields["wgt"], product.surpluses, product.terms)

    def shifts(fields: Fields) -> Any:
        return shift_products(fields["act"], fields["wgt"], product.code)

    return shifts if isinstance(product, ShiftProduct) else sums


def _legal(component: MacLane) -> Any:
    if isinstance(component.multiplier, ShiftProduct):
        return None
    return lambda fields: (fields["wgt"] >= component.multiplier.weights[0]).all(axis=1)


_LANE = (
    "For all payloads and all states, a payload adds to the accumulator what it gives alone, and "
    "the last one hands the sum over and clears it. What a payload gives alone is {what}. By "
    "induction over payloads, their number free, no sum leaves the accumulator up to the longest; "
    "one payload more overflows, replayed in the gates."
)
_RUN = _LANE.format(what="run for every pair of operands and compared with golden")
_TERMS = _LANE.format(
    what="the sum of the products of its operand sets, by the operator of the definition at the "
    "same width; for the sum, products are free values within their range"
)


def _of(form: str) -> str:
    bits = operands(form).act.bits + operands(form).wgt.bits
    return _RUN if bits <= EXHAUSTED_BITS else _TERMS


PROOFS = (
    *(Proof("mac", form, _steps, _of(form)) for form in find_unit("mac").formats),
    *(Proof("mac", form, _steps, _TERMS, {"depth": 2}) for form in ("int4", "int8", "int16")),
    *(
        Proof("mac-packed", form, _steps, _RUN, {"form": kind})
        for form, kind in (
            ("int4", "full"),
            ("int4", "narrow"),
            ("int8", "full"),
            ("w4a8", "full"),
            ("w4a8", "narrow"),
        )
    ),
    *(Proof("mac-shift", form, _steps, _RUN) for form in find_unit("mac-shift").formats),
)
