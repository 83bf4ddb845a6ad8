"""Operators that no output depends on."""

from __future__ import annotations

from dataclasses import replace

from intaglio.spec.graph import Graph


def without_dead(graph: Graph) -> tuple[Graph, tuple[str, ...]]:
    """Return the graph without operators and constants that nothing reads, and their names."""
    needed = set(graph.outputs)
    kept, gone = [], []
    for node in reversed(graph.nodes):
        if needed & set(node.outputs):
            kept.append(node)
            needed |= set(node.inputs)
        else:
            gone.append(node.name)
    if not gone:
        return graph, ()
    held = needed | set(graph.inputs)
    tensors = {number: tensor for number, tensor in graph.tensors.items() if number in held}
    return replace(graph, nodes=tuple(reversed(kept)), tensors=tensors), tuple(reversed(gone))
