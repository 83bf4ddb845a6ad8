"""Everything in a graph that the array cannot run, in one pass."""

from __future__ import annotations

import numpy as np

from intaglio.compiler.places import HOST, host_reason
from intaglio.compiler.scale import is_channel_scale
from intaglio.spec.config import ArrayConfig
from intaglio.spec.errors import Finding, ModelError
from intaglio.spec.formats import INT8
from intaglio.spec.graph import Graph, Node, Op
from intaglio.spec.quant import rounding_of
from intaglio.spec.requant import format_of

# What the fixed-point form of the reference kernels covers.
SOFTMAX_FACTORS = (2.0**-26, 2.0**4)
WEIGHTS = ("int8", "int4")
NINE_BITS = "has unsigned weights whose zero point leaves nine bits"
MOST_WEIGHT = 2 * INT8.max  # what two passes over the window reach
__all__ = ["HOST", "activations", "check_graph", "faults_of"]

SEVERAL = (Op.ADD, Op.SUB, Op.MUL, Op.MATMUL, Op.SCALE_ADD, Op.CONCAT)
"""Operators that read more than one activation."""
_WEIGHTED = (Op.CONV, Op.DEPTHWISE, Op.DENSE, Op.TRANSPOSED_CONV)


def check_graph(graph: Graph, config: ArrayConfig, reference: str) -> None:
    """Check every operator of a graph.

    Raises
    ------
    ModelError
        E303 (operators) and E304 (types, quantisations), all together, each with its layer.
    """
    findings = faults_of(graph, config, reference)
    if findings:
        raise ModelError(findings)


def faults_of(graph: Graph, config: ArrayConfig, reference: str) -> list[Finding]:
    """Return E303 (operators) and E304 (types, quantisations), each with its layer."""
    return [f for node in graph.nodes for f in _node_findings(graph, node, config, reference)]


def activations(node: Node) -> tuple[int, ...]:
    """Return the numbers of the activation tensors that a node reads."""
    return node.inputs if node.op in SEVERAL else node.inputs[:1]


def _node_findings(graph: Graph, node: Node, config: ArrayConfig, reference: str) -> list[Finding]:
    findings = _activation_findings(graph, node, config)
    if findings:
        return findings
    if node.op in _WEIGHTED:
        findings += _weight_findings(graph, node, config)
    findings += _form_findings(graph, node)
    products = {Op.MUL, Op.SCALE_ADD}
    if node.op in HOST or (node.op in products and host_reason(graph, node, reference, config)):
        return findings
    op = Op.MAX_POOL if node.op in {Op.PAD, Op.SLICE} else node.op
    mode = rounding_of(op, reference, format_of(graph.tensors[node.inputs[0]]).bits)
    if mode not in config.roundings:
        findings.append(
            _fault(
                "E303",
                node,
                f"needs rounding {mode.name} ({int(mode)}), which {config.name} has no gates for",
                ", ".join(str(int(m)) for m in config.roundings),
            )
        )
    return findings


def _activation_findings(graph: Graph, node: Node, config: ArrayConfig) -> list[Finding]:
    """Return the faults of a node's input and output tensors."""
    findings = []
    dtypes = [f"int{bits}" for bits in config.lanes.widths]
    for number in (*activations(node), *node.outputs):
        tensor = graph.tensors[number]
        shape = tensor.shape
        if tensor.dtype not in dtypes:
            what = f"{tensor.name} is {tensor.dtype}"
            findings.append(_fault("E304", node, what, " or ".join(dtypes)))
        elif tensor.quant is None or tensor.quant.axis is not None:
            findings.append(_fault("E304", node, f"{tensor.name} has not one scale", "one scale"))
        elif shape[:1] != (1,) or len(shape) > 4:
            what = f"{tensor.name} has shape {shape}"
            findings.append(_fault("E304", node, what, "batch 1, N,H,W,C"))
    widths = {graph.tensors[number].dtype for number in activations(node)}
    if not findings and len(widths) > 1:
        what = f"reads {' and '.join(sorted(widths))}"
        findings.append(_fault("E304", node, what, "operands of one width"))
    return findings


def _form_findings(graph: Graph, node: Node) -> list[Finding]:
    """Return the faults of a node's shapes and attributes."""
    shapes = [graph.tensors[n].shape for n in (*activations(node), *node.outputs)]
    attributes = node.attributes
    pairs = {Op.ADD, Op.SUB, Op.MUL}
    if node.op in pairs and len(set(shapes)) > 1 and not is_channel_scale(graph, node):
        what = f"combines {shapes[0]} and {shapes[1]} to {shapes[2]}"
        return [_fault("E303", node, what, "equal shapes, or MUL by channels")]
    if node.op is Op.MEAN and (len(shapes[0]) != 4 or attributes.axes != (1, 2)):
        what = f"means {shapes[0]} over axes {attributes.axes}"
        return [_fault("E303", node, what, "(1, 2) of N,H,W,C")]
    if node.op is Op.SOFTMAX:
        quant = graph.tensors[node.inputs[0]].quant
        factor = attributes.beta * (quant.scale if quant else 0.0)
        if not SOFTMAX_FACTORS[0] < factor < SOFTMAX_FACTORS[1]:
            return [_fault("E304", node, f"beta * scale is {factor}", "2**-26 to 16")]
    return []


def _weight_findings(graph: Graph, node: Node, config: ArrayConfig) -> list[Finding]:
    weights = graph.tensors[node.inputs[1]]
    wide = config.lanes.weight.table().max() > INT8.max or 16 in config.precisions
    known: tuple[str, ...] = (*WEIGHTS, "int16", "int32") if wide else WEIGHTS
    act = graph.tensors[node.inputs[0]].dtype
    if weights.offset and act == "int8" and weights.data is not None:
        worst = int(np.max(weights.data, initial=0))
        if worst > MOST_WEIGHT or config.lane != "integer" or config.weight_bits != INT8.bits:
            return [_fault("E304", node, NINE_BITS, f"8-bit lanes, weights to {MOST_WEIGHT}")]
        known = (*WEIGHTS, "int16")
    if weights.data is None or weights.dtype not in known:
        have = NINE_BITS if weights.dtype == "int16" else f"has weights of type {weights.dtype}"
        return [_fault("E304", node, have, "constant int8 or int4")]
    if weights.quant is None or bool((weights.quant.zero_points != 0).any()):
        return [_fault("E304", node, "has weights with a zero point or no scale", "zero point 0")]
    absent = len(node.inputs) < 3 or node.inputs[2] < 0
    if not absent and graph.tensors[node.inputs[2]].dtype not in ("int32", "int64"):
        return [_fault("E304", node, "has a bias that is not int32", "constant int32 or int64")]
    return _scale_findings(graph, node, config)


def _scale_findings(graph: Graph, node: Node, config: ArrayConfig) -> list[Finding]:
    """Return the faults of a node's group scales."""
    kind = node.attributes.group_scale
    if kind == "none":
        return []
    if kind != config.group_scale:
        what = f"has {kind} group scales, {config.name} is built for {config.group_scale}"
        return [_fault("E304", node, what, f"array.group_scale = {kind}")]
    scales = graph.tensors[node.inputs[3]].data
    weights = graph.tensors[node.inputs[1]].shape
    lane = config.lanes
    if kind == "shift":
        limit, shape = lane.shift_groups - 1, weights[-1:]
    else:
        limit, shape = (1 << lane.scale_bits) - 1, (*weights[:-1], weights[-1] // lane.group_size)
        if weights[-1] % lane.group_size:
            what = f"has {weights[-1]} channels a tap"
            return [_fault("E404", node, what, f"a multiple of group_size = {lane.group_size}")]
    if (
        scales is None
        or scales.shape != shape
        or int(scales.min()) < 0
        or int(scales.max()) > limit
    ):
        return [_fault("E304", node, f"has group scales outside 0 to {limit}", f"shape {shape}")]
    return []


def _fault(code: str, node: Node, what: str, need: str) -> Finding:
    return Finding(
        code,
        f"{node.name} ({node.op.value}): {what}",
        where=node.name,
        have=what,
        need=need,
        help="export the network in a form that the array runs, or change the configuration",
    )
