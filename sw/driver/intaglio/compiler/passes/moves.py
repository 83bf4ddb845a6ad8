"""Operators that move codes there and back, or twice."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from intaglio.compiler.passes.rewrite import Rewrite, makers
from intaglio.spec.graph import Graph, Node, Op


@dataclass(frozen=True)
class MoveMerging:
    """RESHAPE of a RESHAPE, TRANSPOSE of a TRANSPOSE -> one of them, or none."""

    name: str = "move merging"

    def find(self, graph: Graph) -> Iterator[Rewrite]:
        """Yield rewrites; the first move stays where others read it too."""
        made = makers(graph)
        for node in graph.nodes:
            before = made.get(node.inputs[0])
            merging = node.op in {Op.RESHAPE, Op.TRANSPOSE}
            if merging and before is not None and before.op is node.op:
                yield _merged(graph, before, node)


def _merged(graph: Graph, before: Node, node: Node) -> Rewrite:
    source, result = before.inputs[0], node.outputs[0]
    order = tuple(before.attributes.order[i] for i in node.attributes.order)
    if node.op is Op.RESHAPE:
        same = graph.tensors[source].shape == graph.tensors[result].shape
    else:
        same = order == tuple(range(len(order)))
    if same and result not in graph.outputs:
        return Rewrite((node,), (), source, result, alias=source, context=(before,))
    attributes = replace(node.attributes, order=order)
    after = replace(node, inputs=(source,), attributes=attributes)
    return Rewrite((node,), (after,), source, result, context=(before,))
