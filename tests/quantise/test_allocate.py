"""Bits by layer: the published optima, brute force, budgets that nothing meets, a search."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import numpy as np
import pytest

from intaglio.quantise.allocate import Group, Problem, Term, allocate, exhaustive
from intaglio.quantise.search import Policy, search
from intaglio.quantise.sensitivity_table import read_table, table_problem
from intaglio.spec.errors import FitError, IntaglioError

PUBLISHED = {"modelsize": "bytes", "bops": "bops", "latency": "t4_latency"}
OBJECTIVES = {"modelsize": -1.233207, "bops": -1.092024, "latency": -1.105039}


@pytest.mark.parametrize("column", PUBLISHED)
def test_published_optima_of_resnet18(shared: Path, column: str) -> None:
    path = shared / "anchors/hawq_r18.csv"
    rows, widths = read_table(path.read_text(), path.name)
    assert (len(rows), widths) == (19, (4, 8))
    for share in (0.25, 0.5, 0.75):
        problem, place = table_problem(rows, widths, PUBLISHED[column], share, path.name)
        assert len(problem.groups) == 16
        found = exhaustive(problem)
        bits = [found.options[p] for p in place]
        assert bits == [int(row[f"bits_{column}_{share}"]) for row in rows]
        if share == 0.5:
            assert allocate(problem).chosen == found.chosen
            least = problem.loss([0] * 16)
            assert found.loss - least == pytest.approx(OBJECTIVES[column], abs=1e-6)


def random_problem(rng: np.random.Generator, count: int, share: float) -> Problem:
    """Groups of three widths whose layers cost by what they read and what they write."""
    groups = tuple(
        Group(str(i), (4, 8, 16), tuple(map(float, sorted(rng.random(3), reverse=True))))
        for i in range(count)
    )
    pairs = tuple(
        Term(
            (i, i + 1), {case: float(rng.integers(1, 100)) for case in product(range(3), repeat=2)}
        )
        for i in range(count - 1)
    )
    single = Term((0,), {(i,): 10.0 * i for i in range(3)})
    problem = Problem(groups, (*pairs, single), 0.0)
    costs = [problem.cost(chosen) for chosen in product(range(3), repeat=count)]
    return Problem(groups, problem.terms, min(costs) + share * (max(costs) - min(costs)))


def test_costs_of_neighbours_as_brute_force_has_them(rng: np.random.Generator) -> None:
    for share in (0.05, 0.4):
        problem = random_problem(rng, 6, share)
        found, best = allocate(problem), exhaustive(problem)
        assert found.cost <= problem.budget
        assert found.loss == pytest.approx(best.loss, abs=1e-9)


def test_a_budget_that_nothing_meets_names_the_least_cost() -> None:
    group = Group("a", (4, 8), (1.0, 0.0))
    problem = Problem((group,), (Term((0,), {(0,): 40.0, (1,): 80.0}),), 39.0)
    for solve in (allocate, exhaustive):
        with pytest.raises(FitError, match="the least is 40") as fault:
            solve(problem)
        assert fault.value.findings[0].code == "E408"


@pytest.mark.parametrize("text", ["", "layer,params\na,1\n", "layer,params,macs\n1,2,3\n"])
def test_tables_without_their_columns_are_refused(text: str) -> None:
    with pytest.raises(IntaglioError) as fault:
        read_table(text, "t.csv")
    assert fault.value.findings[0].code == "E307"


def test_a_search_by_accuracy_ends_within_a_hundredth_of_the_best(seed: int) -> None:
    rng = np.random.default_rng(seed)
    groups = tuple(
        Group(str(i), (4, 8, 16), tuple(map(float, sorted(rng.random(3), reverse=True))))
        for i in range(8)
    )
    terms = tuple(
        Term((i,), {(k,): macs * bits for k, bits in enumerate((4, 8, 16))})
        for i, macs in enumerate(rng.integers(1, 100, 8).astype(float))
    )
    total = sum(term.costs[(0,)] for term in terms)
    problem = Problem(groups, terms, 1.9 * total)
    most = problem.loss([0] * 8)

    def quality(chosen: tuple[int, ...]) -> float:
        return 1 - problem.loss(chosen) / most

    found = search([3] * 8, quality, problem.cost, problem.budget, seed=seed)
    best = exhaustive(problem)
    assert found.cost <= problem.budget
    assert found.quality >= 0.99 * quality(best.chosen)
    assert found.judged < 3**8 / 2
    again = search([3] * 8, quality, problem.cost, problem.budget, seed=seed)
    assert again.chosen == found.chosen


def test_a_search_with_a_target_out_of_reach_says_so() -> None:
    with pytest.raises(FitError, match="least was 2"):
        search([2], lambda _: 1.0, lambda _: 2.0, 1.0, Policy(steps=4, delay=1))
