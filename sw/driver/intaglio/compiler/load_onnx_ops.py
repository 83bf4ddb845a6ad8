"""Operators of ONNX on real values: each becomes a pending operator until it is quantised."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from intaglio.compiler.load_onnx_build import Builder
from intaglio.compiler.load_onnx_narrow import narrowed
from intaglio.compiler.load_onnx_node import OnnxNode
from intaglio.compiler.load_onnx_sums import factored
from intaglio.compiler.load_onnx_values import Coded, Constant, Pending, RefusedError, Value
from intaglio.compiler.load_onnx_weights import bias_of, convolution, dense
from intaglio.compiler.load_onnx_window import pool_window
from intaglio.spec.graph import Attributes, Op

Handler = Callable[[Builder, OnnxNode], Value]
# The factors that ONNX gives to functions whose node does not.
ALPHAS = {"leaky_relu": 0.01, "elu": 1.0, "hard_sigmoid": 0.2}


def conv(builder: Builder, node: OnnxNode) -> Value:
    """Read Conv."""
    x = builder.real(node.inputs[0], "input 0")
    return convolution(
        builder, node, x, builder.constant(node.inputs[1], "weights"), optional(builder, node, 2)
    )


def optional(builder: Builder, node: OnnxNode, place: int) -> Constant | None:
    """Return a constant operand that may be left out."""
    if len(node.inputs) <= place or not node.inputs[place]:
        return None
    return builder.constant(node.inputs[place], f"input {place}")


def gemm(builder: Builder, node: OnnxNode) -> Value:
    """Read Gemm."""
    if node.integer("transA") or node.real("alpha", 1.0) != 1.0 or node.real("beta", 1.0) != 1.0:
        raise RefusedError("a factor or a transposed input")
    x = builder.real(node.inputs[0], "input 0")
    weights = builder.constant(node.inputs[1], "weights")
    first = bool(node.integer("transB"))
    return dense(builder, node, x, weights, optional(builder, node, 2), out_first=first)


def matmul(builder: Builder, node: OnnxNode) -> Value:
    """Read MatMul, by constant weights or of two activations."""
    x = builder.plain(builder.real(node.inputs[0], "input 0"))
    second = builder.value(node.inputs[1])
    if isinstance(second, Constant):
        return dense(builder, node, x, second, None, out_first=False)
    other = builder.plain(builder.real(node.inputs[1], "input 1"))
    a, b = x.shape, other.shape
    if len(a) < 2 or len(a) != len(b) or a[:-2] != b[:-2] or a[-1] != b[-2]:
        raise RefusedError(f"a product of {a} and {b}")
    return Pending(Op.MATMUL, node.name, (x, other), (*a[:-1], b[-1]), False)


def relu(builder: Builder, node: OnnxNode) -> Value:
    """Read Relu."""
    return clipped(builder, node, 0.0, np.inf)


def clip(builder: Builder, node: OnnxNode) -> Value:
    """Read Clip, its bounds attributes or constants."""
    low, high = node.real("min", -np.inf), node.real("max", np.inf)
    for place, default in ((1, low), (2, high)):
        bound = optional(builder, node, place)
        value = default if bound is None else float(bound.values.reshape(-1)[0])
        low, high = (value, high) if place == 1 else (low, value)
    return clipped(builder, node, low, high)


def clipped(builder: Builder, node: OnnxNode, low: float, high: float) -> Value:
    """Return a value between two bounds: fused into the operator that makes it, or a table."""
    if not low <= high:
        raise RefusedError(f"bounds {low} and {high}")
    value = builder.value(node.inputs[0])
    if isinstance(value, Pending):
        least, most = value.clip
        return replace(value, clip=(max(low, least), min(high, most)))
    x = builder.real(node.inputs[0], "input 0")
    attributes = Attributes(function="requantise")
    return Pending(Op.TABLE, node.name, (x,), x.shape, x.image, attributes, clip=(low, high))


def function(name: str) -> Handler:
    """Return the handler of a function of one code."""

    def handler(builder: Builder, node: OnnxNode) -> Value:
        x = builder.real(node.inputs[0], "input 0")
        alpha = node.real("alpha", ALPHAS.get(name, 1.0))
        attributes = Attributes(function=name, beta=alpha)
        return Pending(Op.TABLE, node.name, (x,), x.shape, x.image, attributes)

    return handler


def pair(op: Op) -> Handler:
    """Return the handler of an operator on two activations of one shape."""

    def handler(builder: Builder, node: OnnxNode) -> Value:
        values = [builder.value(name) for name in node.inputs[:2]]
        if op is Op.ADD and isinstance(values[0], Pending) and isinstance(values[1], Constant):
            return _with_bias(builder, node, values[0], values[1])
        if op is Op.MUL and {type(value) for value in values} == {Pending, Constant}:
            first, second = values if isinstance(values[0], Pending) else reversed(values)
            if isinstance(first, Pending) and isinstance(second, Constant):
                return factored(builder, first, second)
        a, b = (builder.real(name, f"input {i}") for i, name in enumerate(node.inputs[:2]))
        if a.image != b.image:
            a, b = builder.plain(a), builder.plain(b)
        if op is Op.MUL:
            pixel = narrowed(builder, a)
            a, b = (pixel, b) if pixel else (a, narrowed(builder, b) or b)
        if op is Op.MUL and a.shape != b.shape:
            return _by_channels(builder, node, a, b)
        if a.shape != b.shape:
            raise RefusedError(f"shapes {a.shape} and {b.shape}, which are not equal")
        return Pending(op, node.name, (a, b), a.shape, a.image)

    return handler


def _by_channels(builder: Builder, node: OnnxNode, a: Coded, b: Coded) -> Value:
    """Return the product of an image and a factor for each of its channels."""
    a, b = (builder.as_image(value) for value in (a, b))
    x, factors = (a, b) if math.prod(a.shape) >= math.prod(b.shape) else (b, a)
    if factors.shape != (*x.shape[:2], *(1 for _ in x.shape[2:])):
        raise RefusedError(f"shapes {a.shape} and {b.shape}, not equal and not one by channels")
    return Pending(Op.MUL, node.name, (a, b), x.shape, True)


def _with_bias(builder: Builder, node: OnnxNode, value: Pending, bias: Constant) -> Value:
    """Return a product with the constant that is added to it as its bias."""
    bounds = value.clip != (-np.inf, np.inf)
    if value.weights < 0 or value.bias >= 0 or bounds:
        raise RefusedError("a constant is added to a value that was not quantised")
    out = value.shape[1] if value.image else value.shape[-1]
    quant = builder.tensors[value.weights].quant
    if quant is None:
        raise RefusedError("weights without a scale")
    return replace(value, bias=bias_of(builder, node, bias, value.inputs[0], quant, out))


def softmax(builder: Builder, node: OnnxNode) -> Value:
    """Read Softmax over the last axis, or over channels."""
    x = builder.real(node.inputs[0], "input 0")
    axis = node.integer("axis", -1) % len(x.shape)
    if node.integer("flattens") and math.prod(x.shape[axis + 1 :]) != 1:
        raise RefusedError(f"a sum over all of {x.shape[axis:]}, not over one axis")
    if x.image and axis != 1:
        x = builder.plain(x)
    if not x.image and axis != len(x.shape) - 1:
        raise RefusedError(f"axis {axis} of {len(x.shape)}, not the last")
    return Pending(Op.SOFTMAX, node.name, (x,), x.shape, x.image)


def average(builder: Builder, node: OnnxNode) -> Value:
    """Read AveragePool."""
    x = builder.as_image(builder.real(node.inputs[0], "input 0"))
    attributes, shape = pool_window(node, x)
    if node.integer("count_include_pad") and any(attributes.padding):
        attributes = replace(attributes, function="count_pads")
    return Pending(Op.AVERAGE_POOL, node.name, (x,), shape, True, attributes)


def global_average(builder: Builder, node: OnnxNode) -> Value:
    """Read GlobalAveragePool."""
    x = builder.as_image(builder.real(node.inputs[0], "input 0"))
    shape = (*x.shape[:2], *(1 for _ in x.shape[2:]))
    return Pending(Op.MEAN, node.name, (x,), shape, True, Attributes(axes=(1, 2)))
