"""Operators of ONNX on codes (QOperator): the operator on real values, quantised at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from intaglio.compiler import load_onnx_move as move
from intaglio.compiler import load_onnx_ops as ops
from intaglio.compiler.load_onnx_build import Builder
from intaglio.compiler.load_onnx_codes import constant_quant, per_tensor, real_values
from intaglio.compiler.load_onnx_node import OnnxNode
from intaglio.compiler.load_onnx_values import Constant, RefusedError, Value
from intaglio.spec.graph import Op

INNER = "\0operand "  # names that no file can hold twice: they live within one operator


def _scale(builder: Builder, node: OnnxNode, place: int) -> tuple[Constant, Constant | None]:
    """Return the scale at `place` and the zero point behind it."""
    if place >= len(node.inputs):
        raise RefusedError(f"no scale as input {place}")
    scale = builder.constant(node.inputs[place], f"input {place}")
    behind = node.inputs[place + 1] if place + 1 < len(node.inputs) else ""
    return scale, builder.constant(behind, f"input {place + 1}") if behind else None


def _as_real(builder: Builder, node: OnnxNode, place: int, axis: int = 0) -> Value:
    """Return the real values of codes at `place`, whose scale and zero point follow them."""
    scale, point = _scale(builder, node, place + 1)
    value = builder.value(node.inputs[place])
    if isinstance(value, Constant):
        points = None if point is None else point.values
        quant = constant_quant(value.values, scale.values, points, axis)
        return Constant(real_values(value.values, quant), value.values, quant)
    return replace(builder.codes(node.inputs[place], scale, point, f"input {place}"), real=True)


def _run(
    builder: Builder,
    node: OnnxNode,
    handler: Callable[[Builder, OnnxNode], Value],
    operands: Sequence[Value],
    out: int,
) -> Value:
    """Run the handler of an operator on real values, and quantise what it gives."""
    names = [f"{INNER}{i}" for i in range(len(operands))]
    builder.values.update(zip(names, operands, strict=True))
    pending = handler(builder, replace(node, inputs=tuple(names)))
    scale, point = _scale(builder, node, out)
    points = point.values if point is not None else np.zeros(1, np.uint8)
    quant = per_tensor(scale.values, points)
    return builder.quantised(pending, quant, str(points.dtype), node.outputs[0])


def qlinear_conv(builder: Builder, node: OnnxNode) -> Value:
    """Read QLinearConv."""
    operands = [_as_real(builder, node, 0), _as_real(builder, node, 3)]
    if len(node.inputs) > 8 and node.inputs[8]:
        bias = builder.constant(node.inputs[8], "bias")
        operands.append(Constant(bias.values, bias.values))
    return _run(builder, node, ops.conv, operands, 6)


def qlinear_matmul(builder: Builder, node: OnnxNode) -> Value:
    """Read QLinearMatMul."""
    operands = [_as_real(builder, node, 0), _as_real(builder, node, 3, axis=-1)]
    return _run(builder, node, ops.matmul, operands, 6)


def qgemm(builder: Builder, node: OnnxNode) -> Value:
    """Read com.microsoft's QGemm."""
    axis = 0 if node.integer("transB") else 1
    operands = [_as_real(builder, node, 0), _as_real(builder, node, 3, axis=axis)]
    if node.inputs[6]:
        bias = builder.constant(node.inputs[6], "bias")
        operands.append(Constant(bias.values, bias.values))
    if len(node.inputs) < 8 or not node.inputs[7]:
        raise RefusedError("a real output, not codes")
    return _run(builder, node, ops.gemm, operands, 7)


def qlinear_pair(op: Op) -> Callable[[Builder, OnnxNode], Value]:
    """Return the handler of com.microsoft's QLinearAdd or QLinearMul."""

    def handler(builder: Builder, node: OnnxNode) -> Value:
        operands = [_as_real(builder, node, 0), _as_real(builder, node, 3)]
        return _run(builder, node, ops.pair(op), operands, 6)

    return handler


def qlinear_unary(
    inner: Callable[[Builder, OnnxNode], Value],
) -> Callable[[Builder, OnnxNode], Value]:
    """Return the handler of an operator X, scale, point, scale, point."""

    def handler(builder: Builder, node: OnnxNode) -> Value:
        if node.integer("channels_last"):
            raise RefusedError("channels_last")
        return _run(builder, node, inner, [_as_real(builder, node, 0)], 3)

    return handler


def qlinear_concat(builder: Builder, node: OnnxNode) -> Value:
    """Read com.microsoft's QLinearConcat: output scale first, then each part with its own."""
    places = range(2, len(node.inputs), 3)
    operands = [_as_real(builder, node, place) for place in places]
    return _run(builder, node, move.concat, operands, 0)
