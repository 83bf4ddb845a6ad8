"""Sums of codes that leave an operator of ONNX as integers, and the factors that scale them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from intaglio.compiler.load_onnx_build import FLOATS, Builder
from intaglio.compiler.load_onnx_codes import constant_quant
from intaglio.compiler.load_onnx_node import OnnxNode
from intaglio.compiler.load_onnx_values import Coded, Constant, Pending, RefusedError, Value
from intaglio.compiler.load_onnx_weights import convolution, dense

ONE = np.ones((), np.float32)


def integer_sum(builder: Builder, node: OnnxNode) -> Value:
    """Read ConvInteger or MatMulInteger: sums that a Cast, factors and a quantiser have to follow.

    The weights get the reciprocal of the input's scale, so that a sum means itself.
    """
    points = [_point(builder, node, place) for place in (2, 3)]
    zero = Constant(np.zeros((), np.uint8)) if points[0] is None else points[0]
    x = builder.codes(node.inputs[0], _scale(builder, node.inputs[0]), zero, "input 0")
    known = builder.tensors[x.number]
    if known.quant is None or known.quant.zero_point + known.offset != int(
        zero.values.reshape(-1)[0]
    ):
        raise RefusedError("a zero point that is not that of the codes")
    weights = builder.constant(node.inputs[1], "weights").values
    convolves = node.op == "ConvInteger"
    point = None if points[1] is None else points[1].values
    unit = np.float32(1) / np.float32(known.quant.scale)
    quant = constant_quant(weights, np.asarray(unit), point, 0 if convolves else 1)
    constant = Constant(weights.astype(np.float32), weights, quant)
    real = replace(x, real=True)
    if convolves:
        return convolution(builder, node, real, constant, None)
    return dense(builder, node, real, constant, None, out_first=False)


def _scale(builder: Builder, name: str) -> Constant:
    """Return the scale that an input of the network has already, else 1."""
    number = builder.inputs.get(name, -1)
    quant = builder.tensors[number].quant if number >= 0 else None
    return Constant(ONE if quant is None else np.asarray(quant.scales))


def _point(builder: Builder, node: OnnxNode, place: int) -> Constant | None:
    if len(node.inputs) <= place or not node.inputs[place]:
        return None
    return builder.constant(node.inputs[place], "zero point")


def cast(builder: Builder, node: OnnxNode) -> Value:
    """Read Cast to real numbers: of sums, or of what is real already."""
    from onnx import helper

    value = builder.value(node.inputs[0])
    kind = str(np.dtype(helper.tensor_dtype_to_np_dtype(node.integer("to"))))
    real = isinstance(value, Pending) or (isinstance(value, Coded) and value.real)
    if kind not in FLOATS or not real:
        raise RefusedError(f"a conversion to {kind} of what is no real number")
    return value


def factored(builder: Builder, value: Pending, factor: Constant) -> Pending:
    """Return a product with a constant factor, or one of each output channel, in its weights.

    Raises
    ------
    RefusedError
        The value is no sum, has a bias or bounds already, or a factor is not positive.
    """
    if value.weights < 0 or value.bias >= 0 or value.clip != (-np.inf, np.inf):
        raise RefusedError("a constant factor of a value that was not quantised")
    tensor = builder.tensors[value.weights]
    factors = np.asarray(factor.values, np.float32).reshape(-1)
    out = value.shape[1] if value.image else value.shape[-1]
    if tensor.quant is None or factors.size not in {1, out}:
        raise RefusedError(f"{factors.size} factors for {out} channels")
    if not (np.isfinite(factors) & (factors > 0)).all():
        raise RefusedError("a factor that is no positive number")
    scales = (tensor.quant.scales * factors).astype(np.float32)
    axis = tensor.quant.axis
    if scales.size > 1 and axis is None:
        axis = (
            len(tensor.shape) - 1 if tensor.shape[0] == 1 and value.op.value == "depthwise" else 0
        )
    points = np.broadcast_to(tensor.quant.zero_points, scales.shape).copy()
    quant = replace(tensor.quant, scales=scales, zero_points=points, axis=axis)
    number = builder.add(
        f"{tensor.name}*", tensor.shape, tensor.dtype, quant, tensor.data, tensor.offset
    )
    return replace(value, weights=number)
