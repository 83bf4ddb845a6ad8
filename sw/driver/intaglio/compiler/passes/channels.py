"""A convolution over channels that a file writes as one over a row becomes one over channels."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from intaglio.compiler.layer import image_of
from intaglio.compiler.passes.dead import without_dead
from intaglio.compiler.passes.rewrite import Rewrite, makers, read_once, readers
from intaglio.spec.graph import OVER_CHANNELS, Graph, Node, Op, pads_of

_MOVES = (Op.RESHAPE, Op.TRANSPOSE)


@dataclass(frozen=True)
class ChannelConvolution:
    """Channels to a row, CONV over it, tables, back to channels -> CONV over channels, tables."""

    name: str = "convolution over channels"

    def find(self, graph: Graph) -> Iterator[Rewrite]:
        """Yield rewrites."""
        live, _ = without_dead(graph)  # merged moves leave others that nothing reads
        made, reads = makers(live), readers(live)
        for node in live.nodes:
            if not _over_row(graph, node):
                continue
            before = _before(graph, node, made)
            behind = _behind(graph, node, reads)
            if before and behind:
                yield _rewrite(graph, before, node, behind)


def _over_row(graph: Graph, node: Node) -> bool:
    """Tell whether a node is a CONV over a row of pixels of one channel that keeps its length."""
    if node.op is not Op.CONV or node.attributes.function:
        return False
    height, width, channels = image_of(graph.tensors[node.inputs[0]])
    weights = graph.tensors[node.inputs[1]].shape
    if height != 1 or channels != 1 or width == 1 or (weights[0], *weights[3:]) != (1, 1):
        return False
    a = node.attributes
    if a.stride != (1, 1) or a.dilation != (1, 1) or a.edge != "zero" or a.group_scale != "none":
        return False
    top, bottom, left, right = pads_of(a, (1, width), (weights[1], weights[2]))
    return weights[1] == 1 and top == bottom == 0 and left + right == weights[2] - 1


def _line(graph: Graph, number: int) -> bool:
    """Tell whether a tensor has at most one dimension that is not 1: moving it changes no order."""
    return sum(size != 1 for size in graph.tensors[number].shape) <= 1


def _is_pixel(graph: Graph, number: int) -> bool:
    """Tell whether a tensor holds the channels of one pixel."""
    return image_of(graph.tensors[number])[:2] == (1, 1)


def _before(graph: Graph, node: Node, made: dict[int, Node]) -> list[Node]:
    """Return the moves from a pixel's channels to the row, in order; empty: there are none."""
    found: list[Node] = []
    most = 0
    maker = made.get(node.inputs[0])
    while maker is not None and maker.op in _MOVES and _line(graph, maker.inputs[0]):
        found.append(maker)
        most = len(found) if _is_pixel(graph, maker.inputs[0]) else most
        maker = made.get(maker.inputs[0])
    return found[:most][::-1]


def _behind(graph: Graph, node: Node, reads: dict[int, list[Node]]) -> list[Node]:
    """Return tables and moves from the row to a pixel's channels, in order; empty: none."""
    found: list[Node] = []
    most, number = 0, node.outputs[0]
    while read_once(graph, number, reads):
        reader = reads[number][0]
        moves = reader.op in _MOVES and _line(graph, reader.outputs[0])
        if not moves and reader.op is not Op.TABLE:
            break
        found.append(reader)
        number = reader.outputs[0]
        most = len(found) if moves and _is_pixel(graph, number) else most
    return found[:most]


def _rewrite(graph: Graph, before: list[Node], node: Node, behind: list[Node]) -> Rewrite:
    """Return the same without moves; what the tables read and give has the shape of the result."""
    source, result = before[0].inputs[0], behind[-1].outputs[0]
    weights, width = graph.tensors[node.inputs[1]].shape, image_of(graph.tensors[source])[2]
    pads = pads_of(node.attributes, (1, width), (weights[1], weights[2]))
    attributes = replace(node.attributes, padding=pads, function=OVER_CHANNELS)
    kept = [replace(node, attributes=attributes), *(n for n in behind if n.op is Op.TABLE)]
    after, number = [], source
    for at, own in enumerate(kept):
        out = result if at == len(kept) - 1 else own.outputs[0]
        after.append(replace(own, inputs=(number, *own.inputs[1:]), outputs=(out,)))
        number = out
    shape = graph.tensors[result].shape
    shapes = {own.outputs[0]: shape for own in after}
    return Rewrite(
        (node, *behind), tuple(after), source, result, context=tuple(before), shapes=shapes
    )
