"""Quantisers of ONNX (QDQ) and QONNX."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from intaglio.compiler.load_onnx_blocks import in_blocks
from intaglio.compiler.load_onnx_build import Builder
from intaglio.compiler.load_onnx_codes import constant_quant, per_tensor, real_values
from intaglio.compiler.load_onnx_node import OnnxNode
from intaglio.compiler.load_onnx_ops import optional
from intaglio.compiler.load_onnx_values import (
    Coded,
    Constant,
    Flat,
    GraphInput,
    Pending,
    RefusedError,
    Value,
)
from intaglio.spec.graph import Attributes, Op, Quantisation

# ONNX's number of a type of codes -> numpy's name; 4-bit codes are kept in 8 bits.
OUTPUT_TYPES = {2: "uint8", 3: "int8", 4: "uint16", 5: "int16"}


def quantize(builder: Builder, node: OnnxNode) -> Value:
    """Read QuantizeLinear."""
    scale = builder.constant(node.inputs[1], "scale").values
    point = optional(builder, node, 2)
    dtype = OUTPUT_TYPES.get(node.integer("output_dtype"), "uint8")
    points = point.values if point is not None else np.zeros(scale.size, dtype)
    value = builder.value(node.inputs[0])
    if isinstance(value, Constant):
        return _constant_codes(value, scale, points, node)
    quant = per_tensor(scale, points)
    return builder.quantised(value, quant, str(points.dtype), node.outputs[0])


def _constant_codes(
    value: Constant, scale: np.ndarray, points: np.ndarray, node: OnnxNode
) -> Constant:
    quant = constant_quant(
        value.values, scale, points, node.integer("axis", 1), node.integer("block_size")
    )
    shape = [1] * value.values.ndim
    if quant.axis is not None:
        shape[quant.axis] = -1
    steps = value.values.astype(np.float32) / quant.scales.reshape(shape)
    limits = np.iinfo(points.dtype)
    codes = np.clip(np.rint(steps) + quant.zero_points.reshape(shape), limits.min, limits.max)
    return Constant(codes.astype(points.dtype), codes.astype(points.dtype), quant)


def dequantize(builder: Builder, node: OnnxNode) -> Value:
    """Read DequantizeLinear."""
    scale = builder.constant(node.inputs[1], "scale")
    point = optional(builder, node, 2)
    value = builder.value(node.inputs[0])
    if isinstance(value, Constant):
        points = None if point is None else point.values
        if node.integer("block_size"):
            return in_blocks(value, scale, points, node)
        quant = constant_quant(value.values, scale.values, points, node.integer("axis", 1))
        return Constant(real_values(value.values, quant), value.values, quant)
    found = builder.codes(node.inputs[0], scale, point, "input 0")
    return replace(found, real=True)


def quant(builder: Builder, node: OnnxNode) -> Value:
    """Read QONNX's Quant: quantised and dequantised in one."""
    scale, point, bits = (
        builder.constant(node.inputs[i], name).values
        for i, name in ((1, "scale"), (2, "zero point"), (3, "bit width"))
    )
    width = float(bits.reshape(-1)[0])
    signed, narrow = bool(node.integer("signed", 1)), bool(node.integer("narrow"))
    if width != int(width) or not 1 < width <= 8:
        raise RefusedError(f"{width:g} bits, not a whole number from 2 to 8")
    if node.text("rounding_mode", "ROUND") not in {"ROUND", ""}:
        raise RefusedError(f"rounding {node.text('rounding_mode')}, not ROUND (half to even)")
    if (point != np.rint(point)).any():
        raise RefusedError(f"zero point {point}, not a whole number")
    least = -(1 << (int(width) - 1)) + narrow if signed else 0
    most = (1 << (int(width) - 1)) - 1 if signed else (1 << int(width)) - 1 - narrow
    value = builder.value(node.inputs[0])
    dtype = "int8" if signed else "uint8"
    if isinstance(value, Constant):
        return _constant_quant(value, scale, point, (least, most), dtype)
    quantisation = per_tensor(scale, point)
    bounds = tuple((code - quantisation.zero_point) * quantisation.scale for code in (least, most))
    full = (least, most) in {(-128, 127), (0, 255)}
    if not full:
        value = _bounded(builder, value, (bounds[0], bounds[1]), node)
    found = builder.quantised(value, quantisation, dtype, node.outputs[0])
    return replace(found, real=True)


def _bounded(builder: Builder, value: Value, bounds: tuple[float, float], node: OnnxNode) -> Value:
    """Return a value within the range of fewer than eight bits."""
    if isinstance(value, Pending):
        clip = max(bounds[0], value.clip[0]), min(bounds[1], value.clip[1])
        return replace(value, clip=clip)
    if isinstance(value, GraphInput):
        return value  # real inputs are saturated by whoever quantises them
    if isinstance(value, Flat):
        value = builder.flat(value)
    if isinstance(value, Coded):
        attributes = Attributes(function="requantise")
        return Pending(
            Op.TABLE, node.name, (value,), value.shape, value.image, attributes, clip=bounds
        )
    return value


def _constant_quant(
    value: Constant, scale: np.ndarray, point: np.ndarray, limits: tuple[int, int], dtype: str
) -> Constant:
    """Return quantised weights; scales may be of one channel each, as their shape says."""
    wide = np.broadcast_to(scale.astype(np.float32), scale.shape)
    axes = [i for i, n in enumerate(scale.shape) if n > 1]
    axis = axes[0] + value.values.ndim - scale.ndim if axes else 0
    if len(axes) > 1:
        raise RefusedError(f"scales of shape {scale.shape}, along several dimensions")
    steps = value.values.astype(np.float32) / wide
    codes = np.clip(np.rint(steps + point), *limits).astype(dtype)
    points = np.broadcast_to(point, scale.shape)
    found = constant_quant(codes, scale, points, axis)
    return Constant(real_values(codes, found), codes, found)


def bipolar(builder: Builder, node: OnnxNode) -> Value:
    """Read QONNX's BipolarQuant: +scale for 0 and above, else -scale."""
    scale = builder.constant(node.inputs[1], "scale").values.astype(np.float32)
    value = builder.value(node.inputs[0])
    if isinstance(value, Constant):
        codes = np.where(value.values >= 0, 1, -1).astype(np.int8)
        found = constant_quant(codes, scale, None, 0)
        return Constant(real_values(codes, found), codes, found)
    x = builder.real(node.inputs[0], "input 0")
    pending = Pending(Op.TABLE, node.name, (x,), x.shape, x.image, Attributes(function="sign"))
    made = builder.quantised(
        replace(pending, attributes=Attributes(function="sign", beta=float(scale.reshape(-1)[0]))),
        Quantisation(scale.reshape(-1)[:1], np.zeros(1, np.int64)),
        "int8",
        node.outputs[0],
    )
    return replace(made, real=True)
