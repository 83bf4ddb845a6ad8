"""What a network costs with the bits of an allocation, layer by layer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from intaglio.compiler.check import activations
from intaglio.estimate.energy import PJ_PER_UJ
from intaglio.explore.cost_result import LayerEstimate
from intaglio.explore.costing import choose, estimate
from intaglio.quantise.allocate import Term
from intaglio.quantise.ties import place_of
from intaglio.spec.config import ArrayConfig
from intaglio.spec.errors import ConfigError, Finding
from intaglio.spec.formats import INT8
from intaglio.spec.graph import Graph, Op
from intaglio.spec.requant import format_of

if TYPE_CHECKING:
    from intaglio.api.bits import Bits

Told = Callable[[str], None]
WEIGHTED = (Op.CONV, Op.DEPTHWISE, Op.DENSE)


class Costs:
    """Costs of a network on an accelerator by the bits of its tensors.

    Parameters
    ----------
    groups : tuple of tuples of int
        Tensors that share their bits.
    budget : str
        ``"cycles"`` or ``"energy"`` (uJ, of a 45 nm ASIC) of the network as it is scheduled;
        ``"bytes"`` of the weights; ``"bops"``: products times the bits of both operands.
    bits : callable
        From indices of options to an allocation.
    """

    def __init__(
        self,
        graph: Graph,
        config: ArrayConfig,
        groups: tuple[tuple[int, ...], ...],
        budget: str,
        bits: Callable[[Sequence[int]], Bits],
    ) -> None:
        self.graph, self.groups, self.budget = graph, groups, budget
        self._bits, self._choice = bits, choose(config)
        self._known: dict[tuple[int, ...], tuple[float, ...]] = {}

    def whole(self, chosen: Sequence[int]) -> float:
        """Return the cost of the network."""
        return sum(self.layers(chosen))

    def layers(self, chosen: Sequence[int]) -> tuple[float, ...]:
        """Return the cost of each node; of host nodes 0."""
        key = tuple(chosen)
        if key not in self._known:
            graph = self._bits(key).converted(self.graph, self._choice.config)
            if self.budget in {"cycles", "energy"}:
                found = estimate(graph, self._choice).layers
                self._known[key] = tuple(
                    self._energy(graph, index, layer)
                    if self.budget == "energy"
                    else _figure(layer.figures, "cycles")
                    for index, layer in enumerate(found)
                )
            else:
                macs = [layer.figures for layer in estimate(self.graph, self._choice).layers]
                self._known[key] = tuple(
                    self._counted(graph, index, _figure(figures, "macs"))
                    for index, figures in enumerate(macs)
                )
        return self._known[key]

    def _energy(self, graph: Graph, index: int, layer: LayerEstimate) -> float:
        """Return uJ; a product of b bits, where none is known, counts (b / 8)**2 of one of 8."""
        found = 0.0
        for name, part in layer.parts.items():
            if part.value is not None:
                found += float(part.value)
                continue
            plain = self._choice.coefficients.get("asic45.int8_multiply")
            if name != "multiply" or plain is None or self._choice.target.family != "generic":
                raise _unknown(name, self._choice.target.name, part.how)
            bits = format_of(graph.tensors[graph.nodes[index].inputs[0]]).bits
            macs = _figure(layer.figures, "macs")
            found += macs * (bits / INT8.bits) ** 2 * plain.value / PJ_PER_UJ
        return found

    def _counted(self, graph: Graph, index: int, macs: float) -> float:
        node = graph.nodes[index]
        if node.op not in WEIGHTED:
            return 0.0
        bits = format_of(graph.tensors[node.inputs[0]]).bits
        if self.budget == "bops":
            return macs * bits * bits
        return float(np.asarray(graph.tensors[node.inputs[1]].data).size) * bits / 8

    def terms(self, options: Sequence[int], say: Told) -> tuple[Term, ...]:
        """Return the cost of each node by the options of the groups that it reads and writes."""
        places = [self._places(index) for index in range(len(self.graph.nodes))]
        tables: list[dict[tuple[int, ...], float]] = [{} for _ in places]
        wanted = [list(product(range(len(options)), repeat=len(own))) for own in places]
        while True:
            chosen = self._uncovered(places, wanted, tables)
            if chosen is None:
                break
            say(f"costs, {sum(map(len, tables))} of {sum(map(len, wanted))} cases")
            full = [len(options) - 1 if at is None else at for at in chosen]
            for own, table, cost in zip(places, tables, self.layers(full), strict=True):
                table[tuple(full[g] for g in own)] = cost
        return tuple(Term(own, table) for own, table in zip(places, tables, strict=True))

    def _places(self, index: int) -> tuple[int, ...]:
        """Return the groups of what a node reads and writes, each once."""
        node = self.graph.nodes[index]
        numbers = (*activations(node)[:1], *node.outputs[:1])
        found = (place_of(self.groups, number) for number in numbers)
        return tuple(dict.fromkeys(g for g in found if g is not None))

    def _uncovered(
        self,
        places: Sequence[tuple[int, ...]],
        wanted: Sequence[Sequence[tuple[int, ...]]],
        tables: Sequence[dict[tuple[int, ...], float]],
    ) -> list[int | None] | None:
        """Return options by which as many nodes as possible have a case that is not known yet."""
        chosen: list[int | None] = [None] * len(self.groups)
        any_left = False
        for own, cases, table in zip(places, wanted, tables, strict=True):
            for case in cases:
                fits = all(chosen[g] in {None, at} for g, at in zip(own, case, strict=True))
                if case not in table and fits:
                    any_left = True
                    for g, at in zip(own, case, strict=True):
                        chosen[g] = at
                    break
        return chosen if any_left else None


def _figure(figures: Any, name: str) -> float:
    found = figures.get(name)
    return 0.0 if found is None or found.value is None else float(found.value)


def _unknown(part: str, target: str, how: str) -> ConfigError:
    return ConfigError(
        Finding(
            "E209",
            f"the energy of {part} on {target} is not known for lanes that switch: {how}",
            where="--budget energy",
            have=how,
            need="a coefficient of each part",
            help="take a configuration whose target is generic, or another budget",
        )
    )
