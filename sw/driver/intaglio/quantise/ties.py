"""Which activation tensors share their bits, and which keep eight."""

from __future__ import annotations

from collections.abc import Sequence

from intaglio.compiler.check import SEVERAL, activations
from intaglio.compiler.places import HOST
from intaglio.spec.graph import Graph, Op

COMPUTED = frozenset({*(Op.CONV, Op.DEPTHWISE, Op.DENSE, Op.ADD, Op.SUB, Op.AVERAGE_POOL, Op.MEAN)})
"""Operators whose output has a width of its own; all others hand on that of their input."""


def tied(graph: Graph) -> tuple[tuple[int, ...], ...]:
    """Return the tensors of each group whose bits are free, in execution order.

    Operands of one operator share their width, as do input and output of an operator that moves
    codes. Inputs of the network, and what the host reads or writes, keep eight bits.
    """
    parent: dict[int, int] = {}

    def root(number: int) -> int:
        parent.setdefault(number, number)
        while parent[number] != number:
            number = parent[number]
        return number

    fixed = set(graph.inputs)
    for node in graph.nodes:
        operands = activations(node)
        together = [*operands] if node.op in SEVERAL else [*operands[:1]]
        if node.op not in COMPUTED:
            together += node.outputs
        for number in (*operands, *node.outputs):
            root(number)
        for number in together[1:]:
            parent[root(number)] = root(together[0])
        if node.op in HOST:
            fixed |= {*operands, *node.outputs}
    fixed |= set(graph.outputs)
    barred = {root(number) for number in fixed}
    groups: dict[int, list[int]] = {}
    for node in graph.nodes:
        for number in (*activations(node), *node.outputs):
            if root(number) not in barred and number not in groups.get(root(number), []):
                groups.setdefault(root(number), []).append(number)
    return tuple(tuple(members) for members in groups.values())


def place_of(groups: Sequence[Sequence[int]], number: int) -> int | None:
    """Return the group of a tensor; None: it keeps eight bits."""
    return next((i for i, group in enumerate(groups) if number in group), None)
