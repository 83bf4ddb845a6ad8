"""The requantisation of an operator: read off its tensors and the reference, or given."""

from __future__ import annotations

import numpy as np

from intaglio.spec.errors import Finding, ModelError
from intaglio.spec.formats import INT8, INT16, IntFormat, signed
from intaglio.spec.graph import Graph, Node, Op, Quantisation, Requant, Tensor
from intaglio.spec.host import HostOperator
from intaglio.spec.rounding import Rounding, clamp_range, operator_scales, rounding_of
from intaglio.spec.scale import Scale, fp32_scale, mean_scale

FORMATS = {"int4": signed(4), "int8": INT8, "int16": INT16}
"""Formats of activations."""


def format_of(tensor: Tensor) -> IntFormat:
    """Return the format of an activation tensor.

    Raises
    ------
    ModelError
        E304: it holds no integer codes.
    """
    if tensor.dtype not in FORMATS:
        raise _untyped(tensor, tensor.dtype, "int4, int8 or int16")
    return FORMATS[tensor.dtype]


def quant_of(tensor: Tensor) -> Quantisation:
    """Return the quantisation of a tensor.

    Raises
    ------
    ModelError
        E304: it has none.
    """
    if tensor.quant is None:
        raise _untyped(tensor, "no quantisation", "a scale and a zero point")
    return tensor.quant


def clamp_of(graph: Graph, node: Node) -> tuple[int, int]:
    """Return the least and the greatest output code of a node."""
    if node.attributes.requant is not None:
        return node.attributes.requant.low, node.attributes.requant.high
    output = graph.tensors[node.outputs[0]]
    quant, form = quant_of(output), format_of(output)
    low, high = clamp_range(
        node.attributes.activation, quant.scale, quant.zero_point, form.min, form.max
    )
    least, most = node.attributes.clamp or (low, high)
    return max(low, least), min(high, most)


def weighted_requant(graph: Graph, node: Node, reference: str) -> Requant:
    """Return how CONV, DEPTHWISE, DENSE or TRANSPOSED_CONV make codes of their accumulators.

    Parameters
    ----------
    reference : str
        See :func:`intaglio.spec.rounding.rounding_of`.
    """
    if node.attributes.requant is not None:
        return node.attributes.requant
    x, w, y = (graph.tensors[n] for n in (*node.inputs[:2], node.outputs[0]))
    # The kernels for unsigned codes are older: all of them round the product of scales to float32,
    # and their dense layers round as their convolutions do.
    older = x.offset != 0
    op = Op.CONV if older and node.op is Op.DENSE and reference == "litert" else node.op
    rounding = rounding_of(op, reference, format_of(x).bits)
    scales = operator_scales(
        node.op, quant_of(x).scale, quant_of(w), quant_of(y).scale, rounding, older=older
    )
    return Requant(scales, int(rounding), quant_of(y).zero_point, *clamp_of(graph, node))


WEIGHTED = (Op.CONV, Op.DEPTHWISE, Op.DENSE, Op.TRANSPOSED_CONV, Op.MATMUL)


def host_operator(graph: Graph, node: Node, reference: str) -> HostOperator:
    """Return a node as the host runs it, without its data."""
    operands = [graph.tensors[number] for number in node.inputs if number >= 0]
    output = graph.tensors[node.outputs[0]]
    if node.op in WEIGHTED:
        requant = weighted_requant(graph, node, reference)
        operands = operands[:2]
    else:
        low, high = clamp_of(graph, node)
        requant = Requant((), 0, quant_of(output).zero_point, low, high)
    quants = tuple(quant_of(tensor) for tensor in (*operands, output))
    return HostOperator(node.op, node.attributes, quants, output.shape, requant, reference)


def divided_scale(sx: float, sy: float, count: int, rounding: Rounding) -> Scale:
    """Return sx / sy / count, the scale of a mean of `count` codes; mode 4 forms it in float32."""
    if rounding is Rounding.FP32_RNE:
        single = np.float32
        return fp32_scale(float(single(sx) / (single(sy) * single(count))))
    return mean_scale(sx, sy, count)


def divides_codes(graph: Graph, node: Node, reference: str) -> bool:
    """Tell whether an AVERAGE_POOL divides sums of codes, rather than requantising real sums.

    So do all references that compute in integers, on tensors of one quantisation.
    """
    x, y = (quant_of(graph.tensors[n]) for n in (node.inputs[0], node.outputs[0]))
    same = (x.scale, x.zero_point) == (y.scale, y.zero_point)
    return same and reference != "onnxruntime" and node.attributes.function != "count_pads"


def _untyped(tensor: Tensor, have: str, need: str) -> ModelError:
    return ModelError(
        Finding(
            "E304",
            f"{tensor.name}: {have}",
            where=tensor.name,
            have=have,
            need=need,
            help="export the network with quantised integer operators",
        )
    )
