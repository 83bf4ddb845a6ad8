"""Where an operator runs, and why not on the array."""

from __future__ import annotations

from intaglio.compiler.lower_pairs import pair_table
from intaglio.compiler.product import lanes_fault, product_fault
from intaglio.compiler.scale import scale_fault
from intaglio.spec.config import ArrayConfig
from intaglio.spec.graph import Graph, Node, Op
from intaglio.spec.requant import clamp_of, quant_of

HOST = {
    Op.SOFTMAX: "the array has no exponential",
    Op.RESHAPE: "it moves channels to other places of the layout",
    Op.PRELU: "its slopes differ from channel to channel",
    Op.CONCAT: "it moves channels to other places of the layout",
    Op.TRANSPOSE: "it moves channels to other places of the layout",
    Op.RESIZE: "the array writes each pixel once",
    Op.ARGMAX: "the array gives codes, not places",
    Op.DEPTH_TO_SPACE: "it moves channels to other places; behind a convolution it is no work",
}
"""Operators that always run on the host, and why."""

SOMETIMES = {
    Op.ADD: "on the host where no table of 32 bits gives all 65,536 sums of the reference",
    Op.SUB: "on the host where no table of 32 bits gives all 65,536 differences of the reference",
    Op.MAX_POOL: "on the host for activations of 16 bits",
    Op.PAD: "on the host unless it pads height and width",
    Op.SLICE: "on the host unless it cuts height and width",
    Op.MUL: "on the host unless one operand is a factor for each channel, in int8",
    Op.SCALE_ADD: "what reference own makes of MUL by channels and ADD; on the host as MUL is",
    Op.MATMUL: "on the host unless it multiplies int8 activations of one image",
}
"""Operators that run on the array in most forms, and when not."""


APART = (Op.ADD, Op.SUB, Op.MAX_POOL)
"""Operators that the lanes do on bytes: tables of 256 entries, and maxima."""


def host_reason(graph: Graph, node: Node, reference: str, config: ArrayConfig | None = None) -> str:
    """Return why a node runs on the host; empty: it runs on the array, or on that of `config`."""
    if node.op in HOST:
        return HOST[node.op]
    if node.op in {Op.MATMUL, Op.MUL, Op.SCALE_ADD}:
        return _product_reason(graph, node, reference, config)
    if node.op in APART and graph.tensors[node.inputs[0]].dtype == "int16":
        return "the array has tables and maxima of 8 bits"
    if node.op in {Op.ADD, Op.SUB} and reference == "onnxruntime":
        a, b, y = (quant_of(graph.tensors[n]) for n in (*node.inputs, node.outputs[0]))
        if pair_table(node.op, a, b, y, *clamp_of(graph, node)) is None:
            return "no table of 32 bits gives all 65,536 sums that the reference has in float32"
    if node.op in {Op.PAD, Op.SLICE} and not _spatial(graph, node):
        return "it moves channels to other places of the layout"
    return ""


def _product_reason(graph: Graph, node: Node, reference: str, config: ArrayConfig | None) -> str:
    """Return why a product of two activations runs on the host; empty: it does not."""
    if node.op is Op.MATMUL:
        return product_fault(graph, node, config)
    if node.op is Op.MUL:
        return scale_fault(graph, node, reference, config)
    return "" if config is None else lanes_fault(config)


def _spatial(graph: Graph, node: Node) -> bool:
    """Tell whether a PAD or SLICE leaves batch and channels as they are."""
    shape, attributes = graph.tensors[node.inputs[0]].shape, node.attributes
    if len(shape) != 4:
        return False
    if node.op is Op.PAD:
        return not any(attributes.begin[i] or attributes.end[i] for i in (0, 3))
    return all(
        (attributes.begin[i], attributes.end[i], attributes.step[i]) == (0, shape[i], 1)
        for i in (0, 3)
    )
