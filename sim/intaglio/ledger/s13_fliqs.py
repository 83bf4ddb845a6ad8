"""System 13: FLIQS."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from itertools import product

import numpy as np

from intaglio.api.allocation_costs import Costs
from intaglio.api.bits import Bits
from intaglio.explore.compare_formats_pairs import choose_pairs
from intaglio.explore.compare_formats_units import build_unit
from intaglio.ledger.area import cells
from intaglio.ledger.entry import Clause, Entry, Verdict, judge
from intaglio.ledger.format_toy import Real, Toy
from intaglio.ledger.layers import TINY, Net
from intaglio.quantise.allocate import Group, Problem, Term
from intaglio.quantise.search import search
from intaglio.quantise.ties import tied
from intaglio.spec.codes import number_format

GMACS = 1.827
PUBLISHED = {"BF16": 467.7, "E4M3": 116.9, "E2M1": 29.23}
FORMATS = {"E4M3": "fp8_e4m3", "E2M1": "fp4_e2m1"}
CLOSE = 5e-4
LAYERS, WITHIN = 8, 0.01
WIDTHS = (16, 32, 16, 32, 16, 16, 32, 16, 16)
BITS = (4, 8, 16)
INTEGERS, FLOATS = ("int4", "int8"), ("fp4_e2m1", "fp8_e4m3")
SHARE = 0.4  # of the way from the cheapest assignment to the dearest
STYLES = ("rows", "fixed")  # of products: sums of rows, or minifloats with an exact accumulator


def bit_operations(gmacs: float, act_bits: int, wgt_bits: int) -> float:
    """Return 10**9 bit operations: products times the widths of both operands."""
    return gmacs * act_bits * wgt_bits


def bops() -> Verdict:
    """Compute the bit operations of ResNet-18 in the published formats."""
    bits = {"BF16": 16} | {name: number_format(form).bits for name, form in FORMATS.items()}
    found = {name: bit_operations(GMACS, width, width) for name, width in bits.items()}
    wrong = [n for n, value in found.items() if abs(value / PUBLISHED[n] - 1) > CLOSE]
    text = ", ".join(f"{name} {value:.2f}" for name, value in found.items())
    return judge(not wrong, f"GBOPs of {GMACS} GMAC: {text}")


@cache
def toy() -> Toy:
    """Return the network of eight layers."""
    return Toy(WIDTHS)


@cache
def accuracies(formats: tuple[str, ...]) -> Real:
    """Return the accuracy of every assignment of formats to the layers."""
    return toy().accuracies(formats)


@cache
def luts(form: str) -> int:
    """Return LUTs of a MAC in a format, its product in LUTs too: mapped to ECP5 by Yosys."""
    pairs = [p for p in choose_pairs([form]) if p.lanes == 1 and p.style in STYLES]
    return min(cells(build_unit(pair), "ecp5").luteq for pair in pairs)


def by_luts(formats: Sequence[str]) -> Problem:
    """Return the cost of a unit of its own for each layer."""
    groups = tuple(Group(str(i), tuple(formats), (0.0,) * len(formats)) for i in range(LAYERS))
    one: dict[tuple[int, ...], float] = {(i,): luts(form) for i, form in enumerate(formats)}
    return _within(Problem(groups, tuple(Term((i,), one) for i in range(LAYERS)), 0.0))


def by_cycles() -> Problem:
    """Return the cycles of the same layers, behind one of 8 bits, on an array that switches."""
    config = replace(TINY, name="tiny-switched", precisions=BITS)
    net = Net("toy")
    number = net.conv(net.input(8, 8, WIDTHS[0]), outputs=WIDTHS[0])
    for width in WIDTHS[1:]:
        number = net.conv(number, outputs=width)
    graph = net.graph(number)
    groups = tied(graph)

    def bits(chosen: Sequence[int]) -> Bits:
        own = zip(groups, chosen, strict=True)
        return Bits({graph.tensors[n].name: BITS[i] for group, i in own for n in group})

    terms = Costs(graph, config, groups, "cycles", bits).terms(BITS, lambda _: None)
    made = tuple(Group(str(i), BITS, (0.0,) * len(BITS)) for i in range(len(groups)))
    # A layer that reads and writes nothing whose bits are free costs the same in all.
    return _within(Problem(made, tuple(term for term in terms if term.groups), 0.0))


def _within(problem: Problem) -> Problem:
    """Return the problem with a budget between its ends."""
    ends = [problem.cost([at] * LAYERS) for at in range(len(problem.groups[0].options))]
    return replace(problem, budget=min(ends) + SHARE * (max(ends) - min(ends)))


def _searched(name: str, formats: Sequence[str], problem: Problem) -> tuple[bool, str]:
    """Search, and compare with the best of all assignments."""
    table = accuracies(tuple(formats))
    found = search(table.shape, lambda c: float(table[c]), problem.cost, problem.budget, seed=13)
    best = _exhausted(table, problem)
    good = found.cost <= problem.budget and found.quality >= (1 - WITHIN) * best
    text = f"{name}: {found.quality:.3f} of {best:.3f}, {found.judged} of {table.size} judged"
    return good, f"{text}, {found.cost:.0f} of {problem.budget:.0f}"


def _exhausted(table: Real, problem: Problem) -> float:
    """Return the greatest accuracy of all assignments within the budget."""
    costs = np.zeros(table.shape)
    for term in problem.terms:
        sizes = [table.shape[g] for g in term.groups]
        own = np.zeros(sizes)
        for case in product(*map(range, sizes)):
            own[case] = term.costs[case]
        order = np.argsort(term.groups)
        shape = [table.shape[g] if g in term.groups else 1 for g in range(table.ndim)]
        costs = costs + own.transpose(order).reshape(shape)
    return float(table[costs <= problem.budget].max())


def toy_search() -> Verdict:
    """Search bits under cycles of the array, and formats under LUTs of mapped units."""
    runs = [
        _searched("4, 8, 16 bits by cycles", [f"int{b}" for b in BITS], by_cycles()),
        _searched("integers and floats by LUTs", both := (*INTEGERS, *FLOATS), by_luts(both)),
    ]
    return judge(all(good for good, _ in runs), "; ".join(text for _, text in runs))


def families() -> Verdict:
    """Search integers, floats and both under LUTs of mapped units."""
    kinds = {"integers": INTEGERS, "floats": FLOATS, "both": (*INTEGERS, *FLOATS)}
    runs = [_searched(name, formats, by_luts(formats)) for name, formats in kinds.items()]
    units = ", ".join(f"{form} {luts(form)}" for form in kinds["both"])
    text = "; ".join(text for _, text in runs)
    return judge(all(good for good, _ in runs), f"LUTeq of a MAC: {units}; {text}")


ENTRY = Entry(
    number=13,
    name="FLIQS",
    kind="C",
    claim=(
        "One-shot RL search of mixed int/FP precision. +1.31 % R18, +0.90 % R50 (int), +0.98 % "
        "MBV2 (FP8), +2.69 % joint NAS"
    ),
    operator="search driver fed by generated-hardware cost",
    clauses=(
        Clause(
            (
                "BOPs model reproduces the authors' R18 numbers 467.7 / 116.9 / 29.23 GBOPs "
                "(BF16/E4M3/E2M1) from 1.827 GMAC"
            ),
            bops,
        ),
        Clause(
            (
                "search is within 1 % of exhaustive optimum on an 8-layer toy under a cycle or LUT"
                " budget"
            ),
            toy_search,
        ),
        Clause("runs with int formats, FP formats and both", families),
    ),
)
