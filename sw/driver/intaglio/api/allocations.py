"""Bits for each tensor of a network, within a budget of what it costs on an accelerator."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from intaglio.api.allocation_costs import Costs
from intaglio.api.bits import KEPT_BITS, Bits
from intaglio.api.model import Model
from intaglio.quantise.allocate import Group, Problem, Term, allocate
from intaglio.quantise.calibrate import Statistics, calibrated
from intaglio.quantise.ties import tied
from intaglio.spec.config import ArrayConfig
from intaglio.spec.errors import Finding, FitError, UsageError
from intaglio.spec.graph import Graph, Op
from intaglio.spec.requant import quant_of

Array = npt.NDArray[Any]
Told = Callable[[str], None]
BUDGETS = ("cycles", "energy", "bytes", "bops")
ROUNDS = 8


@dataclass(frozen=True)
class Allocated:
    """An allocation, and what it costs.

    Parameters
    ----------
    budget : str
        What is limited, one of :data:`BUDGETS`.
    limit, cost : float
        In its unit: cycles, uJ, bytes, bit operations. `cost` is that of the network as it is
        compiled.
    all_wide, all_narrow : float
        Cost of all free tensors at the greatest and at the least width.
    narrow : Bits
        All free tensors at the least width.
    loss : float
        Sum of the losses of the tensors, and of each: squared error of the output by its power.
    """

    bits: Bits
    budget: str
    limit: float
    cost: float
    all_wide: float
    all_narrow: float
    loss: float
    groups: tuple[tuple[tuple[str, ...], int, tuple[float, ...]], ...]
    rounds: int
    narrow: Bits


def allocate_bits(
    model: Model,
    config: ArrayConfig,
    data: Mapping[int, Array],
    *,
    budget: str = "cycles",
    limit: float | None = None,
    share: float | None = None,
    widths: Sequence[int] = (4, 8),
    traces: Mapping[str, float] | None = None,
    tell: Told | None = None,
) -> Allocated:
    """Return the bits of least loss within a budget, proved to be so by an integer program.

    Parameters
    ----------
    data : mapping of tensor number to array
        Codes of the inputs, batch first: what losses and ranges are measured on.
    budget : str
        One of :data:`BUDGETS`; cycles and energy are those of the generated accelerator.
    limit, share : float
        The most that it may cost, or that as a part of all tensors at the greatest width.
    widths : sequence of int
        What may be chosen, of the widths that the lanes have.
    traces : mapping, optional
        Trace of the Hessian by parameter, by layer name: the loss of a layer is then this times
        the squared error of its weights; else the squared error of the output alone.

    Raises
    ------
    UsageError
        E101: a budget or width that is not known.
    FitError
        E408: nothing costs as little.
    """
    say = tell or (lambda _: None)
    graph, options = model.graph, tuple(sorted(set(widths)))
    _check(budget, options, config)
    groups = tied(graph)
    say("ranges")
    probe = _Probe(graph, config, groups, options, data)
    costs = Costs(graph, config, groups, budget, probe.bits)
    wide, narrow = (costs.whole(tuple(at for _ in groups)) for at in (len(options) - 1, 0))
    bound = limit if limit is not None else wide * (share if share is not None else 1.0)
    terms = costs.terms(options, say)
    losses = []
    for number, group in enumerate(groups):
        say(f"sensitivity of tensor {number + 1} of {len(groups)}")
        losses.append(probe.hessian(group, traces) if traces else probe.losses(number))
    made = tuple(
        Group(graph.tensors[g[0]].name, options, loss)
        for g, loss in zip(groups, losses, strict=True)
    )
    fixed = sum(term.costs[()] for term in terms if not term.groups)
    free = tuple(term for term in terms if term.groups)
    return _solve(probe, costs, made, free, (budget, bound, fixed), (wide, narrow), say)


def _solve(
    probe: _Probe,
    costs: Costs,
    groups: tuple[Group, ...],
    terms: tuple[Term, ...],
    limits: tuple[str, float, float],
    ends: tuple[float, float],
    say: Told,
) -> Allocated:
    """Solve, and again with less room where layers together cost more than each by itself."""
    budget, bound, fixed = limits
    room = bound - fixed
    for number in range(1, ROUNDS + 1):
        say(f"integer program, round {number}")
        found = allocate(Problem(groups, terms, room))
        cost = costs.whole(found.chosen)
        if cost <= bound:
            break
        room -= cost - bound
    else:
        raise _over(bound, cost)
    names = [tuple(probe.graph.tensors[n].name for n in members) for members in probe.groups]
    return Allocated(
        probe.bits(found.chosen),
        budget,
        bound,
        cost,
        *ends,
        found.loss,
        tuple(zip(names, found.options, (g.losses for g in groups), strict=True)),
        number,
        probe.bits([0] * len(groups)),
    )


class _Probe:
    """Runs a network with some tensors narrower, and compares its output."""

    def __init__(
        self,
        graph: Graph,
        config: ArrayConfig,
        groups: tuple[tuple[int, ...], ...],
        options: tuple[int, ...],
        data: Mapping[int, Array],
    ) -> None:
        from intaglio.golden.network import run_graph

        self.graph, self.config, self.groups = graph, config, groups
        self.options, self.data = options, data
        values = run_graph(graph, data)
        self.output = _logits(graph)
        self.ranges = {
            w: {
                number: _range(graph, number, values[number], w)
                for group in groups
                for number in group
            }
            for w in options
            if w < KEPT_BITS
        }
        self.real = self._real(graph, values)

    def bits(self, chosen: Sequence[int]) -> Bits:
        """Return the allocation of indices of options."""
        bits, ranges = {}, {}
        for group, index in zip(self.groups, chosen, strict=True):
            for number in group:
                width, name = self.options[index], self.graph.tensors[number].name
                bits[name] = width
                if width < KEPT_BITS:
                    ranges[name] = self.ranges[width][number]
        return Bits(bits, ranges)

    def losses(self, place: int) -> tuple[float, ...]:
        """Return what each width of one group costs of the output, all others kept wide."""
        from intaglio.golden.network import run_graph

        top = len(self.options) - 1
        found = []
        for index in range(len(self.options)):
            chosen = [top] * len(self.groups)
            chosen[place] = index
            graph = self.bits(chosen).converted(self.graph, self.config)
            real = self._real(graph, run_graph(graph, self.data))
            found.append(float(np.square(real - self.real).sum() / np.square(self.real).sum()))
        return tuple(found)

    def hessian(self, group: tuple[int, ...], traces: Mapping[str, float]) -> tuple[float, ...]:
        """Return trace times squared error of the weights that meet the tensors of a group."""
        found = []
        for width in self.options:
            names = {self.graph.tensors[n].name: width for n in group}
            graph = Bits(names, {}).converted(self.graph, self.config)
            total = 0.0
            for node in self.graph.nodes:
                if node.inputs[0] in group and node.name in traces:
                    a, b = (_weights(g, node.inputs[1], node.op) for g in (self.graph, graph))
                    total += traces[node.name] * float(np.square(a - b).sum())
            found.append(total)
        return tuple(found)

    def _real(self, graph: Graph, values: Mapping[int, Array]) -> Array:
        quant = quant_of(graph.tensors[self.output])
        return (values[self.output].astype(np.float64) - quant.zero_point) * quant.scale


def _weights(graph: Graph, number: int, op: Op) -> Array:
    tensor = graph.tensors[number]
    data: Array = np.asarray(tensor.data, np.float64)
    axis = 3 if op is Op.DEPTHWISE else 0
    along = [-1 if a == axis else 1 for a in range(data.ndim)]
    return np.asarray(data * quant_of(tensor).scales.reshape(along))


def _range(graph: Graph, number: int, codes: Array, width: int) -> tuple[float, float]:
    quant, found = quant_of(graph.tensors[number]), Statistics()
    found.add((codes.astype(np.float64) - quant.zero_point) * quant.scale)
    return calibrated(found, "mse", width, symmetric=False)


def _logits(graph: Graph) -> int:
    """Return the tensor that errors are measured at: before a softmax at the end."""
    last = next(node for node in graph.nodes if graph.outputs[0] in node.outputs)
    return last.inputs[0] if last.op is Op.SOFTMAX else graph.outputs[0]


def _check(budget: str, widths: tuple[int, ...], config: ArrayConfig) -> None:
    known = config.lanes.widths
    if budget not in BUDGETS:
        raise _usage("--budget", budget, ", ".join(BUDGETS))
    if len(widths) < 2 or not set(widths) <= set(known) or KEPT_BITS not in known:
        have = ",".join(map(str, widths))
        raise _usage("--widths", have, f"two or more of {', '.join(map(str, known))}")


def _usage(what: str, have: str, need: str) -> UsageError:
    message = f"{what} is {have}"
    return UsageError(Finding("E101", message, what, have, need, "see intaglio allocate --help"))


def _over(bound: float, cost: float) -> FitError:
    return FitError(
        Finding(
            "E408",
            f"no allocation was found within {bound:g} in {ROUNDS} rounds: the last costs {cost:g}",
            where="--limit",
            have=f"{cost:g}",
            need=f"at most {bound:g}",
            help="raise the limit a little",
        )
    )
