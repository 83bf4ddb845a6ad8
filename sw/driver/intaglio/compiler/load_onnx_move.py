"""Operators of ONNX that move codes and change none: emitted at once, with the scale they had."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy.typing as npt

from intaglio.compiler.load_onnx_build import BACK, FORWARD, Builder
from intaglio.compiler.load_onnx_codes import stored
from intaglio.compiler.load_onnx_node import OnnxNode
from intaglio.compiler.load_onnx_ops import optional
from intaglio.compiler.load_onnx_values import (
    Coded,
    Flat,
    Pending,
    RefusedError,
    Shape,
    Value,
)
from intaglio.compiler.load_onnx_window import pool_window
from intaglio.spec.graph import Attributes, Op

Array = npt.NDArray[Any]
EDGES = {"constant": "zero", "edge": "edge", "wrap": "wrap", "reflect": "reflect"}


def codes_of(builder: Builder, node: OnnxNode, place: int = 0) -> Coded:
    """Return an operand of a moving operator: codes, or the real values of codes."""
    value = builder.value(node.inputs[place])
    if isinstance(value, Flat):
        return builder.flat(value)
    if isinstance(value, Coded):
        return value
    return builder.real(node.inputs[place], f"input {place}")


def identity(builder: Builder, node: OnnxNode) -> Value:
    """Read Identity and Dropout."""
    return builder.value(node.inputs[0])


def numbers_of(builder: Builder, node: OnnxNode, place: int, name: str) -> tuple[int, ...] | None:
    """Return integers that are an operand in newer operator sets and an attribute in older ones."""
    constant = optional(builder, node, place)
    if constant is not None:
        if constant.values.dtype.kind not in "iu":
            raise RefusedError(f"{name} of type {constant.values.dtype}")
        return tuple(int(v) for v in constant.values.reshape(-1))
    return node.ints(name) if name in node.attributes else None


def reshape(builder: Builder, node: OnnxNode) -> Value:
    """Read Reshape."""
    value = codes_of(builder, node)
    wanted = numbers_of(builder, node, 1, "shape") or ()
    shape = [
        value.shape[i] if n == 0 and not node.integer("allowzero") and i < len(value.shape) else n
        for i, n in enumerate(wanted)
    ]
    known = math.prod(n for n in shape if n != -1)
    total = math.prod(value.shape)
    if shape.count(-1) == 1 and known > 0 and total % known == 0:
        shape[shape.index(-1)] = total // known
    if min(shape, default=0) < 1 or math.prod(shape) != total:
        raise RefusedError(f"a shape {wanted} for {value.shape}")
    return _into(builder, value, tuple(shape))


def _into(builder: Builder, value: Coded, shape: Shape) -> Value:
    if value.image and shape == (value.shape[0], math.prod(value.shape[1:])):
        return Flat(value)
    if value.image and shape == value.shape:
        return value
    if shape[:1] != (1,):
        raise RefusedError(f"a shape {shape}, not batch 1")
    return builder.reshaped(value, shape)


def flatten(builder: Builder, node: OnnxNode) -> Value:
    """Read Flatten."""
    value = codes_of(builder, node)
    axis = node.integer("axis", 1) % (len(value.shape) + 1)
    shape = (math.prod(value.shape[:axis]), math.prod(value.shape[axis:]))
    return _into(builder, value, shape)


def squeeze(builder: Builder, node: OnnxNode) -> Value:
    """Read Squeeze."""
    value = codes_of(builder, node)
    rank = len(value.shape)
    axes = numbers_of(builder, node, 1, "axes")
    chosen = {a % rank for a in axes} if axes else {i for i in range(rank) if value.shape[i] == 1}
    if any(value.shape[i] != 1 for i in chosen):
        raise RefusedError(f"axes {axes} of {value.shape}")
    return _into(builder, value, tuple(n for i, n in enumerate(value.shape) if i not in chosen))


def unsqueeze(builder: Builder, node: OnnxNode) -> Value:
    """Read Unsqueeze."""
    value = codes_of(builder, node)
    axes = numbers_of(builder, node, 1, "axes") or ()
    rank = len(value.shape) + len(axes)
    chosen = {a % rank for a in axes}
    rest = iter(value.shape)
    return _into(builder, value, tuple(1 if i in chosen else next(rest, 1) for i in range(rank)))


def transpose(builder: Builder, node: OnnxNode) -> Value:
    """Read Transpose: where the codes lie in the new order already, nothing is moved."""
    value = codes_of(builder, node)
    rank = len(value.shape)
    order = node.ints("perm", tuple(reversed(range(rank))))
    if sorted(order) != list(range(rank)) or order[0] != 0:
        raise RefusedError(f"an order {order} of {rank} axes")
    shape = tuple(value.shape[i] for i in order)
    if value.image and rank == 4:
        if order == FORWARD:
            return replace(value, shape=shape, image=False)
        lies = tuple(FORWARD.index(i) for i in order)
        attributes = Attributes(order=lies)
        return builder.moved(Op.TRANSPOSE, value, shape, image=False, attributes=attributes)
    if order == BACK and rank == 4:
        return replace(value, shape=shape, image=True)
    plain = builder.plain(value)
    attributes = Attributes(order=order)
    return builder.moved(Op.TRANSPOSE, plain, shape, image=False, attributes=attributes)


def max_pool(builder: Builder, node: OnnxNode) -> Value:
    """Read MaxPool, whose codes are codes of its input."""
    if len([name for name in node.outputs if name]) > 1:
        raise RefusedError("indices as a second output")
    value = builder.as_image(codes_of(builder, node))
    attributes, shape = pool_window(node, value)
    return builder.moved(
        Op.MAX_POOL, value, shape, image=True, attributes=attributes, name=node.name
    )


def global_max(builder: Builder, node: OnnxNode) -> Value:
    """Read GlobalMaxPool."""
    value = builder.as_image(codes_of(builder, node))
    height, width = stored(value.shape, image=True)[1:3]
    attributes = Attributes(kernel=(height, width), padding=(0, 0, 0, 0))
    shape = (*value.shape[:2], *(1 for _ in value.shape[2:]))
    return builder.moved(
        Op.MAX_POOL, value, shape, image=True, attributes=attributes, name=node.name
    )


def concat(builder: Builder, node: OnnxNode) -> Value:
    """Read Concat of activations: its parts are brought to one scale when it is quantised."""
    values = [codes_of(builder, node, i) for i in range(len(node.inputs))]
    rank = len(values[0].shape)
    axis = node.integer("axis") % max(rank, 1)
    if len({value.image for value in values}) > 1:
        values = [builder.plain(value) for value in values]
    image = values[0].image
    rest = {(*v.shape[:axis], *v.shape[axis + 1 :]) for v in values}
    if len(rest) > 1 or axis == 0:
        raise RefusedError(f"axis {axis} of shapes {[v.shape for v in values]}")
    shape = list(values[0].shape)
    shape[axis] = sum(v.shape[axis] for v in values)
    attributes = Attributes(order=(axis_place(axis, rank, image=image),))
    return Pending(Op.CONCAT, node.name, tuple(values), tuple(shape), image, attributes)


def axis_place(axis: int, rank: int, *, image: bool) -> int:
    """Return where an axis of ONNX lies in the stored tensor."""
    if not image:
        return axis
    return {0: 0, 1: 3}.get(axis, axis - 1 if rank == 4 else 2)


def sliced(builder: Builder, node: OnnxNode) -> Value:
    """Read Slice."""
    value = codes_of(builder, node)
    rank = len(value.shape)
    starts = numbers_of(builder, node, 1, "starts") or ()
    ends = numbers_of(builder, node, 2, "ends") or ()
    axes = numbers_of(builder, node, 3, "axes") or tuple(range(len(starts)))
    steps = numbers_of(builder, node, 4, "steps") or (1,) * len(starts)
    if not len(starts) == len(ends) == len(axes) == len(steps):
        raise RefusedError(f"starts {starts}, ends {ends}, axes {axes}, steps {steps}")
    ranges = [range(n) for n in value.shape]
    for start, end, axis, step in zip(starts, ends, axes, steps, strict=True):
        if not -rank <= axis < rank or step < 1:
            raise RefusedError(f"axis {axis} and step {step}")
        ranges[axis % rank] = range(*slice(start, end, step).indices(value.shape[axis % rank]))
    return _cut(builder, value, ranges, node.name)


def _cut(builder: Builder, value: Coded, ranges: list[range], name: str) -> Coded:
    if min(map(len, ranges)) < 1:
        raise RefusedError("an empty part")
    rank = len(ranges)
    order = range(rank)
    places = [axis_place(i, rank, image=value.image) for i in order]
    dims = stored(value.shape, image=value.image)
    begin, end, step = [0] * len(dims), list(dims), [1] * len(dims)
    for i, place in enumerate(places):
        begin[place], end[place], step[place] = ranges[i].start, ranges[i].stop, ranges[i].step
    attributes = Attributes(begin=tuple(begin), end=tuple(end), step=tuple(step))
    shape = tuple(map(len, ranges))
    return builder.moved(
        Op.SLICE, value, shape, image=value.image, attributes=attributes, name=name
    )


def split(builder: Builder, node: OnnxNode) -> list[Value]:
    """Read Split: one slice for each output."""
    value = codes_of(builder, node)
    axis = node.integer("axis") % max(len(value.shape), 1)
    count = len(node.outputs)
    size = value.shape[axis]
    even = -(-size // max(count, 1))
    sizes = numbers_of(builder, node, 1, "split") or tuple(
        min(even, size - even * i) for i in range(count)
    )
    if len(sizes) != count or sum(sizes) != size or axis == 0:
        raise RefusedError(f"parts {sizes} of axis {axis} of {value.shape}")
    parts: list[Value] = []
    first = 0
    for number, length in enumerate(sizes):
        ranges = [range(n) for n in value.shape]
        ranges[axis] = range(first, first + length)
        parts.append(_cut(builder, value, ranges, f"{node.name}/{number}"))
        first += length
    return parts


def pad(builder: Builder, node: OnnxNode) -> Value:
    """Read Pad, with the constant zero, whose code is the zero point, or as the image goes on."""
    value = codes_of(builder, node)
    rank = len(value.shape)
    amounts = numbers_of(builder, node, 1, "pads") or ()
    fill = optional(builder, node, 2)
    mode = node.text("mode", "constant")
    filling = node.real("value") if fill is None else float(fill.values.reshape(-1)[0])
    if mode not in EDGES:
        raise RefusedError(f"mode {mode}, not {', '.join(EDGES)}")
    zeros = filling == 0.0 and (fill is None or fill.codes is None)
    if mode == "constant" and not zeros:
        raise RefusedError(f"mode {mode} with {filling}, not zeros")
    if len(node.inputs) > 3 and node.inputs[3]:
        amounts = _of_axes(amounts, numbers_of(builder, node, 3, "axes") or (), rank)
    if len(amounts) != 2 * rank or min(amounts) < 0:
        raise RefusedError(f"pads {amounts} of {rank} axes")
    sizes = [size - (mode == "reflect") for size in value.shape] * 2
    if mode in {"reflect", "wrap"} and any(n > m for n, m in zip(amounts, sizes, strict=True)):
        raise RefusedError(f"pads {amounts} of mode {mode}, more than there is in {value.shape}")
    dims = len(stored(value.shape, image=value.image))
    before, after = [0] * dims, [0] * dims
    for axis in range(rank):
        place = axis_place(axis, rank, image=value.image)
        before[place], after[place] = amounts[axis], amounts[axis + rank]
    shape = tuple(n + amounts[i] + amounts[i + rank] for i, n in enumerate(value.shape))
    attributes = Attributes(begin=tuple(before), end=tuple(after), edge=EDGES[mode])
    return builder.moved(
        Op.PAD, value, shape, image=value.image, attributes=attributes, name=node.name
    )


def _of_axes(amounts: tuple[int, ...], axes: tuple[int, ...], rank: int) -> tuple[int, ...]:
    """Return the amounts of all axes, where a node gives those of `axes` alone."""
    if len(amounts) != 2 * len(axes) or not all(-rank <= axis < rank for axis in axes):
        raise RefusedError(f"pads {amounts} of axes {axes}")
    every = [0] * (2 * rank)
    for at, axis in enumerate(axes):
        every[axis % rank] = amounts[at]
        every[axis % rank + rank] = amounts[at + len(axes)]
    return tuple(every)
