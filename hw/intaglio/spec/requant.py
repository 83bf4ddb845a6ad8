"""The requantisation of an operator: read off its tensors and the reference, or given."""

from __future__ import annotations

from intaglio.spec.errors import Finding, ModelError
from intaglio.spec.formats import INT8, INT16, IntFormat
from intaglio.spec.graph import Graph, Node, Op, Quantisation, Requant, Tensor
from intaglio.spec.rounding import clamp_range, operator_scales, rounding_of

FORMATS = {"int8": INT8, "int16": INT16}
"""Formats of activations."""


def format_of(tensor: Tensor) -> IntFormat:
    """Return the format of an activation tensor.

    Raises
    ------
    ModelError
        E304: it holds no integer codes.
    """
    if tensor.dtype not in FORMATS:
        raise _untyped(tensor, tensor.dtype, "int8 or int16")
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
