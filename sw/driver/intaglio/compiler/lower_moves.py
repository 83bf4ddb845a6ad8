"""Padding and cutting of height and width as layers of the array: each pixel is a window of one."""

from __future__ import annotations

import numpy as np

from intaglio.compiler.layer import Layer, Params, image_of, whole, widths_of
from intaglio.spec.commands import Operation
from intaglio.spec.graph import Graph, Node, Op
from intaglio.spec.quant import IDENTITY, rounding_of
from intaglio.spec.requant import clamp_of, quant_of


def lower_move(graph: Graph, node: Node, index: int, reference: str) -> Layer:
    """Return PAD or SLICE: a depthwise sum of one tap with weight 1.

    Taps outside the image read the zero point; so do idle taps, which a maximum would count.
    """
    x, y = graph.tensors[node.inputs[0]], graph.tensors[node.outputs[0]]
    attributes, padding = node.attributes, node.op is Op.PAD
    first = 1 if padding else -1  # a cut begins inside the image
    low, high = clamp_of(graph, node)
    out_image = image_of(y)
    return Layer(
        index=index,
        name=node.name,
        op=node.op,
        operation=Operation.DEPTHWISE,
        inputs=(x.number,),
        output=y.number,
        image=image_of(x),
        out_image=out_image,
        params=(Params.of(np.zeros(1, np.int64), (IDENTITY,)),),
        rounding=rounding_of(Op.MAX_POOL, reference),
        zero_point=0,
        low=low,
        high=high,
        areas=(whole(out_image),),
        stride=(1, 1) if padding else (attributes.step[1], attributes.step[2]),
        pads=(first * attributes.begin[1], first * attributes.begin[2]),
        pad_value=quant_of(x).zero_point,
        edge=attributes.edge if padding else "zero",
        weights=np.ones((1, 1, out_image[2]), np.int64),
        **widths_of(graph, node),
    )
