"""Pools and means as layers of the array."""

from __future__ import annotations

from dataclasses import replace
from itertools import groupby

import numpy as np

from intaglio.compiler.layer import Area, Layer, Params, image_of, whole, widths_of
from intaglio.spec.commands import Operation
from intaglio.spec.graph import Graph, Node, pads_of
from intaglio.spec.quant import IDENTITY, average_scale, rounding_of
from intaglio.spec.requant import divided_scale, divides_codes, format_of, quant_of

_ZERO = np.zeros(1, np.int64)


def lower_max(
    graph: Graph, node: Node, index: int, reference: str, clamp: tuple[int, int]
) -> Layer:
    """Return a MAX_POOL: padding reads the least code, so that it never wins."""
    return replace(
        _pool_layer(graph, node, index, reference, clamp),
        operation=Operation.MAX,
        pad_value=format_of(graph.tensors[node.inputs[0]]).min,
        params=(Params.of(_ZERO, (IDENTITY,)),),
    )


def lower_average(
    graph: Graph, node: Node, index: int, reference: str, clamp: tuple[int, int]
) -> Layer:
    """Return an AVERAGE_POOL: a sum divided by the taps that lie inside the image.

    Areas with different numbers of such taps have parameters of their own. Codes that are unsigned
    in the file are made so again by the bias, so that ties go up.
    """
    if not divides_codes(graph, node, reference):
        return _real_average(graph, node, index, reference, clamp)
    lift = -graph.tensors[node.inputs[0]].offset
    layer, counts = _by_count(_sum_layer(graph, node, index, reference, clamp))
    return replace(
        layer,
        params=tuple(
            Params.of(np.array([-lift * count], np.int64), (average_scale(count),))
            for count in counts
        ),
        zero_point=lift,
    )


def _real_average(
    graph: Graph, node: Node, index: int, reference: str, clamp: tuple[int, int]
) -> Layer:
    """Return an AVERAGE_POOL that requantises the sum of codes less their zero point."""
    layer, counts = _by_count(_sum_layer(graph, node, index, reference, clamp))
    x, y = (quant_of(graph.tensors[n]) for n in (node.inputs[0], node.outputs[0]))
    taps = layer.kernel[0] * layer.kernel[1]
    divisors = [taps if node.attributes.function == "count_pads" else n for n in counts]
    return replace(
        layer,
        params=tuple(
            Params.of(
                np.array([-x.zero_point * count], np.int64),
                (divided_scale(x.scale, y.scale, divisor, layer.rounding),),
            )
            for count, divisor in zip(counts, divisors, strict=True)
        ),
        zero_point=y.zero_point,
    )


def _sum_layer(
    graph: Graph, node: Node, index: int, reference: str, clamp: tuple[int, int]
) -> Layer:
    """Return a pool of sums; taps that lie apart have weights of 1, which wide lanes spread."""
    layer = _pool_layer(graph, node, index, reference, clamp)
    if layer.dilation == (1, 1):
        return layer
    return replace(layer, weights=np.ones((*layer.kernel, layer.image[2]), np.int64))


def _by_count(layer: Layer) -> tuple[Layer, list[int]]:
    """Return a pool in areas, and how many taps lie inside the image in each set of params."""
    rows, columns = (
        _runs(
            layer.image[i],
            layer.out_image[i],
            layer.kernel[i],
            layer.stride[i],
            layer.pads[i],
            layer.dilation[i],
        )
        for i in range(2)
    )
    counts = sorted({y * x for _, _, y in rows for _, _, x in columns})
    areas = tuple(
        Area(y0, y1, x0, x1, counts.index(y * x)) for y0, y1, y in rows for x0, x1, x in columns
    )
    return replace(layer, areas=areas), counts


def _runs(
    size: int, places: int, kernel: int, stride: int, pad: int, dilation: int
) -> list[tuple[int, int, int]]:
    """Return (first, end, taps inside the image) of each run of windows along one axis."""
    taps_at = [
        sum(0 <= place * stride - pad + tap * dilation < size for tap in range(kernel))
        for place in range(places)
    ]
    inside = [max(taps, 1) for taps in taps_at]
    runs, first = [], 0
    for taps, group in groupby(inside):
        length = len(list(group))
        runs.append((first, first + length, taps))
        first += length
    return runs


def lower_mean(
    graph: Graph, node: Node, index: int, reference: str, clamp: tuple[int, int]
) -> Layer:
    """Return a MEAN over H and W: one window as large as the image."""
    x, y = graph.tensors[node.inputs[0]].quant, graph.tensors[node.outputs[0]].quant
    if x is None or y is None:
        raise ValueError(f"{node.name}: a tensor has no quantisation")
    layer = _pool_layer(graph, node, index, reference, clamp)
    count = layer.image[0] * layer.image[1]
    return replace(
        layer,
        kernel=layer.image[:2],
        stride=(1, 1),
        dilation=(1, 1),
        pads=(0, 0),
        params=(
            Params.of(
                np.array([-x.zero_point * count], np.int64),
                (divided_scale(x.scale, y.scale, count, layer.rounding),),
            ),
        ),
        zero_point=y.zero_point,
    )


def _pool_layer(
    graph: Graph, node: Node, index: int, reference: str, clamp: tuple[int, int]
) -> Layer:
    """Return what the pools share: sums of all taps with weight 1, padding counts nothing."""
    x, y = graph.tensors[node.inputs[0]], graph.tensors[node.outputs[0]]
    image, out_image = image_of(x), image_of(y)
    top, _, left, _ = pads_of(node.attributes, image[:2], node.attributes.kernel)
    return Layer(
        index=index,
        name=node.name,
        op=node.op,
        operation=Operation.DEPTHWISE,
        inputs=(x.number,),
        output=y.number,
        image=image,
        out_image=out_image,
        params=(),
        rounding=rounding_of(node.op, reference),
        zero_point=0,
        low=clamp[0],
        high=clamp[1],
        areas=(whole(out_image),),
        kernel=node.attributes.kernel,
        stride=node.attributes.stride,
        dilation=node.attributes.dilation,
        pads=(top, left),
        **widths_of(graph, node),
    )
