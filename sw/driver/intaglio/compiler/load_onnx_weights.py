"""Operators of ONNX with constant weights."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from intaglio.compiler.load_codes import centred_weights
from intaglio.compiler.load_onnx_blocks import integer_scales
from intaglio.compiler.load_onnx_build import Builder
from intaglio.compiler.load_onnx_node import OnnxNode
from intaglio.compiler.load_onnx_values import Coded, Constant, Pending, RefusedError, Shape
from intaglio.compiler.load_onnx_window import window_of, windowed
from intaglio.spec.graph import Attributes, Op, Quantisation, Tensor

Array = npt.NDArray[Any]


def weight_tensor(builder: Builder, name: str, codes: Array, quant: Quantisation, axis: int) -> int:
    """Return the number of a weight tensor; `axis` counts output channels."""
    if codes.dtype.name not in {"int8", "uint8", "int16"}:
        raise RefusedError(f"weights of type {codes.dtype}")
    if not (np.isfinite(quant.scales) & (quant.scales > 0)).all():
        raise RefusedError("weights with a scale that is no positive number")
    along = axis if quant.scales.size > 1 else None
    raw = Tensor(0, name, codes.shape, codes.dtype.name, replace(quant, axis=along), codes)
    tensor = centred_weights(raw, axis)
    return builder.add(name, tensor.shape, tensor.dtype, tensor.quant, tensor.data, tensor.offset)


def bias_tensor(
    builder: Builder, name: str, bias: Constant, x: Quantisation, weights: Quantisation, count: int
) -> int:
    """Return the number of an int32 bias of scale sx * sw; real values are rounded to it."""
    scales = np.asarray(np.float32(x.scale) * weights.scales, np.float32)
    if bias.codes is not None and bias.codes.dtype == np.int32:
        codes = bias.codes.astype(np.int64)
    else:
        steps = bias.values.reshape(-1).astype(np.float64) / scales
        if not (np.isfinite(steps).all() and np.abs(steps).max(initial=0) < 2.0**62):
            raise RefusedError("a bias that is no number at the scale of its sums")
        codes = np.rint(steps).astype(np.int64)
    codes = np.broadcast_to(codes.reshape(-1), (count,))
    if np.abs(codes).max(initial=0) >= 1 << 31:
        raise RefusedError("a bias beyond 32 bits at the scale of its sums")
    quant = Quantisation(scales, np.zeros(scales.size, np.int64), 0 if scales.size > 1 else None)
    return builder.add(name, (count,), "int32", quant, codes.astype(np.int32))


def coded_weights(constant: Constant, what: str) -> tuple[Array, Quantisation]:
    """Return codes and quantisation of constant weights."""
    if constant.codes is None or constant.quant is None:
        raise RefusedError(f"{what} of real numbers, not dequantised from codes")
    return constant.codes, constant.quant


def blocked(
    builder: Builder, node: OnnxNode, weights: Constant, order: tuple[int, ...], shape: Shape
) -> tuple[Constant, tuple[int, ...]]:
    """Return weights whose blocks have integer scales, and the number of these where there are any.

    Parameters
    ----------
    order : tuple of int
        Axes of the file in the order of the graph, channels last.
    shape : tuple of int
        Of the graph's weights.
    """
    if weights.blocks is None or weights.codes is None:
        return weights, ()
    codes = np.transpose(weights.codes, order)
    if weights.blocks.axis != order[-1]:
        raise RefusedError(f"blocks along dimension {weights.blocks.axis}, not {order[-1]}")
    scales, counts = integer_scales(codes, np.transpose(weights.blocks.scales, order))
    quant = Quantisation(scales, np.zeros(scales.size, np.int64), order[0])
    at = builder.add(
        f"{node.name}/scales",
        (*shape[:-1], counts.shape[-1]),
        "int32",
        None,
        counts.reshape(*shape[:-1], -1).astype(np.int32),
    )
    return replace(weights, quant=quant), (at,)


def convolution(
    builder: Builder, node: OnnxNode, x: Coded, weights: Constant, bias: Constant | None
) -> Pending:
    """Return a pending CONV or DEPTHWISE."""
    x = builder.as_image(x)
    scales: tuple[int, ...] = ()
    if weights.blocks is not None and weights.codes is not None and weights.codes.ndim == 4:
        o, i, *sides = weights.codes.shape
        weights, scales = blocked(builder, node, weights, (0, 2, 3, 1), (o, *sides, i))
    codes, quant = coded_weights(weights, "weights")
    if codes.ndim != len(x.shape) or codes.ndim not in {3, 4}:
        raise RefusedError(f"weights of shape {codes.shape} on {x.shape}")
    if codes.ndim == 3:
        codes = codes[:, :, None, :]
    out, inner, *kernel = codes.shape
    groups, channels = node.integer("group", 1), x.shape[1]
    if groups < 1 or inner * groups != channels or out % groups:
        raise RefusedError(f"{groups} groups of {inner} channels on {channels}")
    if quant.axis not in {None, 0} and quant.scales.size > 1:
        raise RefusedError(f"weights with scales along dimension {quant.axis}, not 0")
    if quant.scales.size not in {1, out}:
        raise RefusedError(f"{quant.scales.size} scales for {out} channels")
    attributes = window_of(node, x.shape[2:], tuple(kernel)[2 - len(x.shape[2:]) :])
    shape = windowed(x, attributes, out)
    depthwise = inner == 1 and groups == channels and groups > 1
    name = f"{node.name}/weights"
    if depthwise:
        op, order, axis = Op.DEPTHWISE, (1, 2, 3, 0), 3
        attributes = replace(attributes, depth_multiplier=out // channels)
    else:
        op, order, axis = Op.CONV, (0, 2, 3, 1), 0
    number = weight_tensor(builder, name, np.transpose(codes, order), quant, axis)
    at = bias_of(builder, node, bias, x, quant, out)
    if scales and op is not Op.CONV:
        raise RefusedError("scales of blocks of a depthwise kernel")
    attributes = replace(attributes, group_scale="integer" if scales else "none")
    return Pending(op, node.name, (x,), shape, True, attributes, number, at, scales)


def bias_of(
    builder: Builder, node: OnnxNode, bias: Constant | None, x: Coded, quant: Quantisation, out: int
) -> int:
    """Return the number of the bias of `out` channels, -1 for none."""
    if bias is None:
        return -1
    if bias.values.size not in {1, out}:
        raise RefusedError(f"a bias of shape {bias.values.shape} for {out} channels")
    known = builder.tensors[x.number].quant
    if known is None:
        raise RefusedError("an input without a scale")
    return bias_tensor(builder, f"{node.name}/bias", bias, known, quant, out)


def dense(
    builder: Builder,
    node: OnnxNode,
    x: Coded,
    weights: Constant,
    bias: Constant | None,
    *,
    out_first: bool,
) -> Pending:
    """Return a pending DENSE, or a 1x1 CONV where there are several rows."""
    scales: tuple[int, ...] = ()
    if weights.blocks is not None and weights.codes is not None and weights.codes.ndim == 2:
        order = (0, 1) if out_first else (1, 0)
        o, terms = (weights.codes.shape[axis] for axis in order)
        single = math.prod(x.shape[:-1]) == 1
        form = (o, terms) if single else (o, 1, 1, terms)
        weights, scales = blocked(builder, node, weights, order, form)
    codes, quant = coded_weights(weights, "weights")
    if codes.ndim != 2:
        raise RefusedError(f"weights of shape {codes.shape}, not two dimensions")
    if quant.scales.size > 1 and quant.axis not in {None, 0 if out_first else 1, -1}:
        raise RefusedError(f"weights with scales along dimension {quant.axis}")
    codes = codes if out_first else codes.T
    out, terms = codes.shape
    x = builder.plain(x)
    if x.shape[-1] != terms:
        raise RefusedError(f"weights of {terms} terms on {x.shape}")
    at = bias_of(builder, node, bias, x, quant, out)
    rows = math.prod(x.shape[:-1])
    kind = "integer" if scales else "none"
    shape = (*x.shape[:-1], out)
    name = f"{node.name}/weights"
    if rows == 1:
        number = weight_tensor(builder, name, np.ascontiguousarray(codes), quant, 0)
        plain = Attributes(group_scale=kind)
        return Pending(Op.DENSE, node.name, (x,), shape, False, plain, number, at, scales)
    number = weight_tensor(builder, name, codes.reshape(out, 1, 1, terms), quant, 0)
    row = builder.reshaped(x, (1, 1, rows, terms))
    padding = Attributes(padding=(0, 0, 0, 0), group_scale=kind)
    return Pending(Op.CONV, node.name, (row,), shape, False, padding, number, at, scales)
