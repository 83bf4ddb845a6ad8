"""Proofs of the outlier split: both arrays, the compaction, the requantisers and their sum."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from intaglio.bench.late_z3 import z3
from intaglio.bench.proof import Proof, Step
from intaglio.bench.proof_gates import Gates, Trace
from intaglio.bench.proof_solve import Claim, Solved
from intaglio.bench.proof_terms import constant, extended, field, number
from intaglio.gateware.split import SplitDot
from intaglio.spec.formats import INT8, INT16, INT32
from intaglio.spec.quant import MULTIPLIER_FRACTION_BITS, SHIFTS
from intaglio.spec.split import TERM

BITS = INT32.bits
ADDED = 2  # cycles from operands to the accumulators, and from the chosen columns


def _main(component: SplitDot, gates: Gates) -> Iterator[Claim]:
    """A payload adds the 8-bit products of its columns without the mask."""
    shape = component.i.payload.shape()
    payload = z3.BitVec("payload", gates.inputs["i__payload"].size())
    olds = {f"acc_{n}": z3.BitVec(f"before {n}", BITS) for n in range(component.outputs)}
    trace = Trace(gates)
    for n in range(ADDED + 2):
        if n == ADDED:
            for name, old in olds.items():
                trace.let(name, old)
        trace.cycle(**({"i__payload": payload, "i__valid": 1} if n == 0 else {}))
    # The array moves unless a finished sum waits for the one before it; nothing else holds it up.
    taken = trace.at(0, "i__ready") == 1
    moved = [trace.at(n, "main_move") == 1 for n in range(1, ADDED + 1)]
    given = [taken, *moved]
    width = 2 * INT8.bits
    first, last = field(payload, shape, "first") == 1, field(payload, shape, "last") == 1
    for n, (name, old) in enumerate(olds.items()):
        total = None
        for k in range(component.columns):
            low = extended(z3.Extract(INT8.bits - 1, 0, field(payload, shape, "act", k)), BITS)
            mask = z3.Extract(k, k, field(payload, shape, "mask")) == 1
            act = z3.If(mask, constant(0, BITS), low)
            wgt = number(payload, shape, BITS, "wgt", n * component.columns + k)
            product = extended(act, width) * extended(wgt, width)
            # As wide as the sum so far needs: a bit more for each column.
            grown = width + k
            total = product if total is None else extended(total, grown) + extended(product, grown)
        total = z3.If(first, constant(0, BITS), old) + extended(total, BITS)
        here = trace.at(ADDED + 1, name)
        yield Claim(f"main sum {n}", here == total, given, free_products=True)
        held = z3.Extract(BITS * n + BITS - 1, BITS * n, trace.at(ADDED + 1, "main"))
        goal = held == total
        yield Claim(f"main sum {n} is held", goal, [*given, last], free_products=True)
    full = trace.at(ADDED + 1, "main_full") == 1
    yield Claim("main sums stand", full, [*given, last])


def _product(act: Any, wgt: Any, width: int) -> Any:
    """Return a product of `width` bits, extended again."""
    return extended(extended(act, width) * extended(wgt, width), act.size())


def _compaction(component: SplitDot, gates: Gates) -> Iterator[Claim]:
    """The payload at the head gives its lowest columns that are left, each of them once."""
    shape = component.i.payload.shape()
    trace = Trace(gates)
    trace.cycle()
    trace.cycle()
    beat = trace.at(0, "side.queue.o__payload")
    mask, taken = field(beat, shape, "mask"), trace.at(0, "side.taken")
    moves = trace.at(0, "side.move") == 1
    there = trace.at(0, "side.queue.o__valid") == 1
    left = mask & ~taken
    for _ in range(component.side):
        lowest = constant(0, component.columns)
        for k in reversed(range(component.columns)):
            here = z3.Extract(k, k, left) == 1
            lowest = z3.If(here, constant(1 << k, component.columns), lowest)
        left = left & ~lowest
    empty = left == 0
    done = z3.If(empty, constant(0, component.columns), mask & ~left)
    after = trace.at(1, "side.taken")
    yield Claim("columns taken", after == z3.If(z3.And(moves, there), done, taken))
    leaves = trace.at(0, "side.queue.o__ready") == 1
    yield Claim("a payload leaves when its last column does", leaves == z3.And(moves, empty))


def _side(component: SplitDot, gates: Gates) -> Iterator[Claim]:
    """The columns that are chosen add their 16-bit products."""
    shape = component.i.payload.shape()
    olds = {f"side.acc_{n}": z3.BitVec(f"side {n}", BITS) for n in range(component.outputs)}
    fresh = z3.BitVec("fresh", 1)
    trace = Trace(gates)
    for n in range(ADDED + 2):
        if n == ADDED:
            for name, old in {**olds, "side.fresh": fresh}.items():
                trace.let(name, old)
        trace.cycle()
    beat = trace.at(0, "side.queue.o__payload")
    left = field(beat, shape, "mask") & ~trace.at(0, "side.taken")
    moved = [trace.at(n, "side.move") == 1 for n in range(ADDED + 1)]
    given = [*moved, trace.at(0, "side.queue.o__valid") == 1]
    if component.side != 1:
        return
    last = z3.And(field(beat, shape, "last") == 1, left & (left - 1) == 0)
    for n, (register, old) in enumerate(olds.items()):
        start = z3.If(fresh == 1, constant(0, BITS), old)
        held = z3.Extract(BITS * n + BITS - 1, BITS * n, trace.at(ADDED + 1, "side.held"))
        # One case each of the lowest column that is left, and none.
        for k in range(component.columns + 1):
            case = left == 0
            total = start
            if k < component.columns:
                case = z3.And(z3.Extract(k, k, left) == 1, left & ((1 << k) - 1) == 0)
                act = number(beat, shape, BITS, "act", k)
                wgt = number(beat, shape, BITS, "wgt", n * component.columns + k)
                total = start + _product(act, wgt, INT16.bits + INT8.bits)
            here = trace.at(ADDED + 1, register)
            for what, value, when in (("", here, []), (" held", held, [last])):
                name = f"side sum {n}{what}, column {k}"
                yield Claim(name, value == total, [*given, case, *when], free_products=True)
    after = trace.at(ADDED + 1, "side.fresh") == 1
    yield Claim("a side sum starts after the last one", after == last, given)


def _merge(component: SplitDot, gates: Gates) -> Iterator[Claim]:
    """One output after the other, both sums are scaled, rounded, saturated and added."""
    names = ("multiplier", "shift", "side_multiplier", "side_shift", "zero_point", "low", "high")
    held = {name: z3.BitVec(name, gates.inputs[name].size()) for name in names}
    main, side = (z3.BitVec(n, component.outputs * BITS) for n in ("main", "side"))
    wide = TERM.bits + 4
    for n in range(component.outputs):
        trace = Trace(gates, o__ready=1, **held)
        for name, value in {
            "main": main,
            "main_full": constant(1, 1),
            "side.held": side,
            "side.full": constant(1, 1),
            "turn": constant(n, gates.wires["turn"].size()),
        }.items():
            trace.let(name, value)
        for _ in range(5):
            trace.cycle()
        out = trace.at(4, "o__payload")
        after = trace.at(1, "turn")
        yield Claim("outputs take turns", after == (n + 1) % component.outputs)
        total = constant(0, wide)
        given = []
        for sums, prefix in ((main, ""), (side, "side_")):
            acc = z3.Extract(BITS * n + BITS - 1, BITS * n, sums)
            q = z3.Extract(BITS * n + BITS - 1, BITS * n, held[f"{prefix}multiplier"])
            size = held[f"{prefix}shift"].size() // component.outputs
            shift = z3.Extract(size * n + size - 1, size * n, held[f"{prefix}shift"])
            given += [shift >= SHIFTS.start, shift < SHIFTS.stop]
            product = extended(acc, 2 * BITS) * extended(q, 2 * BITS, False)
            room = 2 * BITS + 1
            less = extended((MULTIPLIER_FRACTION_BITS - 1) - shift, room)
            whole = ((extended(product, room) >> less) + 1) >> 1
            kept = z3.If(whole < TERM.min, constant(TERM.min, room), whole)
            kept = z3.If(whole > TERM.max, constant(TERM.max, room), kept)
            total = total + extended(kept, wide)
        total = total + extended(held["zero_point"], wide)
        low, high = (extended(held[name], wide) for name in ("low", "high"))
        code = z3.If(total < low, low, z3.If(total > high, high, total))
        goal = out == extended(code, INT8.bits)
        yield Claim(f"output {n}", goal, given, free_products=True)
    # Two halves of a rounding are the one of the definition: ties up.
    value = z3.BitVec("value", 2 * BITS + 2)
    inside = [value >= -(1 << 2 * BITS - 1), value < 1 << 2 * BITS - 1]
    for amount in SHIFTS:
        t = MULTIPLIER_FRACTION_BITS - amount
        one = ((value >> (t - 1)) + 1) >> 1
        yield Claim(f"rounding by {t}", one == (value + (1 << t - 1)) >> t, inside)


def _steps(component: SplitDot) -> Sequence[Step]:
    return (Solved(_main), Solved(_compaction), Solved(_side), Solved(_merge, state="composed"))


_WHY = (
    "Each part for any content of the registers before it. A payload adds the products of its "
    "columns without the mask to the main sums. Of the payload at the head of the queue the lowest "
    "column that is left is taken, each once, and its product added to the side sums. Both sums, "
    "products with the scales by the operator of the definition and otherwise free values, are "
    "rounded, saturated, added, offset and clamped, one output after the other."
)
PROOFS = (
    Proof("split-dot", "int8", _steps, _WHY, {"columns": 4}),
    Proof("split-dot", "int8", _steps, _WHY),
)
