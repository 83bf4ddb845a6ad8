"""Sums of two tables: additions, subtractions and functions of one code as layers of the array."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from intaglio.compiler.layer import Layer, Params, image_of, whole, widths_of
from intaglio.spec.commands import Operation
from intaglio.spec.float_pairs import float_pair
from intaglio.spec.formats import INT8, IntArray
from intaglio.spec.graph import Graph, Node, Op, Quantisation
from intaglio.spec.quant import (
    IDENTITY,
    Scale,
    add_rescales,
    requantise,
    rescale_add_operand,
    rounding_of,
)
from intaglio.spec.requant import clamp_of, quant_of
from intaglio.spec.rounding import Rounding
from intaglio.spec.tables import function_table

CODES = np.arange(INT8.min, INT8.max + 1)
_EXACT_BITS = 24  # sums up to here are exact in mode 4


def lower_pair(graph: Graph, node: Node, index: int, reference: str) -> Layer:
    """Return ADD or SUB: each operand's code becomes its share of the sum, by a table."""
    a, b, y = (quant_of(graph.tensors[n]) for n in (*node.inputs, node.outputs[0]))
    if reference == "onnxruntime":
        found = pair_table(node.op, a, b, y, *clamp_of(graph, node))
        if found is None:
            raise ValueError(f"{node.name} runs on the host")
        table, scale = found
    else:
        scale_a, scale_b, scale = add_rescales(a.scale, b.scale, y.scale)
        sign = 1 if node.op is Op.ADD else -1
        first = rescale_add_operand(CODES, a.zero_point, scale_a)
        second = sign * rescale_add_operand(CODES, b.zero_point, scale_b)
        table = np.stack([first, second], axis=1)
    rounding = rounding_of(node.op, reference)
    return _layer(graph, node, index, table, scale, rounding, y.zero_point)


def lower_table(graph: Graph, node: Node, index: int, reference: str) -> Layer:
    """Return TABLE: the function's code is the share of the first operand, the second adds 0."""
    qx, qy = (quant_of(graph.tensors[n]) for n in (node.inputs[0], node.outputs[0]))
    attributes = node.attributes
    values = function_table(attributes.function, attributes.beta, qx, qy, reference)
    table = np.stack([values, np.zeros_like(values)], axis=1)
    rounding = rounding_of(node.op, reference)
    return _layer(graph, node, index, table, IDENTITY, rounding, 0)


def _layer(
    graph: Graph,
    node: Node,
    index: int,
    table: IntArray,
    scale: Scale,
    rounding: Rounding,
    zero_point: int,
) -> Layer:
    low, high = clamp_of(graph, node)
    image = image_of(graph.tensors[node.outputs[0]])
    return Layer(
        index=index,
        name=node.name,
        op=node.op,
        operation=Operation.ADD,
        inputs=(node.inputs[0], node.inputs[-1]),
        output=node.outputs[0],
        image=image,
        out_image=image,
        params=(Params.of(np.zeros(1, np.int64), (scale,)),),
        rounding=rounding,
        zero_point=zero_point,
        low=low,
        high=high,
        areas=(whole(image),),
        table=table,
        **widths_of(graph, node),
    )


def pair_table(
    op: Op, a: Quantisation, b: Quantisation, y: Quantisation, low: int, high: int
) -> tuple[IntArray, Scale] | None:
    """Return a table and a scale that give every sum of ONNX Runtime; None: there is none.

    Entries are real shares of the sum with as many fraction bits as keep every sum exact in
    mode 4. All 65,536 pairs are compared with :func:`intaglio.spec.float_pairs.float_pair`.
    """
    forms = tuple((q.scale, q.zero_point) for q in (a, b, y))
    return _pair_table(op, forms, low, high)


@lru_cache(maxsize=256)
def _pair_table(
    op: Op, forms: tuple[tuple[float, int], ...], low: int, high: int
) -> tuple[IntArray, Scale] | None:
    quants = [
        Quantisation(np.array([scale], np.float32), np.array([point])) for scale, point in forms
    ]
    wanted = float_pair(op, CODES[:, None], CODES[None, :], quants[0], quants[1], quants[2])
    wanted = np.clip(wanted, low, high)
    sign = 1 if op is Op.ADD else -1
    shares = [
        side * (CODES - q.zero_point) * (q.scale / quants[2].scale)
        for side, q in zip((1, sign), quants[:2], strict=True)
    ]
    most = sum(float(np.abs(share).max()) for share in shares)
    fraction = _EXACT_BITS - 1 - max(int(np.ceil(np.log2(most))), 0)
    while fraction > 0:
        table = np.stack([np.rint(share * 2.0**fraction).astype(np.int64) for share in shares], 1)
        scale = Scale(1 << (_EXACT_BITS - 1), 1 - _EXACT_BITS - fraction)
        sums = table[:, 0][:, None] + table[:, 1][None, :]
        form = (Rounding.FP32_RNE, quants[2].zero_point, low, high)
        got = requantise(sums, scale.multiplier, scale.shift, *form)
        if np.array_equal(got, wanted):
            return table, scale
        fraction -= 4
    return None
