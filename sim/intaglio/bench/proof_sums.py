"""Sums over payloads: each payload adds a value of its own, whatever came before it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from intaglio.bench.late_z3 import z3
from intaglio.bench.proof_gates import Gates, Trace
from intaglio.bench.proof_solve import Claim, Solved
from intaglio.bench.proof_terms import choose, constant


@dataclass(frozen=True)
class Sums:
    """How a unit sums.

    Parameters
    ----------
    registers : tuple of str
        Accumulators, written once a payload.
    written : int
        Cycles from a payload to the cycle that begins with its sum.
    mark : str
        Field of the payload, or register, that says that the sum starts from 0.
    in_payload : bool
        Which of both.
    """

    registers: tuple[str, ...]
    written: int
    mark: str = "first"
    in_payload: bool = True


def run(
    gates: Gates,
    sums: Sums,
    payload: Any,
    before: Mapping[str, Any],
    *,
    name: str = "",
    valid: int = 1,
    beyond: int = 0,
    **held: Any,
) -> Trace:
    """Return the cycles of a payload; all else, the payloads around it included, is free.

    Parameters
    ----------
    before : mapping
        Values of registers in the cycle that ends with the sum.
    beyond : int
        Cycles after it.
    """
    trace = Trace(gates, name, o__ready=1, **held)
    for n in range(sums.written + 1 + beyond):
        if n == sums.written - 1:
            for register, value in before.items():
                trace.let(register, value)
        trace.cycle(**({"i__payload": payload, "i__valid": valid} if n == 0 else {}))
    return trace


def additive(component: Any, gates: Gates, sums: Sums, **held: Any) -> Iterator[Claim]:
    """Claim that sum' = (0 if the sum starts else sum) + what the payload alone gives.

    A payload alone is one that starts a sum, in a run of its own: that its value depends on
    nothing else is part of the claim. And a cycle without a payload changes no sum.
    """
    shape = component.i.payload.shape()
    width = gates.inputs["i__payload"].size()
    payload = z3.BitVec("payload", width)
    olds = {name: z3.BitVec(f"before {name}", gates.wires[name].size()) for name in sums.registers}
    zeros = {name: constant(0, value.size()) for name, value in olds.items()}
    if sums.in_payload:
        item = shape[sums.mark]
        starts: Any = z3.Extract(item.offset, item.offset, payload)
        mark: dict[str, Any] = {}
        alone = payload | constant(1 << item.offset, width)
    else:
        starts = z3.BitVec("starts", 1)
        mark, alone = {sums.mark: starts}, payload
    marked = {name: constant(1, 1) for name in mark}
    here = run(gates, sums, payload, {**olds, **mark}, **held)
    there = run(gates, sums, alone, {**zeros, **marked}, name="other ", **held)
    for name, old in olds.items():
        value = there.at(sums.written, name)
        expected = choose(starts, constant(0, old.size()), old) + value
        yield Claim(f"{name} adds the payload", here.at(sums.written, name) == expected)
    rest = run(gates, sums, payload, {**olds, **mark}, valid=0, **held)
    for name, old in olds.items():
        yield Claim(f"{name} stays without a payload", rest.at(sums.written, name) == old)


def fresh_after_last(
    component: Any, gates: Gates, sums: Sums, last: Any, **held: Any
) -> Iterator[Claim]:
    """Claim that the register of the mark is set by the last payload of a sum and by a reset.

    Parameters
    ----------
    last : callable
        From the payload to the bit that ends a sum.
    """
    payload = z3.BitVec("payload", gates.inputs["i__payload"].size())
    mark = z3.BitVec("starts", 1)
    for valid, expected in ((1, last(payload)), (0, mark)):
        trace = run(gates, sums, payload, {sums.mark: mark}, valid=valid, **held)
        goal = trace.at(sums.written, sums.mark) == expected
        yield Claim(f"a sum starts after the last payload, valid {valid}", goal)
    trace = Trace(gates, o__ready=1, **held)
    trace.cycle(rst=1)
    trace.cycle()
    yield Claim("a sum starts after a reset", trace.at(1, sums.mark) == 1)


def bounded(lowest: int, highest: int, acc_bits: int, longest: int) -> Solved:
    """Return the step that no sum of up to `longest` values leaves an accumulator.

    By induction, n free: n * lowest <= acc <= n * highest holds of n = 0, and with any value from
    `lowest` to `highest` of n + 1; and for n <= `longest` it lies within the accumulator.
    """

    def claims(component: Any, gates: Gates) -> Iterable[Claim]:
        n, acc, value = z3.Ints("n acc value")
        least, most = -(1 << acc_bits - 1), (1 << acc_bits - 1) - 1
        given = [
            *(0 <= n, n < longest),
            *(n * lowest <= acc, acc <= n * highest),
            *(lowest <= value, value <= highest),
        ]
        then = acc + value
        goal = z3.And((n + 1) * lowest <= then, then <= (n + 1) * highest)
        yield Claim("the bound of n + 1 values", goal, given)
        yield Claim("no overflow", z3.And(least <= then, then <= most), given)

    return Solved(claims)
