"""Runs one operator of a graph."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from intaglio.golden.conv import (
    add_bias,
    conv_acc,
    dense_acc,
    depthwise_acc,
    scaled_weights,
)
from intaglio.golden.node_pairs import add_pair, table
from intaglio.golden.node_pools import average, maximum, mean
from intaglio.golden.output import Codes, Output
from intaglio.golden.softmax import softmax
from intaglio.golden.step import Step
from intaglio.spec.edges import extended
from intaglio.spec.formats import INT8
from intaglio.spec.graph import OVER_CHANNELS, Graph, Node, Op, pads_of
from intaglio.spec.host import run_host
from intaglio.spec.moves import SHUFFLES, depth_to_space
from intaglio.spec.requant import host_operator, weighted_requant

# Output scale and zero point that the fixed-point softmax of int8 codes writes.
SOFTMAX_FORM = (2.0**-8, -128)


def run_node(
    graph: Graph, node: Node, values: Mapping[int, Codes], reference: str = "litert"
) -> Codes:
    """Return the output codes of one operator, in the shape that the operator gives them.

    Parameters
    ----------
    values : mapping of tensor number to int8 or int16 array
        At least the operator's activations; constants come from the graph.
    reference : str
        See :func:`intaglio.spec.quant.rounding_of`.

    Raises
    ------
    ModelError
        E303, E304: the operator has a form that is not defined here.
    """
    return _OPERATORS[node.op](Step(graph, node, values, reference))


def _weighted(step: Step) -> Codes:
    """Run CONV, DEPTHWISE or DENSE."""
    node, attributes = step.node, step.node.attributes
    x, weights = step.value(0), step.value(1)
    if node.attributes.group_scale != "none":
        weights = scaled_weights(weights, step.value(3), node.attributes.group_scale)
    bias = None if node.inputs[2] < 0 else step.value(2)
    zero_point = step.qx.zero_point
    if node.op is Op.DENSE:
        acc = dense_acc(x.reshape(-1, weights.shape[1]), zero_point, weights)
    else:
        if attributes.function == OVER_CHANNELS:
            x = x.reshape(len(x), 1, -1, 1)
        size, kernel = (x.shape[1], x.shape[2]), (weights.shape[1], weights.shape[2])
        pads = pads_of(attributes, size, kernel)
        if attributes.edge != "zero":
            x, pads = extended(x, pads, attributes.edge), (0, 0, 0, 0)
        geometry = (attributes.stride, attributes.dilation, pads)
        if node.op is Op.DEPTHWISE:
            acc = depthwise_acc(x, zero_point, weights, *geometry)
        else:
            groups = x.shape[3] // weights.shape[3]
            acc = conv_acc(x, zero_point, weights, *geometry, groups)
    codes = add_bias(acc, bias, Output.of(weighted_requant(step.graph, node, step.reference)))
    if node.op is Op.CONV and attributes.function in SHUFFLES:
        return np.asarray(depth_to_space(codes, attributes.kernel[0], attributes.function))
    return codes


def _softmax(step: Step) -> Codes:
    x, qy = step.value(0), step.qy
    fixed = step.bits == INT8.bits and (qy.scale, qy.zero_point) == SOFTMAX_FORM
    if not fixed or step.reference == "onnxruntime":
        return _host(step)
    return softmax(x, step.qx.scale, step.node.attributes.beta)


def _host(step: Step) -> Codes:
    """Run an operator that has one definition for golden models and drivers."""
    operands = [step.value(place) for place, number in enumerate(step.node.inputs) if number >= 0]
    return run_host(host_operator(step.graph, step.node, step.reference), operands)


_OPERATORS: dict[Op, Callable[[Step], Codes]] = {
    Op.CONV: _weighted,
    Op.DEPTHWISE: _weighted,
    Op.DENSE: _weighted,
    Op.ADD: add_pair,
    Op.SUB: add_pair,
    Op.TABLE: table,
    Op.MAX_POOL: maximum,
    Op.AVERAGE_POOL: average,
    Op.MEAN: mean,
    Op.RESHAPE: lambda step: step.value(0),
    Op.SOFTMAX: _softmax,
    **dict.fromkeys(
        (
            *(Op.MUL, Op.PRELU, Op.MATMUL, Op.TRANSPOSED_CONV, Op.CONCAT, Op.PAD, Op.SLICE),
            *(Op.TRANSPOSE, Op.RESIZE, Op.ARGMAX, Op.DEPTH_TO_SPACE, Op.SCALE_ADD),
        ),
        _host,
    ),
}
