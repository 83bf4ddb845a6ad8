"""Padding that continues the image, taken into the convolutions that read it."""

from __future__ import annotations

from dataclasses import replace

from intaglio.spec.graph import Graph, Node, Op, pads_of

_WINDOWS = (Op.CONV, Op.DEPTHWISE)


def fuse_edges(graph: Graph) -> Graph:
    """Return `graph` without the PAD operators that its convolutions can do themselves.

    A PAD that continues the image along height and width is taken into what reads it, where all of
    that is convolutions without padding of their own. So the padded image is nowhere in memory.
    """
    readers: dict[int, list[Node]] = {}
    for node in graph.nodes:
        for number in node.inputs:
            readers.setdefault(number, []).append(node)
    fused = {
        node.outputs[0]: node
        for node in graph.nodes
        if _spatial(node)
        and node.outputs[0] not in graph.outputs
        and all(_takes(graph, reader) for reader in readers.get(node.outputs[0], []))
    }
    if not fused:
        return graph
    nodes = [
        _with(node, fused[node.inputs[0]]) if node.inputs[0] in fused else node
        for node in graph.nodes
        if node.outputs[0] not in fused
    ]
    tensors = {number: tensor for number, tensor in graph.tensors.items() if number not in fused}
    return replace(graph, nodes=tuple(nodes), tensors=tensors)


def _spatial(node: Node) -> bool:
    """Tell whether a node continues an image along height and width, and along no other axis."""
    if node.op is not Op.PAD or node.attributes.edge == "zero":
        return False
    begin, end = node.attributes.begin, node.attributes.end
    return len(begin) == 4 and not any(begin[i] or end[i] for i in (0, 3))


def _takes(graph: Graph, node: Node) -> bool:
    if node.op not in _WINDOWS or node.attributes.edge != "zero":
        return False
    size = graph.tensors[node.inputs[0]].shape[1:3]
    kernel = graph.tensors[node.inputs[1]].shape[1:3]
    return not any(pads_of(node.attributes, (size[0], size[1]), (kernel[0], kernel[1])))


def _with(node: Node, pad: Node) -> Node:
    begin, end = pad.attributes.begin, pad.attributes.end
    padding = (begin[1], end[1], begin[2], end[2])
    attributes = replace(node.attributes, padding=padding, edge=pad.attributes.edge)
    return replace(node, inputs=(pad.inputs[0], *node.inputs[1:]), attributes=attributes)
