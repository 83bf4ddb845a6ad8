"""Claims that hold of every unit with a stream in and a stream out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from intaglio.bench.late_z3 import z3
from intaglio.bench.proof_gates import Gates, Trace
from intaglio.bench.proof_solve import Claim, Solved


def still(gates: Gates) -> Iterator[Claim]:
    """A payload that waits to be taken keeps every register, and no other one is taken."""
    trace = Trace(gates, o__ready=0)
    trace.cycle()
    trace.cycle()
    waits = trace.at(0, "o__valid") == 1
    yield Claim("a unit that waits takes nothing", trace.at(0, "i__ready") == 0, [waits])
    kept = [before == after for before, after in trace.registers(0, 1)]
    yield Claim("a unit that waits keeps its registers", z3.And(*kept), [waits])


def arrives(component: Any, gates: Gates, last: str | None = None) -> Iterator[Claim]:
    """What is taken comes out `latency_cycles` later if it is the last one of a sum.

    Parameters
    ----------
    last : str, optional
        Wire of the payload's mark; by default every payload gives a result.
    """
    trace = Trace(gates, o__ready=1)
    latency = component.latency_cycles
    for _ in range(latency + 1):
        trace.cycle()
    comes = trace.at(0, "i__valid") & (trace.at(0, last) if last else 1)
    yield Claim("a unit that is not held up takes what comes", trace.at(0, "i__ready") == 1)
    yield Claim("a result comes after the latency", trace.at(latency, "o__valid") == comes)


def resets(component: Any, gates: Gates) -> Iterator[Claim]:
    """After a reset nothing comes out before something went in."""
    trace = Trace(gates, o__ready=1, i__valid=0)
    trace.cycle(rst=1)
    for n in range(1, component.latency_cycles + 2):
        trace.cycle()
        yield Claim(f"nothing comes {n} cycles after a reset", trace.at(n, "o__valid") == 0)


def flow(last: str | None = None) -> Solved:
    """Return the step of all of these."""

    def claims(component: Any, gates: Gates) -> Iterable[Claim]:
        yield from still(gates)
        yield from arrives(component, gates, last)
        yield from resets(component, gates)

    return Solved(claims, state="")
