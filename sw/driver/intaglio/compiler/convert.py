"""A network in the number formats of an array: weights and activations quantised anew."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from intaglio.compiler.convert_scales import GroupScaled, fitted_steps, group_scaled
from intaglio.spec.codes_shift import ShiftFormat
from intaglio.spec.config import ArrayConfig
from intaglio.spec.formats import BYTE, INT32, IntFormat, signed
from intaglio.spec.graph import Graph, Node, Op, Quantisation, Tensor
from intaglio.spec.lane import Lane
from intaglio.spec.requant import format_of, quant_of

Real = npt.NDArray[np.float64]
WEIGHTED = (Op.CONV, Op.DEPTHWISE, Op.DENSE)


def convert(
    graph: Graph,
    config: ArrayConfig,
    bits_of: Callable[[Tensor], int] | None = None,
    ranges: Mapping[int, tuple[float, float]] | None = None,
) -> Graph:
    """Return `graph` with the operands that the lanes of `config` multiply.

    Weights take the lanes' format, with a scale for each output channel; where a layer's channels
    are summed and the array has group scales, with those too. Lanes that switch their width leave
    weights that fit as they are. Biases move to the new scales.

    Parameters
    ----------
    graph : Graph
        A network of int8 activations.
    bits_of : callable or None
        Bits of each activation tensor, of a width that the array has; None: the array's widest.
    ranges : mapping of tensor number to (low, high), optional
        Numbers that narrower codes shall cover, where that is not all that the tensor covers.
        Weights that get narrower then have steps of least squared error too.

    Raises
    ------
    FitError
        E404: the channels of a layer are no whole number of groups.
    """
    lane = config.lanes
    choose = bits_of or (lambda _: lane.widths[0])
    tensors = dict(graph.tensors)
    for node in graph.nodes:
        for number in (*node.inputs, *node.outputs):
            tensor = graph.tensors.get(number)
            if tensor is not None and tensor.data is None:
                ends = (ranges or {}).get(number)
                tensors[number] = _activation(tensor, choose(tensor), ends)
    nodes = []
    fresh = max(graph.tensors) + 1
    for node in graph.nodes:
        if node.op not in WEIGHTED:
            nodes.append(node)
            continue
        changed = _weighted(graph, node, tensors, lane, fresh, fitted=ranges is not None)
        fresh += len(changed.inputs) - len(node.inputs)
        nodes.append(changed)
    return replace(graph, tensors=tensors, nodes=tuple(nodes))


def _activation(tensor: Tensor, bits: int, ends: tuple[float, float] | None = None) -> Tensor:
    """Return an activation tensor of `bits` that covers `ends`, or the same range of numbers."""
    have, quant = format_of(tensor), quant_of(tensor)
    if bits == have.bits:
        return tensor
    form = signed(bits)
    low, high = (quant.scale * (end - quant.zero_point) for end in (have.min, have.max))
    if ends is not None and bits < have.bits:
        low, high = ends
    if bits > have.bits:  # symmetric: a zero point of 0
        scale, zero_point = max(-low, high) / form.max, 0
    else:
        scale = (high - low) / (form.max - form.min)
        zero_point = int(np.clip(form.min - round(low / scale), form.min, form.max))
    changed = Quantisation(np.array([scale], np.float32), np.array([zero_point], np.int64))
    return replace(tensor, dtype=f"int{bits}", quant=changed)


def _weighted(
    graph: Graph,
    node: Node,
    tensors: dict[int, Tensor],
    lane: Lane,
    fresh: int,
    *,
    fitted: bool = False,
) -> Node:
    """Change the weights and the bias of a node in `tensors`, and return the node."""
    weights = graph.tensors[node.inputs[1]]
    axis = 3 if node.op is Op.DEPTHWISE else 0
    real = _real(weights, axis)
    act_bits = format_of(tensors[node.inputs[0]]).bits
    if node.op is Op.DEPTHWISE and act_bits == 4:
        act_bits = BYTE
    sums = node.op is not Op.DEPTHWISE and weights.shape[-1] >= 2
    grouped = lane.group_scale != "none" and sums and _groups(graph, node) == 1
    scales: GroupScaled | None = group_scaled(real, lane, node.name) if grouped else None
    if scales is not None:
        codes, steps = scales.codes, scales.steps
    elif lane.switched and format_of_weights(lane, act_bits).holds(weights.data):
        _move_bias(graph, node, tensors, quant_of(weights))
        return node
    else:
        least = _least_steps(graph, node, tensors)
        codes, steps = lane_weights(real, lane, act_bits, axis, least, fitted=fitted)
    quant = Quantisation(steps.astype(np.float32), np.zeros(steps.size, np.int64), axis)
    wide = np.int8 if np.abs(codes).max(initial=0) <= 127 else np.int32
    tensors[weights.number] = replace(
        weights, dtype=np.dtype(wide).name, quant=quant, data=codes.astype(wide)
    )
    _move_bias(graph, node, tensors, quant)
    if scales is None:
        return node
    tensors[fresh] = Tensor(
        fresh, f"{weights.name}_scales", scales.scales.shape, "int32", None, scales.scales
    )
    bias = node.inputs[2] if len(node.inputs) > 2 else -1
    return replace(
        node,
        inputs=(*node.inputs[:2], bias, fresh),
        attributes=replace(node.attributes, group_scale=lane.group_scale),
    )


def format_of_weights(lane: Lane, act_bits: int) -> IntFormat:
    """Return the format of the weights of a switched lane."""
    return signed(lane.weight_format(act_bits).bits)


def _groups(graph: Graph, node: Node) -> int:
    x, weights = graph.tensors[node.inputs[0]], graph.tensors[node.inputs[1]]
    return 1 if node.op is Op.DENSE else x.shape[-1] // weights.shape[-1]


def _real(weights: Tensor, axis: int) -> Real:
    """Return the numbers that weights stand for."""
    scales = quant_of(weights).scales.astype(np.float64)
    data: npt.NDArray[Any] = np.asarray(weights.data)
    return data.astype(np.float64) * scales.reshape(_along(data, axis))


def _along(array: npt.NDArray[Any], axis: int) -> tuple[int, ...]:
    """Return the shape in which values of each index along `axis` meet `array`."""
    return tuple(-1 if a == axis else 1 for a in range(array.ndim))


def _least_steps(graph: Graph, node: Node, tensors: dict[int, Tensor]) -> Real:
    """Return the steps of weights below which a bias would leave 32 bits."""
    if len(node.inputs) < 3 or node.inputs[2] < 0:
        return np.zeros(1)
    x, weights, bias = (graph.tensors[n] for n in node.inputs[:3])
    real = np.abs(np.asarray(bias.data, np.float64)) * quant_of(x).scale
    real = real * quant_of(weights).scales.astype(np.float64)
    return real / (quant_of(tensors[x.number]).scale * INT32.max / 2)


def lane_weights(
    real: Real, lane: Lane, act_bits: int, axis: int, least: Real, *, fitted: bool = False
) -> tuple[npt.NDArray[Any], Real]:
    """Return the values of weights in units of 2**-point, and the step of each output channel.

    Parameters
    ----------
    real : float array
        Weights; `axis` counts output channels.
    act_bits : int
        Of the activations that they meet.
    least : float array
        Steps below which a bias would leave 32 bits: one, or one of each output channel.
    fitted : bool
        Steps of integer formats have the least squared error, else they hold all weights.
    """
    form = lane.weight_format(act_bits)
    others = tuple(a for a in range(real.ndim) if a != axis)
    most = np.abs(real).max(axis=others, keepdims=True)
    table = form.table()
    top = min(int(table.max()), -int(table.min()) or int(table.max()))
    step = np.where(most > 0, most / top, 1.0)
    if fitted and not isinstance(form, ShiftFormat):
        rows = np.moveaxis(real, axis, 0).reshape(real.shape[axis], -1)
        step = fitted_steps(rows, step.reshape(-1), top).reshape(step.shape)
    step = np.maximum(step, least.reshape(_along(real, axis)))
    if isinstance(form, ShiftFormat):
        values = table[form.nearest(real / step * 2.0**-form.point)]
    else:
        values = np.clip(np.rint(real / step), max(-top, int(table.min())), top).astype(np.int64)
    return values, step.reshape(-1)


def _move_bias(graph: Graph, node: Node, tensors: dict[int, Tensor], quant: Quantisation) -> None:
    """Give the bias the scale of the products."""
    if len(node.inputs) < 3 or node.inputs[2] < 0:
        return
    bias = graph.tensors[node.inputs[2]]
    before = quant_of(graph.tensors[node.inputs[0]]).scale
    before_scales = before * quant_of(graph.tensors[node.inputs[1]]).scales.astype(np.float64)
    after = quant_of(tensors[node.inputs[0]]).scale * quant.scales.astype(np.float64)
    data = np.rint(np.asarray(bias.data, np.float64) * before_scales / after)
    tensors[bias.number] = replace(bias, dtype="int32", data=data.astype(np.int32))
