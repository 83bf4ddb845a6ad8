"""Tables that change no code, or only clamp, go into the operator before them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from intaglio.compiler.passes.rewrite import Rewrite, makers, read_once, readers
from intaglio.spec.graph import Activation, Attributes, Graph, Node, Op
from intaglio.spec.requant import clamp_of, format_of, quant_of

CLAMPING = frozenset(
    {Op.CONV, Op.DEPTHWISE, Op.DENSE, Op.ADD, Op.SUB, Op.MUL, Op.AVERAGE_POOL, Op.MAX_POOL}
)
"""Operators whose output is clamped at no cost."""


@dataclass(frozen=True)
class RequantisationMerging:
    """A requantisation to the scale that the codes have already -> nothing."""

    name: str = "requantisation merging"

    def find(self, graph: Graph) -> Iterator[Rewrite]:
        """Yield rewrites."""
        for node in graph.nodes:
            same = _keeps_scale(graph, node) and clamp_of(graph, node) == _whole(graph, node)
            if same and node.outputs[0] not in graph.outputs:
                source = node.inputs[0]
                yield Rewrite((node,), (), source, node.outputs[0], alias=source)


@dataclass(frozen=True)
class ActivationFusion:
    """A ReLU or clamp that keeps the scale -> the clamp of the operator before it."""

    name: str = "activation fusion"

    def find(self, graph: Graph) -> Iterator[Rewrite]:
        """Yield rewrites."""
        made, reads = makers(graph), readers(graph)
        used: set[int] = set()
        for node in graph.nodes:
            before = made.get(node.inputs[0])
            if before is None or before.op not in CLAMPING or id(before) in used:
                continue
            if _keeps_scale(graph, node) and read_once(graph, node.inputs[0], reads):
                if before.attributes.requant is not None:
                    continue
                used |= {id(before), id(node)}
                yield _fused(graph, before, node)


def _keeps_scale(graph: Graph, node: Node) -> bool:
    """Tell whether a table gives its input's code, clamped."""
    if node.op is not Op.TABLE or node.attributes.function != "requantise":
        return False
    x, y = graph.tensors[node.inputs[0]], graph.tensors[node.outputs[0]]
    qx, qy = quant_of(x), quant_of(y)
    return (x.dtype, qx.scale, qx.zero_point) == (y.dtype, qy.scale, qy.zero_point)


def _whole(graph: Graph, node: Node) -> tuple[int, int]:
    form = format_of(graph.tensors[node.outputs[0]])
    return form.min, form.max


def _fused(graph: Graph, before: Node, node: Node) -> Rewrite:
    """Return the first operator with the bounds of both, which then gives the table's output."""
    (low, high), (least, most) = clamp_of(graph, before), clamp_of(graph, node)
    clamp = (max(low, least), max(min(high, most), low, least))
    attributes: Attributes = replace(before.attributes, activation=Activation.NONE, clamp=clamp)
    after = replace(before, outputs=node.outputs, attributes=attributes)
    return Rewrite((before, node), (after,), before.inputs[0], node.outputs[0])
