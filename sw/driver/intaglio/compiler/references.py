"""Where reference engines give different bits, and where they compute in floating point."""

from __future__ import annotations

from intaglio.compiler.places import HOST
from intaglio.spec.graph import Graph, Node, Op
from intaglio.spec.rounding import REFERENCES, rounding_of


def differences(graph: Graph, reference: str) -> tuple[str, ...]:
    """Return a line for each other reference whose roundings differ in some operators.

    Equal roundings are equal bits; different ones may differ in the last bit of some codes.
    """
    lines = []
    for other in REFERENCES:
        found: dict[str, int] = {}
        for node in graph.nodes:
            if node.op in HOST or node.op in {Op.PAD, Op.SLICE}:
                continue
            mine, theirs = (
                rounding_of(node.op, name, _bits(graph, node)) for name in (reference, other)
            )
            if mine is not theirs:
                key = f"{node.op.value} {mine.name} against {theirs.name}"
                found[key] = found.get(key, 0) + 1
        if found:
            text = ", ".join(f"{count} {key}" for key, count in found.items())
            lines.append(f"{other}: {text}")
    return tuple(lines)


def float_layers(graph: Graph, reference: str) -> tuple[str, ...]:
    """Return the layers that `reference` itself computes in floating point, and then rounds."""
    return tuple(
        f"{node.name} ({node.op.value}): {why}"
        for node in graph.nodes
        for why in [_float(graph, node, reference)]
        if why
    )


def _float(graph: Graph, node: Node, reference: str) -> str:
    if reference != "onnxruntime":
        return ""
    if _bits(graph, node) == 16:
        return (
            "activations of 16 bits are computed in float32, with differences of 1 to be expected"
        )
    if node.op in {Op.CONV, Op.DEPTHWISE} and graph.tensors[node.inputs[1]].dtype == "int4":
        return "weights of 4 bits are computed in float32, with differences of 1 to be expected"
    if node.op is Op.SOFTMAX:
        return "the fixed-point form is used instead"
    return ""


def _bits(graph: Graph, node: Node) -> int:
    return 16 if graph.tensors[node.inputs[0]].dtype == "int16" else 8
