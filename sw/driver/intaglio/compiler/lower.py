"""From the operators of a graph to layers of the array."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from intaglio.compiler.layer import Layer, Params, image_of, whole, widths_of
from intaglio.compiler.lower_moves import lower_move
from intaglio.compiler.lower_pairs import lower_pair, lower_table
from intaglio.compiler.lower_phases import as_phases, in_blocks, in_phases
from intaglio.compiler.lower_pool import lower_average, lower_max, lower_mean
from intaglio.compiler.lower_wide import in_eight_bits
from intaglio.compiler.product import lower_product
from intaglio.compiler.prove import prove_accumulator
from intaglio.compiler.scale import lower_scale
from intaglio.compiler.scale_add import lower_scale_add
from intaglio.spec.commands import Operation
from intaglio.spec.formats import IntArray
from intaglio.spec.graph import OVER_CHANNELS, Graph, Node, Op, Tensor, pads_of
from intaglio.spec.moves import SHUFFLES
from intaglio.spec.quant import Rounding
from intaglio.spec.requant import clamp_of, format_of, quant_of, weighted_requant
from intaglio.spec.transposed import transposed_corner


def lower(graph: Graph, index: int, reference: str) -> Layer:
    """Return node `index` of `graph` as a layer.

    Parameters
    ----------
    graph : Graph
        Checked by :func:`intaglio.compiler.check.check_graph`.
    index : int
        Of an operator that runs on the array: neither RESHAPE nor SOFTMAX.
    reference : str
        Engine whose rounding is obeyed.

    Raises
    ------
    FitError
        E402: an accumulator could overflow.
    """
    node = graph.nodes[index]
    return _LOWER[node.op](graph, node, index, reference)


def array_operators() -> frozenset[Op]:
    """Return the operators that become layers of the array."""
    return frozenset(_LOWER)


def _operands(graph: Graph, node: Node) -> tuple[Tensor, IntArray, IntArray, Tensor]:
    """Return input, weights, bias and output of CONV, DEPTHWISE or DENSE."""
    x, w, y = (graph.tensors[n] for n in (*node.inputs[:2], node.outputs[0]))
    weights = np.asarray(w.data, np.int64)
    bias = np.zeros(image_of(y)[2], np.int64)
    if len(node.inputs) > 2 and node.inputs[2] >= 0:
        bias = np.asarray(graph.tensors[node.inputs[2]].data, np.int64).reshape(-1)
    return x, weights, bias, y


def _window_layer(
    graph: Graph,
    node: Node,
    index: int,
    reference: str,
    operation: Operation,
    weights: IntArray,
    macs: int,
) -> Layer:
    """Return a layer whose bias holds what the input's zero point adds to every sum."""
    layer = _base_layer(graph, node, index, reference, operation, weights, macs)
    return _narrow(graph, node, layer)


def _narrow(graph: Graph, node: Node, layer: Layer) -> Layer:
    """Return a layer with weights of eight bits, which those of unsigned files may exceed."""
    unsigned = graph.tensors[node.inputs[1]].offset != 0
    return in_eight_bits(layer) if unsigned else layer


def _base_layer(
    graph: Graph,
    node: Node,
    index: int,
    reference: str,
    operation: Operation,
    weights: IntArray,
    macs: int,
) -> Layer:
    """Return a layer with its weights as they are."""
    x, _, bias, y = _operands(graph, node)
    image, out_image = image_of(x), image_of(y)
    kernel = weights.shape[-3:-1]
    zero = quant_of(x).zero_point
    axes = tuple(range(1, 4)) if operation is Operation.CONV else (0, 1)
    requant = weighted_requant(graph, node, reference)
    top, _, left, _ = (
        pads_of(node.attributes, image[:2], (kernel[0], kernel[1]))
        if node.op is not Op.DENSE
        else (0, 0, 0, 0)
    )
    counted = _counted(graph, node, weights)
    prove_accumulator(node.name, counted, axes, zero, bias, format_of(x).bits)
    return Layer(
        index=index,
        name=node.name,
        op=node.op,
        operation=operation,
        inputs=(x.number,),
        output=y.number,
        image=image,
        out_image=out_image,
        params=(Params.of(bias - zero * counted.sum(axes), requant.scales),),
        rounding=Rounding(requant.rounding),
        zero_point=requant.zero_point,
        low=requant.low,
        high=requant.high,
        areas=(whole(out_image),),
        kernel=(kernel[0], kernel[1]),
        stride=node.attributes.stride,
        dilation=node.attributes.dilation,
        pads=(top, left),
        pad_value=zero,
        weights=weights,
        macs=macs,
        amounts=_scales(graph, node, "shift", weights),
        scales=_scales(graph, node, "integer", weights),
        **widths_of(graph, node),
    )


def _scales(graph: Graph, node: Node, kind: str, weights: IntArray) -> IntArray | None:
    """Return the group scales of `kind` that a node has; integer ones by tap and group."""
    if node.attributes.group_scale != kind:
        return None
    scales = np.asarray(graph.tensors[node.inputs[3]].data, np.int64)
    return scales if kind == "shift" else scales.reshape(*weights.shape[:3], -1)


def _counted(graph: Graph, node: Node, weights: IntArray) -> IntArray:
    """Return what each weight counts, group scales included."""
    amounts = _scales(graph, node, "shift", weights)
    if amounts is not None:
        return weights << amounts
    scales = _scales(graph, node, "integer", weights)
    if scales is not None:
        return weights * np.repeat(scales, weights.shape[3] // scales.shape[3], axis=3)
    return weights


def _transposed(graph: Graph, node: Node, index: int, reference: str) -> Layer:
    """A convolution for each place of an output in the stride; no weight meets a zero."""
    x, weights, _, y = _operands(graph, node)
    size, places = image_of(x), image_of(y)
    groups = size[2] // weights.shape[3]
    corner = transposed_corner(
        size[:2], (weights.shape[1], weights.shape[2]), node.attributes, places[:2]
    )
    operation = Operation.CONV
    if groups > 1 and weights.shape[3] == 1:
        operation, weights = Operation.DEPTHWISE, weights[..., 0].transpose(1, 2, 0)
    layer = _base_layer(graph, node, index, reference, operation, weights, 0)
    layer = in_phases(layer, corner)
    if operation is Operation.DEPTHWISE:
        groups, spread = 1, weights.shape[2] // size[2]
    else:
        spread = 1
    phases = (replace(phase, groups=groups, spread=spread) for phase in layer.phases)
    return as_phases(layer, tuple(_narrow(graph, node, phase) for phase in phases))


def _conv(graph: Graph, node: Node, index: int, reference: str) -> Layer:
    if node.attributes.function in SHUFFLES:
        return _shuffled(graph, node, index, reference)
    if node.attributes.function == OVER_CHANNELS:
        return _over_row(graph, node, index, reference)
    x, weights, _, y = _operands(graph, node)
    height, width, _ = image_of(y)
    macs = height * width * int(weights.size)
    layer = _window_layer(graph, node, index, reference, Operation.CONV, weights, macs)
    groups = image_of(x)[2] // weights.shape[3]
    return replace(layer, groups=groups, edge=node.attributes.edge)


def _shuffled(graph: Graph, node: Node, index: int, reference: str) -> Layer:
    """A convolution for each place of a block; what is shuffled is where they write, no code."""
    y = graph.tensors[node.outputs[0]]
    size = node.attributes.kernel[0]
    _, height, width, inner = y.shape
    shape = (1, height // size, width // size, inner * size**2)
    plain = replace(node, attributes=replace(node.attributes, function=""))
    tensors = {**graph.tensors, y.number: replace(y, shape=shape)}
    whole_layer = _conv(replace(graph, tensors=tensors), plain, index, reference)
    layer = replace(whole_layer, out_image=(height, width, inner))
    return in_blocks(layer, size, channels_first=node.attributes.function == "crd")


def _over_row(graph: Graph, node: Node, index: int, reference: str) -> Layer:
    """A convolution over channels as one over a row of pixels with one channel each."""
    both = (graph.tensors[n] for n in (node.inputs[0], node.outputs[0]))
    rows = {t.number: replace(t, shape=(1, 1, image_of(t)[2], 1)) for t in both}
    plain = replace(node, attributes=replace(node.attributes, function=""))
    return _conv(replace(graph, tensors={**graph.tensors, **rows}), plain, index, reference)


def _depthwise(graph: Graph, node: Node, index: int, reference: str) -> Layer:
    x, weights, _, y = _operands(graph, node)
    height, width, _ = image_of(y)
    macs = height * width * int(weights.size)
    layer = _window_layer(graph, node, index, reference, Operation.DEPTHWISE, weights[0], macs)
    spread = weights.shape[3] // image_of(x)[2]
    return replace(layer, spread=spread, edge=node.attributes.edge)


def _dense(graph: Graph, node: Node, index: int, reference: str) -> Layer:
    """A convolution whose kernel is the whole image: an image is flattened in H, W, C order."""
    x, weights, _, _ = _operands(graph, node)
    shaped = weights.reshape(weights.shape[0], *image_of(x))
    return _window_layer(graph, node, index, reference, Operation.CONV, shaped, int(weights.size))


def _pool(
    make: Callable[[Graph, Node, int, str, tuple[int, int]], Layer],
) -> Callable[[Graph, Node, int, str], Layer]:
    def lowered(graph: Graph, node: Node, index: int, reference: str) -> Layer:
        return make(graph, node, index, reference, clamp_of(graph, node))

    return lowered


_LOWER: dict[Op, Callable[[Graph, Node, int, str], Layer]] = {
    Op.CONV: _conv,
    Op.DEPTHWISE: _depthwise,
    Op.DENSE: _dense,
    Op.TRANSPOSED_CONV: _transposed,
    Op.ADD: lower_pair,
    Op.SUB: lower_pair,
    Op.TABLE: lower_table,
    Op.PAD: lower_move,
    Op.SLICE: lower_move,
    Op.MAX_POOL: _pool(lower_max),
    Op.AVERAGE_POOL: _pool(lower_average),
    Op.MEAN: _pool(lower_mean),
    Op.MATMUL: lower_product,
    Op.MUL: lower_scale,
    Op.SCALE_ADD: lower_scale_add,
}
