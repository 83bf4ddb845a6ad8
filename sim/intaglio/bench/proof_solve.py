"""Claims about bit-vectors for all values: z3 simplifies, Bitwuzla decides."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from intaglio.bench.late_z3 import z3
from intaglio.bench.proof import PROVED, Shown
from intaglio.bench.proof_gates import TOP, Gates

PATIENCE_SECONDS = 600
HOLDS, REFUTED, UNDECIDED = "holds", "refuted", "undecided"


@dataclass(frozen=True)
class Claim:
    """`goal` holds wherever all of `given` do, whatever the free values are.

    Parameters
    ----------
    name : str
        For people.
    goal : z3 Bool
    given : sequence of z3 Bool
    free_products : bool
        Products of two values are taken as any values at all, equal where their factors are: what
        holds then holds of products too, and no solver has to multiply.
    product_range : (int, int), optional
        Least and greatest value that a free product may have, by its sign.
    """

    name: str
    goal: Any
    given: Sequence[Any] = ()
    free_products: bool = False
    product_range: tuple[int, int] | None = None


def decide(claim: Claim, seconds: int = PATIENCE_SECONDS) -> str:
    """Return HOLDS, REFUTED or UNDECIDED."""
    against = z3.simplify(z3.And(*claim.given, z3.Not(claim.goal)))
    if claim.free_products:
        against = z3.simplify(_without_products(against, claim.product_range))
    if z3.is_false(against):
        return HOLDS
    if z3.is_true(against):
        return REFUTED
    solver = z3.Solver()
    solver.add(against)
    if _of_integers(against):
        solver.set("timeout", 1000 * seconds)
        answer = solver.check()
        return HOLDS if answer == z3.unsat else REFUTED if answer == z3.sat else UNDECIDED
    return _bitwuzla("(set-logic QF_UFBV)\n" + solver.to_smt2(), seconds)


def _of_integers(term: Any) -> bool:
    """Return whether a claim is about integers of any size."""
    return z3.is_int(term) or any(map(_of_integers, term.children()[:1]))


def _bitwuzla(text: str, seconds: int) -> str:
    import bitwuzla

    options = bitwuzla.Options()
    options.set(bitwuzla.Option.TIME_LIMIT_PER, 1000 * seconds)
    parser = bitwuzla.Parser(bitwuzla.TermManager(), options)
    parser.parse(text.replace("(check-sat)", ""), True, False)
    answer = parser.bitwuzla().check_sat()
    if answer == bitwuzla.Result.UNSAT:
        return HOLDS
    return REFUTED if answer == bitwuzla.Result.SAT else UNDECIDED


def _without_products(term: Any, span: tuple[int, int] | None) -> Any:
    """Return `term` with a free function, of `span`, for products of values, no constants.

    The simplifier narrows a product where only its low bits are read. They are those of the
    product of the same factors, sign-extended: one function as wide as the widest serves all.
    """
    pairs: list[tuple[Any, Any]] = []
    facts = []
    products = _products(term)
    widest = max((product.size() for product in products), default=1)
    sort = z3.BitVecSort(widest)
    function = z3.Function(f"product {widest}", sort, sort, sort)
    for product in products:
        width = product.size()
        factors = [z3.substitute(factor, *pairs) for factor in product.children()]
        value, *rest = (z3.SignExt(widest - width, factor) for factor in factors)
        for factor in rest:
            found = function(value, factor)
            facts.append(found == function(factor, value))
            facts.append(z3.Implies(z3.Or(value == 0, factor == 0), found == 0))
            value = found
        if span is not None and width == widest:
            facts.append(z3.And(span[0] <= value, value <= span[1]))
        pairs.append((product, z3.Extract(width - 1, 0, value)))
    return z3.And(z3.substitute(term, *pairs), *facts)


def _products(term: Any) -> list[Any]:
    """Return the products of values in `term`, those within others first."""
    found: list[Any] = []
    seen: set[int] = set()
    stack = [(term, False)]
    while stack:
        here, done = stack.pop()
        if done:
            found.append(here)
        elif here.get_id() not in seen:
            seen.add(here.get_id())
            if z3.is_app(here) and here.decl().kind() == z3.Z3_OP_BMUL:
                if not any(z3.is_bv_value(factor) for factor in here.children()):
                    stack.append((here, True))
            stack += [(part, False) for part in here.children()]
    return found


@dataclass(frozen=True)
class Solved:
    """A step of claims about the gates.

    Parameters
    ----------
    claims : callable
        From the component and its gates to the claims.
    cut : callable, optional
        From the component to the modules in it whose outputs are free values here.
    state : str
        Empty: what is claimed goes with other steps and decides nothing about the arithmetic.
    """

    claims: Callable[[Any, Gates], Iterable[Claim]]
    cut: Callable[[Any], Sequence[str]] = lambda _: ()
    state: str = PROVED
    engine = "yosys, z3, bitwuzla"

    def show(self, component: Any, verilog: Callable[[str], str]) -> Shown:
        """Decide every claim."""
        gates = Gates(verilog(TOP), self.cut(component))
        faults = []
        for claim in self.claims(component, gates):
            verdict = decide(claim)
            if verdict != HOLDS:
                faults.append(f"{claim.name}: {verdict}")
        return Shown(faults=tuple(faults))
