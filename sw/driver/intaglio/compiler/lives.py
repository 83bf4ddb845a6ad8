"""How long tensors live: which operators make and read their bytes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from intaglio.compiler.allocate import Life
from intaglio.compiler.check import activations
from intaglio.compiler.flow import Flow
from intaglio.compiler.layer import Layer
from intaglio.spec.commands import Operation
from intaglio.spec.graph import Graph


@dataclass(frozen=True)
class Use:
    """Operators that make and read the bytes of a tensor; -1 makes the inputs of the network."""

    made: int
    read: tuple[int, ...]


def uses_of(graph: Graph, flow: Flow) -> dict[int, Use]:
    """Return the uses of each root tensor; an output of the network is read past the last node."""
    made = {flow.roots[number]: -1 for number in graph.inputs}
    read: dict[int, list[int]] = {}
    running = flow.stage_of()
    for index in running:
        node = graph.nodes[index]
        made[node.outputs[0]] = index
        for number in activations(node):
            read.setdefault(flow.roots[number], []).append(index)
    for number in graph.outputs:
        read.setdefault(flow.roots[number], []).append(len(graph.nodes))
    return {root: Use(at, tuple(sorted(read.get(root, [])))) for root, at in made.items()}


def candidates(flow: Flow, uses: Mapping[int, Use], words: Mapping[int, int]) -> list[Life]:
    """Return the tensors that the array both makes and reads within one job, the best first."""
    stage = flow.stage_of()
    found = []
    for root, use in uses.items():
        if use.made < 0 or flow.stages[stage[use.made]].host:
            continue
        near = [n for n in use.read if stage.get(n) == stage[use.made]]
        if near:
            life = Life(root, words[root], use.made, near[-1])
            saved = (len(near) + (len(near) == len(use.read))) / (life.last - life.first + 1)
            found.append((saved, life))
    return [life for _, life in sorted(found, key=lambda f: (-f[0], -f[1].size, f[1].key))]


def orders_of(lives: list[Life]) -> list[list[Life]]:
    """Return orders worth trying: the best first, and the largest first.

    The best are short-lived; where they lie they may leave no room for a large one that spans them.
    """
    return [lives, sorted(lives, key=lambda life: -life.size)]


def edge_lives(
    graph: Graph, flow: Flow, uses: Mapping[int, Use], words: Mapping[int, int]
) -> list[Life]:
    """Return the network's inputs and outputs that the array reads or makes, each with its life.

    They live from before the first operator, or to past the last one.
    """
    stage, end = flow.stage_of(), len(graph.nodes)
    array = {index for index, at in stage.items() if not flow.stages[at].host}
    found = {}
    for root in (flow.roots[number] for number in (*graph.inputs, *graph.outputs)):
        use = uses[root]
        near = [n for n in use.read if n in array]
        last = end if end in use.read else near[-1] if near else -1
        if use.made in array or (use.made < 0 and near):
            found[root] = Life(root, words[root], use.made, last)
    return list(found.values())


@dataclass(frozen=True)
class Sum:
    """An ADD: its layer and the roots of its operands and output."""

    index: int
    operands: tuple[int, int]
    output: int

    def beside(self, root: int) -> tuple[int, ...]:
        """Return the operand that is read together with operand `root`, if there is one."""
        return tuple(n for n in self.operands if n != root) if root in self.operands else ()

    def in_place(self, a: Life, b: Life) -> bool:
        """Tell whether one of two lives may end in the place where the other begins.

        A sum reads each word before it writes the same word; the operand is not read afterwards.
        """
        before, after = (a, b) if b.key == self.output else (b, a)
        ends = before.key in self.operands and before.last == self.index
        return ends and after.key == self.output and after.first == self.index


def sums(flow: Flow, layers: Mapping[int, Layer]) -> list[Sum]:
    """Return every ADD."""
    return [
        Sum(index, (flow.roots[layer.inputs[0]], flow.roots[layer.inputs[1]]), layer.output)
        for index, layer in layers.items()
        if layer.operation is Operation.ADD
    ]
