"""Padding of height and width goes into the window that alone reads it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from intaglio.compiler.passes.rewrite import Rewrite, makers, read_once, readers
from intaglio.spec.graph import Graph, Node, Op, pads_of

WINDOWS = (Op.CONV, Op.DEPTHWISE)


@dataclass(frozen=True)
class PadFolding:
    """PAD, then CONV or DEPTHWISE -> the window with explicit padding.

    Taps outside the image count the zero point, which is what PAD writes.
    """

    name: str = "pad folding"

    def find(self, graph: Graph) -> Iterator[Rewrite]:
        """Yield rewrites."""
        made, reads = makers(graph), readers(graph)
        for node in graph.nodes:
            pad = made.get(node.inputs[0])
            if node.op not in WINDOWS or pad is None or pad.op is not Op.PAD:
                continue
            zeros = pad.attributes.edge == node.attributes.edge == "zero"
            if zeros and read_once(graph, pad.outputs[0], reads) and _spatial(graph, pad):
                yield _folded(graph, pad, node)


def _spatial(graph: Graph, pad: Node) -> bool:
    """Tell whether a PAD adds codes of the zero point to height and width alone."""
    begin, end = pad.attributes.begin, pad.attributes.end
    image = len(graph.tensors[pad.inputs[0]].shape) == 4
    return image and not any((begin[0], begin[3], end[0], end[3])) and min(*begin, *end) >= 0


def _folded(graph: Graph, pad: Node, node: Node) -> Rewrite:
    wide, weights = graph.tensors[pad.outputs[0]].shape, graph.tensors[node.inputs[1]].shape
    kernel = (weights[1], weights[2])
    top, bottom, left, right = pads_of(node.attributes, (wide[1], wide[2]), kernel)
    begin, end = pad.attributes.begin, pad.attributes.end
    padding = (top + begin[1], bottom + end[1], left + begin[2], right + end[2])
    after = replace(
        node,
        inputs=(pad.inputs[0], *node.inputs[1:]),
        attributes=replace(node.attributes, padding=padding),
    )
    return Rewrite((pad, node), (after,), pad.inputs[0], node.outputs[0])
