"""The loop of a floating-point accumulator: proved for any number that comes to it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from intaglio.bench.late_z3 import z3
from intaglio.bench.proof_floats import EXPONENT_BITS, Exact, exact, is_finite, sums
from intaglio.bench.proof_gates import Gates, Trace
from intaglio.bench.proof_solve import Claim
from intaglio.bench.proof_terms import constant, extended
from intaglio.spec.ieee import IeeeFormat


def loop(
    component: Any,
    gates: Gates,
    form: IeeeFormat,
    contexts: int,
    comes: Comes,
    payload: Any,
    first: Any,
    *,
    marked: str = "",
    result: str = "o__payload",
) -> Iterator[Claim]:
    """Claim sum' = RNE((+0 if first else sum) + x) for every x that can come.

    One case for each distance of the exponents.

    Parameters
    ----------
    contexts : int
        Sums that take turns; payloads of others may be anywhere in the loop.
    comes : Comes
        The registers of x.
    payload, first : z3 terms
        What brings x, and its mark.
    marked : str
        Register that the mark is in while x is in its registers, where the payload does not bring
        it.
    result : str
        Wire of the sum's code.
    """
    olds = [z3.BitVec(f"sum {n}", form.bits) for n in range(contexts)]
    turn = z3.BitVec("turn", 2)
    cycles = 1 if contexts == 1 else 4
    trace = Trace(gates, o__ready=1)
    latency = component.latency_cycles
    for n in range(latency + 1):
        if n == latency - cycles:
            for name, value in comes.registers.items():
                trace.let(name, value)
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
    given = [*comes.finite, is_finite(before, form)]
    for name, case, code in sums(exact(before, form), comes.number, form):
        yield Claim(f"sum, {name}", out == code, [*given, case])
    yield from _specials(out, before, comes, form)
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


def _specials(out: Any, before: Any, comes: Comes, form: IeeeFormat) -> Iterator[Claim]:
    """Infinity and NaN in the sum, or x."""
    magnitude = z3.Extract(form.bits - 2, 0, before)
    endless, no_number = magnitude == form.infinity, z3.UGT(magnitude, form.infinity)
    yield Claim("a NaN stays", out == form.nan, [no_number])
    yield Claim("a NaN comes", out == form.nan, [comes.nan])
    yield Claim("infinity stays", out == before, [endless, *comes.finite])
    sign = z3.Extract(form.bits - 1, form.bits - 1, before)
    comes_endless = [comes.infinite, z3.Not(comes.nan), z3.Not(no_number)]
    clash = z3.And(endless, sign != comes.number.negative)
    infinity = z3.Concat(comes.number.negative, constant(form.infinity, form.bits - 1))
    yield Claim("infinities clash", out == form.nan, [*comes_endless, clash])
    yield Claim("infinity comes", out == infinity, [*comes_endless, z3.Not(clash)])


@dataclass(frozen=True)
class Comes:
    """A number that comes to the loop.

    Parameters
    ----------
    registers : mapping
        What holds it, and the free value of each.
    number : Exact
        Its value, where `finite` holds.
    finite : sequence of z3 Bool
        What holds of a finite number.
    infinite, nan : z3 Bool
        What else it may be.
    """

    registers: Mapping[str, Any]
    number: Exact
    finite: Sequence[Any]
    infinite: Any
    nan: Any


def parts(gates: Gates, form: IeeeFormat, span: tuple[int, int], name: str = "x") -> Comes:
    """Return a normalised number whose registers begin with `name`.

    It is 0 or has the top bit of its significand set, its exponent within `span`.
    """
    fields = ("negative", "exponent", "significand", "infinite", "nan")
    free = {f: z3.BitVec(f"{name} {f}", gates.wires[f"{name}_{f}"].size()) for f in fields}
    significand, exponent = free["significand"], free["exponent"]
    top = significand.size() - 1
    zero = z3.And(significand == 0, exponent == form.least_exponent)
    return Comes(
        {f"{name}_{f}": value for f, value in free.items()},
        Exact(free["negative"], significand, extended(exponent, EXPONENT_BITS) - top),
        [
            *(free["infinite"] == 0, free["nan"] == 0),
            z3.Or(z3.Extract(top, top, significand) == 1, zero),
            *(span[0] <= exponent, exponent <= span[1]),
        ],
        free["infinite"] == 1,
        free["nan"] == 1,
    )


def coded(register: str, form: IeeeFormat) -> Comes:
    """Return any number of `form` whose code is in a register."""
    code = z3.BitVec(register, form.bits)
    magnitude = z3.Extract(form.bits - 2, 0, code)
    return Comes(
        {register: code},
        exact(code, form),
        [is_finite(code, form)],
        magnitude == form.infinity,
        z3.UGT(magnitude, form.infinity),
    )
