"""Proofs of sums over groups and of absolute statistics."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from intaglio.bench.late_z3 import z3
from intaglio.bench.proof import Proof, Step
from intaglio.bench.proof_claims import flow
from intaglio.bench.proof_gates import Gates
from intaglio.bench.proof_overflow import LONGEST, Overflowed
from intaglio.bench.proof_solve import Claim, Solved
from intaglio.bench.proof_sums import Sums, additive, bounded, fresh_after_last, run
from intaglio.bench.proof_terms import constant, extended, field, number
from intaglio.gateware.accumulate import ScaleAccumulate, ShiftAccumulate
from intaglio.gateware.statistics import AbsoluteStatistics
from intaglio.spec.operands import INTEGER_OPERANDS

LAST = "i__payload.last"


def _payload(component: Any, gates: Gates) -> tuple[Any, Any, Any]:
    """Return a free payload, its layout and its last mark."""
    shape = component.i.payload.shape()
    payload = z3.BitVec("payload", gates.inputs["i__payload"].size())
    return payload, shape, field(payload, shape, "last")


def _marks(component: Any, gates: Gates, sums: Sums) -> Iterator[Claim]:
    shape = component.i.payload.shape()
    yield from fresh_after_last(component, gates, sums, lambda p: field(p, shape, "last"))


# Shifts.


def _shift_sums(component: ShiftAccumulate) -> Sums:
    names = [f"group_{g}" for g in range(component.groups.count)] if component.split else ["acc"]
    return Sums(tuple(names), 1, "first", in_payload=False)


def _shifted(component: ShiftAccumulate, gates: Gates) -> Iterator[Claim]:
    """A payload adds value << (count - 1 - index), at once or in its group's accumulator."""
    sums = _shift_sums(component)
    yield from additive(component, gates, sums)
    yield from _marks(component, gates, sums)
    payload, shape, _ = _payload(component, gates)
    bits, top = component.acc.bits, component.groups.count - 1
    zeros = {name: constant(0, gates.wires[name].size()) for name in sums.registers}
    index = field(payload, shape, "index")
    trace = run(gates, sums, payload, {**zeros, "first": constant(1, 1)}, beyond=1)
    for g in range(component.groups.count):
        value = number(payload, shape, bits, "value") << (top - g)
        out = trace.at(component.latency_cycles, "o__payload")
        yield Claim(f"a value of group {g}", out == value, [index == g])


def _collected(component: ShiftAccumulate, gates: Gates) -> Iterator[Claim]:
    """The sums of the groups, each as wide as the longest sum, are shifted and added."""
    sums = _shift_sums(component)
    payload, _, _ = _payload(component, gates)
    free = {n: z3.BitVec(f"before {n}", gates.wires[n].size()) for n in sums.registers}
    trace = run(gates, sums, payload, free, beyond=1)
    bits, top = component.acc.bits, component.groups.count - 1
    total = constant(0, bits)
    for g, name in enumerate(sums.registers):
        total = total + (extended(trace.at(1, name), bits) << (top - g))
    yield Claim("sum of the groups", trace.at(2, "o__payload") == total)


def _shift_steps(component: ShiftAccumulate) -> Sequence[Step]:
    value, groups = component.value, component.groups
    scale = 1 << groups.count - 1
    steps: list[Step] = [Solved(_shifted), flow(LAST)]
    if component.split:
        own = component.groups.__class__(1).sum_format(value, component.terms).bits
        steps += [Solved(_collected), bounded(value.min, value.max, own, component.terms)]
    bits = component.acc.bits
    count = _count(value.min * scale, value.max * scale, bits)
    steps.append(bounded(value.min * scale, value.max * scale, bits, count))
    extreme = {"value": value.max, "index": 0}
    replay = Overflowed(value.max * scale, extreme, bits, lambda _, last: {"last": last})
    return (*steps, replay) if replay.longest <= LONGEST and not component.split else steps


def _count(low: int, high: int, bits: int) -> int:
    """Return the payloads of the longest sum within `bits`."""
    return min(((1 << bits - 1) - 1) // high, (1 << bits - 1) // -low)


# Integer scales.


def _inner(component: ScaleAccumulate) -> Sums:
    return Sums(("inner",), 1, "fresh", in_payload=False)


def _within(component: ScaleAccumulate, gates: Gates) -> Iterator[Claim]:
    """Within a group a payload adds its value; the last one of a group starts the next."""
    sums = _inner(component)
    yield from additive(component, gates, sums)
    payload, shape, last = _payload(component, gates)
    ended = last | field(payload, shape, "end")
    yield from fresh_after_last(component, gates, sums, lambda _: ended)
    trace = run(
        gates, sums, payload, {"inner": constant(0, _bits(gates, "inner")), "fresh": constant(1, 1)}
    )
    value = number(payload, shape, _bits(gates, "inner"), "value")
    yield Claim("a value alone", trace.at(1, "inner") == value)
    yield Claim("the group ends", trace.at(1, "ended") == ended)
    yield Claim("the scale of the end", trace.at(1, "scale") == field(payload, shape, "scale"))


def _scaled(component: ScaleAccumulate, gates: Gates) -> Iterator[Claim]:
    """The last payload of a group adds the group's sum, times the scale, rounded."""
    payload, shape, last = _payload(component, gates)
    ended = last | field(payload, shape, "end")
    bits, width = component.acc.bits, _bits(gates, "scaled")
    old, first = z3.BitVec("before", bits), z3.BitVec("first", 1)
    trace = run(gates, Sums(("acc",), 3), payload, {"acc": old, "first": first})
    sign = extended(trace.at(1, "inner"), width)
    product = sign * extended(field(payload, shape, "scale"), width, signed=False)
    half = (1 << component.groups.drop) >> 1
    exact = extended(product, width + 1) + half
    rounded = extended(exact >> component.groups.drop, bits)
    start = z3.If(first == 1, constant(0, bits), old)
    here = trace.at(3, "acc")
    yield Claim("the scaled sum of a group is added", here == start + rounded, [ended == 1])
    yield Claim("a payload within a group adds nothing", here == old, [ended == 0])
    after = trace.at(3, "first")
    yield Claim("the last payload starts a new sum", after == z3.If(ended == 1, last, first))


def _bits(gates: Gates, name: str) -> int:
    return int(gates.wires[name].size())


def _scale_steps(component: ScaleAccumulate) -> Sequence[Step]:
    value, groups, bits = component.value, component.groups, component.acc.bits
    inner = groups.inner_format(value)
    half = (1 << groups.drop) >> 1
    scale = (1 << groups.scale_bits) - 1
    low, high = (
        (end * groups.size * scale + half) >> groups.drop for end in (value.min, value.max)
    )
    return (
        Solved(_within),
        Solved(_scaled),
        bounded(value.min, value.max, inner.bits, groups.size),
        bounded(low, high, bits, _count(low, high, bits)),
        flow(LAST),
    )


# Statistics.


def _statistics(component: AbsoluteStatistics, gates: Gates) -> Iterator[Claim]:
    """A payload adds its values and their distances from the mean."""
    sums = Sums(("o__payload.sum", "o__payload.deviation"), 2, "first", in_payload=False)
    mean = z3.BitVec("mean", component.mean_format.bits)
    yield from additive(component, gates, sums, mean=mean)
    yield from fresh_after_last(
        component,
        gates,
        sums,
        lambda p: field(p, component.i.payload.shape(), "last"),
        mean=mean,
    )
    payload, shape, _ = _payload(component, gates)
    zeros = {name: constant(0, _bits(gates, name)) for name in sums.registers}
    trace = run(gates, sums, payload, {**zeros, "first": constant(1, 1)}, mean=mean)
    for name, distance in zip(sums.registers, (False, True), strict=True):
        bits = _bits(gates, name)
        total = constant(0, bits)
        for n in range(component.lanes):
            value = number(payload, shape, bits, "x", n)
            if distance:
                centre = extended(mean, bits, component.mean_format.signed)
                away = (value << component.point) - centre
                value = z3.If(away < 0, -away, away)
            total = total + value
        yield Claim(f"what a payload adds to {name}", trace.at(2, name) == total)


def _statistics_steps(component: AbsoluteStatistics) -> Sequence[Step]:
    longest = _longest(component)
    value = component.value
    reach = (value.max - value.min) << component.point
    return (
        Solved(_statistics),
        bounded(
            value.min * component.lanes, value.max * component.lanes, component.total.bits, longest
        ),
        bounded(0, reach * component.lanes, component.deviation.bits, longest),
        flow(LAST),
    )


def _longest(component: AbsoluteStatistics) -> int:
    """Return the payloads that fit the sum of the values."""
    most = max(component.value.max, -component.value.min) * component.lanes
    return ((1 << component.total.bits - 1) - 1) // most


_BOUND = (
    " By induction over payloads, their number free, no sum leaves its accumulator up to the "
    "longest."
)
_SHIFT = (
    "For all payloads and all states, a payload adds value << (count - 1 - index) to the sum, so "
    "that the order of groups changes nothing." + _BOUND
)
_SPLIT = (
    "For all payloads and all states, a payload adds its value to its group's accumulator, and the "
    "accumulators, shifted by group, add up to the result." + _BOUND
)
_SCALE = (
    "For all payloads and all states, a payload adds its value within its group, and the last one "
    "of a group adds the group's sum, times the scale by the operator of the definition at the "
    "same width, rounded." + _BOUND
)
_STATISTICS = (
    "For all payloads, means and states, a payload adds its values to one sum and their distances "
    "from the mean to the other." + _BOUND
)
PROOFS = (
    *(Proof("group-shift", form, _shift_steps, _SHIFT) for form in INTEGER_OPERANDS),
    Proof("group-shift", "int4", _shift_steps, _SHIFT, {"acc_bits": 32, "terms": 64}),
    *(
        Proof("group-shift", form, _shift_steps, _SPLIT, {"form": "split"})
        for form in ("int4", "int8", "w4a8")
    ),
    *(Proof("group-scale", form, _scale_steps, _SCALE) for form in ("int4", "w4a8", "int8")),
    Proof("group-scale", "int4", _scale_steps, _SCALE, {"drop": 4, "acc_bits": 32}),
    Proof(
        "group-scale", "int4", _scale_steps, _SCALE, {"scale_bits": 16, "size": 128, "acc_bits": 48}
    ),
    *(
        Proof("l1-statistics", form, _statistics_steps, _STATISTICS)
        for form in ("int8", "uint8", "int16")
    ),
)
