"""Bits by layer as an integer program.

One option o for each group g, of least total loss within a budget:

    min sum_g loss[g][o_g]    s.t.    sum_t cost_t(o of the one or two groups of t) <= budget

Source: HAWQ-V3 (Yao, 2021), its program generalised to costs that depend on two neighbours.
"""

from __future__ import annotations

import json
import math
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt

from intaglio.spec.errors import Finding, FitError, ToolError

MOST = 1 << 24
"""Assignments that an exhaustive search goes through at most."""


@dataclass(frozen=True)
class Group:
    """Tensors or layers that share one choice.

    Parameters
    ----------
    options : tuple
        What may be chosen: bits, or the name of a format.
    losses : tuple of float
        Of each option.
    """

    name: str
    options: tuple[Any, ...]
    losses: tuple[float, ...]


@dataclass(frozen=True)
class Term:
    """A part of the cost.

    Parameters
    ----------
    groups : tuple of int
        One or two places in the groups of the problem.
    costs : mapping
        Of the indices of their options.
    """

    groups: tuple[int, ...]
    costs: Mapping[tuple[int, ...], float]


@dataclass(frozen=True)
class Problem:
    """What is to be allocated, within which budget."""

    groups: tuple[Group, ...]
    terms: tuple[Term, ...]
    budget: float

    def loss(self, chosen: Sequence[int]) -> float:
        """Return the loss of indices of options."""
        return math.fsum(g.losses[i] for g, i in zip(self.groups, chosen, strict=True))

    def cost(self, chosen: Sequence[int]) -> float:
        """Return the cost of indices of options."""
        return math.fsum(t.costs[tuple(chosen[g] for g in t.groups)] for t in self.terms)


@dataclass(frozen=True)
class Allocation:
    """An answer.

    Parameters
    ----------
    chosen : tuple of int
        Index of the option of each group.
    """

    problem: Problem
    chosen: tuple[int, ...]

    @property
    def options(self) -> tuple[Any, ...]:
        """What was chosen for each group."""
        return tuple(g.options[i] for g, i in zip(self.problem.groups, self.chosen, strict=True))

    @property
    def loss(self) -> float:
        """Sum of the losses."""
        return self.problem.loss(self.chosen)

    @property
    def cost(self) -> float:
        """Sum of the costs."""
        return self.problem.cost(self.chosen)


def allocate(problem: Problem) -> Allocation:
    """Return the allocation of least loss within the budget, by HiGHS; it is proved to be so.

    Raises
    ------
    EnvironmentFault
        E501: scipy is not installed.
    FitError
        E408: none meets the budget, with the least cost that there is.
    """
    free = _programme(problem, problem.budget)
    cheap = _programme(problem, None)
    best, least = _solved([free, cheap])
    if best is None:
        if least is None:
            raise _infeasible(problem, float("nan"))
        raise _infeasible(problem, problem.cost(_chosen(problem, least)))
    return Allocation(problem, _chosen(problem, best))


def exhaustive(problem: Problem) -> Allocation:
    """Return the same by trying every assignment.

    Raises
    ------
    FitError
        E408: none meets the budget, or there are too many to try.
    """
    sizes = [len(group.options) for group in problem.groups]
    if math.prod(sizes) > MOST:
        raise _infeasible(problem, float("nan"))
    index = np.indices(sizes, np.int8).reshape(len(sizes), -1)
    losses, costs = np.zeros(index.shape[1]), np.zeros(index.shape[1])
    for place, group in enumerate(problem.groups):
        losses += np.asarray(group.losses)[index[place]]
    for term in problem.terms:
        table = np.zeros([sizes[g] for g in term.groups])
        for key, value in term.costs.items():
            table[key] = value
        costs += table[tuple(index[g] for g in term.groups)]
    within = costs <= problem.budget
    if not within.any():
        raise _infeasible(problem, float(costs.min()))
    best = int(np.where(within, losses, np.inf).argmin())
    return Allocation(problem, tuple(int(i) for i in index[:, best]))


def _programme(problem: Problem, budget: float | None) -> dict[str, Any]:
    """Return the integer program; without a budget its objective is the cost."""
    starts = np.cumsum([0, *(len(group.options) for group in problem.groups)]).tolist()
    count = starts[-1]
    objective = [loss for group in problem.groups for loss in group.losses]
    costs = [0.0] * count
    rows: list[dict[str, Any]] = [
        {"at": list(range(starts[i], starts[i + 1])), "low": 1.0, "high": 1.0}
        for i in range(len(problem.groups))
    ]
    for term in problem.terms:
        if len(term.groups) == 1:
            for (option,), cost in term.costs.items():
                costs[starts[term.groups[0]] + option] += cost
            continue
        first = len(costs)  # one variable for each pair, whose sums are those of both groups
        pairs = list(product(*(range(len(problem.groups[g].options)) for g in term.groups)))
        costs += [term.costs[pair] for pair in pairs]
        for side, group in enumerate(term.groups):
            for option in range(len(problem.groups[group].options)):
                at = [first + i for i, pair in enumerate(pairs) if pair[side] == option]
                rows.append(
                    {
                        "at": [*at, starts[group] + option],
                        "values": [*[1.0] * len(at), -1.0],
                        "low": 0.0,
                        "high": 0.0,
                    }
                )
    objective += [0.0] * (len(costs) - count)
    if budget is None:
        objective = costs
    else:
        unit = max(abs(budget), 1e-30)
        at = [i for i, cost in enumerate(costs) if cost]
        values = [costs[i] / unit for i in at]
        rows.append({"at": at, "values": values, "low": None, "high": budget / unit})
    whole = [1] * count + [0] * (len(costs) - count)
    return {"objective": objective, "rows": rows, "integer": whole}


def _solved(programmes: list[dict[str, Any]]) -> list[list[float] | None]:
    """Return the values of the variables, None where there are none, from a process of its own.

    HiGHS stands in scipy and in ortools; in one process the two disturb each other.
    """
    from intaglio.tooling.packages import require_packages

    require_packages(["scipy"], "solve")
    done = subprocess.run(
        [sys.executable, "-m", "intaglio.quantise.solver"],
        input=json.dumps(programmes),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise ToolError(
            Finding(
                "E601",
                f"the solver ended with status {done.returncode}",
                where="intaglio.quantise.solver",
                have=done.stderr[-500:],
                need="status 0",
                help="intaglio doctor shows the tools found",
            )
        )
    found: list[list[float] | None] = json.loads(done.stdout)
    return found


def _chosen(problem: Problem, values: Sequence[float]) -> tuple[int, ...]:
    chosen, start = [], 0
    for group in problem.groups:
        part: npt.NDArray[np.float64] = np.asarray(values[start : start + len(group.options)])
        chosen.append(int(part.argmax()))
        start += len(group.options)
    return tuple(chosen)


def _infeasible(problem: Problem, least: float) -> FitError:
    return FitError(
        Finding(
            "E408",
            f"no allocation of bits costs {problem.budget:g} or less: the least is {least:g}",
            where="--limit",
            have=f"least cost {least:g}",
            need=f"at most {problem.budget:g}",
            help="raise the limit, allow narrower widths, or choose another configuration",
        )
    )
