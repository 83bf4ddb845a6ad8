"""Products of an image and one factor for each channel, which is an activation too.

Channels are kept apart, as in a depthwise layer of one tap: the factors become its weights. What
the zero points take away is further rows of taps, as in :mod:`intaglio.compiler.product`: with
x' = x - zx and s' = s - zs, x' * s' = x * s - zx * s - zs * x + zs * zx.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from intaglio.compiler.layer import Params, image_of, whole, widths_of
from intaglio.compiler.lower_pairs import CODES
from intaglio.compiler.product import ProductLayer, lanes_fault, repeated
from intaglio.spec.commands import Operation
from intaglio.spec.config import ArrayConfig
from intaglio.spec.float_pairs import float_pair
from intaglio.spec.graph import Graph, Node, Op, Quantisation
from intaglio.spec.quant import Rounding, Scale, fp32_scale, multiplier, requantise, rounding_of
from intaglio.spec.requant import clamp_of, quant_of

Forms = tuple[tuple[float, int], ...]


@dataclass(frozen=True, eq=False)
class ScaleLayer(ProductLayer):
    """A product of an image, one row of all its pixels, and a factor for each channel.

    The first input are the factors, the second is the image.
    """


def scale_fault(graph: Graph, node: Node, reference: str, config: ArrayConfig | None = None) -> str:
    """Return why a MUL is not for the array, or not for that of `config`; empty: it is."""
    tensors = [graph.tensors[n] for n in (*node.inputs[:2], node.outputs[0])]
    if any(tensor.dtype != "int8" for tensor in tensors):
        return "the array multiplies activations of 8 bits by each other"
    factors = factors_place(graph, node)
    if factors < 0:
        return "the array multiplies by one factor for each channel, not for each place"
    if reference == "onnxruntime" and _float_scale(*_forms(graph, node)) is None:
        return "no scale gives all 65,536 products that the reference has in float32"
    return "" if config is None else lanes_fault(config)


def factors_place(graph: Graph, node: Node) -> int:
    """Return which input holds a factor for each channel of the other, -1 if none does."""
    images = [image_of(graph.tensors[n]) for n in node.inputs[:2]]
    out = image_of(graph.tensors[node.outputs[0]])
    for place in (1, 0):
        if images[place] == (1, 1, out[2]) and images[1 - place] == out:
            return place
    return -1


def is_channel_scale(graph: Graph, node: Node) -> bool:
    """Tell whether a MUL multiplies an image by a factor for each channel."""
    return node.op is Op.MUL and factors_place(graph, node) >= 0


def _forms(graph: Graph, node: Node) -> tuple[Forms, int, int]:
    numbers = (*node.inputs[:2], node.outputs[0])
    quants = [quant_of(graph.tensors[n]) for n in numbers]
    return tuple((q.scale, q.zero_point) for q in quants), *clamp_of(graph, node)


@lru_cache(maxsize=256)
def _float_scale(forms: Forms, low: int, high: int) -> Scale | None:
    """Return the scale that gives every product of ONNX Runtime in mode 4, None: there is none."""
    a, b, y = (Quantisation(np.array([s], np.float32), np.array([z])) for s, z in forms)
    wanted = np.clip(float_pair(Op.MUL, CODES[:, None], CODES[None], a, b, y), low, high)
    products = (CODES[:, None] - a.zero_point) * (CODES[None] - b.zero_point)
    single = np.float32
    together = single(a.scale) * single(b.scale) / single(y.scale)
    for ratio in (together, np.nextafter(together, single(0)), np.nextafter(together, single(9))):
        scale = fp32_scale(float(ratio))
        form = (Rounding.FP32_RNE, y.zero_point, low, high)
        if np.array_equal(requantise(products, scale.multiplier, scale.shift, *form), wanted):
            return scale
    return None


def lower_scale(graph: Graph, node: Node, index: int, reference: str) -> ScaleLayer:
    """Return a MUL by a factor for each channel as a layer."""
    place = factors_place(graph, node)
    numbers = (node.inputs[place], node.inputs[1 - place])
    factors, x, y = (quant_of(graph.tensors[n]) for n in (*numbers, node.outputs[0]))
    height, width, channels = image_of(graph.tensors[node.outputs[0]])
    forms, low, high = _forms(graph, node)
    scale: Scale | None = multiplier(forms[0][0] * forms[1][0] / forms[2][0])
    if reference == "onnxruntime":
        scale = _float_scale(forms, low, high)
    if scale is None:
        raise ValueError(f"{node.name} runs on the host")
    row = (1, height * width, channels)
    return ScaleLayer(
        index=index,
        name=node.name,
        op=node.op,
        operation=Operation.DEPTHWISE,
        inputs=numbers,
        output=node.outputs[0],
        image=row,
        out_image=row,
        params=(Params.of(np.array([x.zero_point * factors.zero_point]), (scale,)),),
        rounding=rounding_of(node.op, reference),
        zero_point=y.zero_point,
        low=low,
        high=high,
        areas=(whole(row),),
        macs=height * width * channels,
        own_images=True,
        terms=1,
        outside=repeated(-x.zero_point),
        constant=repeated(-factors.zero_point),
        **widths_of(graph, node),
    )
