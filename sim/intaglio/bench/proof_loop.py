"""The loop of a floating-point accumulator: proved for any number that comes to it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import z3

from intaglio.bench.proof_floats import EXPONENT_BITS, Exact, exact, is_finite, sums
from intaglio.bench.proof_gates import Gates, Trace
from intaglio.bench.proof_solve import Claim
from intaglio.bench.proof_terms import constant, extended
from intaglio.spec.ieee import IeeeFormat

PARTS = ("negative", "exponent", "significand", "infinite", "nan")


def loop(
    component: Any,
    gates: Gates,
    form: IeeeFormat,
    contexts: int,
    span: tuple[int, int],
    payload: Any,
    first: Any,
    *,
    marked: str = "",
    result: str = "o__payload",
) -> Iterator[Claim]:
    """Claim sum' = RNE((+0 if first else sum) + x) for every x whose registers begin with ``x_``.

    x is 0 or has the top bit of its significand set, its exponent within `span`. One case for each
    distance of the exponents.

    Parameters
    ----------
    contexts : int
        Sums that take turns; payloads of others may be anywhere in the loop.
    payload, first : z3 terms
        What brings x, and its mark.
    marked : str
        Register that the mark is in while x is in those that begin with ``x_``, where the payload
        does not bring it.
    result : str
        Wire of the sum's code.
    """
    parts = {name: z3.BitVec(f"x {name}", gates.wires[f"x_{name}"].size()) for name in PARTS}
    olds = [z3.BitVec(f"sum {n}", form.bits) for n in range(contexts)]
    turn = z3.BitVec("turn", 2)
    cycles = 1 if contexts == 1 else 4
    trace = Trace(gates, o__ready=1)
    latency = component.latency_cycles
    for n in range(latency + 1):
        if n == latency - cycles:
            for name, value in parts.items():
                trace.let(f"x_{name}", value)
            for k, old in enumerate(olds):
                trace.let(f"sum_{k}", old)
            if contexts > 1:
                trace.let("turn", turn)
            if marked:
                trace.let(marked, first)
        trace.cycle(**({"i__payload": payload, "i__valid": 1} if n == 0 else {}))
    mine = olds[0]
    for k in range(1, contexts):
        mine = z3.If(turn == k, olds[k], mine)
    before = z3.If(first == 1, constant(0, form.bits), mine)
    out = trace.at(latency, result)
    x = Exact(
        parts["negative"],
        parts["significand"],
        extended(parts["exponent"], EXPONENT_BITS) - (parts["significand"].size() - 1),
    )
    significand, exponent = parts["significand"], parts["exponent"]
    top = significand.size() - 1
    zero = z3.And(significand == 0, exponent == form.least_exponent)
    plain = [parts["infinite"] == 0, parts["nan"] == 0]
    given = [
        *plain,
        z3.Or(z3.Extract(top, top, significand) == 1, zero),
        *(span[0] <= exponent, exponent <= span[1]),
        is_finite(before, form),
    ]
    for name, case, code in sums(exact(before, form), x, form):
        yield Claim(f"sum, {name}", out == code, [*given, case])
    yield from _specials(out, before, parts, form)
    for k in range(contexts):
        after = trace.at(latency, f"sum_{k}")
        if contexts == 1:
            yield Claim("the sum is kept", after == out)
            continue
        yield Claim(f"sum {k} is kept", after == out, [turn == k])
        same = after == trace.at(latency - 1, f"sum_{k}")
        yield Claim(f"sum {k} stays for others", same, [turn != k])
    if contexts > 1:
        yield Claim("turns", trace.at(latency - cycles + 1, "turn") == turn + 1)


def _specials(out: Any, before: Any, parts: dict[str, Any], form: IeeeFormat) -> Iterator[Claim]:
    """Infinity and NaN in the sum, or x."""
    magnitude = z3.Extract(form.bits - 2, 0, before)
    endless = magnitude == form.infinity
    no_number = z3.UGT(magnitude, form.infinity)
    yield Claim("a NaN stays", out == form.nan, [no_number])
    yield Claim("a NaN comes", out == form.nan, [parts["nan"] == 1])
    plain = [parts["infinite"] == 0, parts["nan"] == 0]
    yield Claim("infinity stays", out == before, [endless, *plain])
