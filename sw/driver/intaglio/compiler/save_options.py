"""What a TFLite file says about an operator: its code's version and its options."""

from __future__ import annotations

from intaglio.compiler import load_schema as schema
from intaglio.spec.graph import Attributes, Graph, Node, Op

CODES = {kind.op: code for code, kind in schema.KINDS.items()}
PADDINGS = {name: code for code, name in schema.PADDINGS.items()}
ACTIVATIONS = {activation: code for code, activation in schema.ACTIVATIONS.items()}

# The first version of each operator that takes int8; older interpreters refuse newer versions.
VERSIONS = {
    Op.CONV: 3,
    Op.DEPTHWISE: 3,
    Op.DENSE: 4,
    Op.ADD: 2,
    Op.MAX_POOL: 2,
    Op.AVERAGE_POOL: 2,
    Op.MEAN: 2,
    Op.RESHAPE: 1,
    Op.SOFTMAX: 2,
}

TABLES = {
    Op.CONV: "Conv2DOptions",
    Op.DEPTHWISE: "DepthwiseConv2DOptions",
    Op.DENSE: "FullyConnectedOptions",
    Op.ADD: "AddOptions",
    Op.MAX_POOL: "Pool2DOptions",
    Op.AVERAGE_POOL: "Pool2DOptions",
    Op.MEAN: "ReducerOptions",
    Op.RESHAPE: "ReshapeOptions",
    Op.SOFTMAX: "SoftmaxOptions",
}


def options_of(node: Node, graph: Graph) -> dict[str, float]:
    """Return the fields of the node's options table, by the names of the schema's builders."""
    attributes = node.attributes
    before, after = (graph.tensors[n].shape for n in (node.inputs[0], node.outputs[0]))
    fused: dict[str, float] = {"FusedActivationFunction": ACTIVATIONS[attributes.activation]}
    simple: dict[Op, dict[str, float]] = {
        Op.ADD: fused,
        Op.DENSE: {**fused, "KeepNumDims": len(after) == len(before) and len(after) > 2},
        Op.MEAN: {"KeepDims": len(after) == len(before)},
        Op.SOFTMAX: {"Beta": attributes.beta},
        Op.RESHAPE: {},
    }
    return simple[node.op] if node.op in simple else _window(node.op, attributes) | fused


def _window(op: Op, attributes: Attributes) -> dict[str, float]:
    fields: dict[str, float] = {
        "Padding": PADDINGS[str(attributes.padding)],
        "StrideH": attributes.stride[0],
        "StrideW": attributes.stride[1],
    }
    if op in {Op.MAX_POOL, Op.AVERAGE_POOL}:
        height, width = attributes.kernel
        return {**fields, "FilterHeight": height, "FilterWidth": width}
    height, width = attributes.dilation
    fields |= {"DilationHFactor": height, "DilationWFactor": width}
    if op is Op.DEPTHWISE:
        fields["DepthMultiplier"] = attributes.depth_multiplier
    return fields
