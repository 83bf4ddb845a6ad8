"""Types, scales and shapes of ONNX as those of the graph."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from intaglio.compiler.load_onnx_values import RefusedError, Shape
from intaglio.spec.formats import INT8, INT16
from intaglio.spec.graph import Quantisation

Array = npt.NDArray[Any]

# Type of codes in the file -> type in the graph, offset, least and greatest code of the graph.
CODE_TYPES = {
    "int8": ("int8", 0, INT8.min, INT8.max),
    "uint8": ("int8", 128, INT8.min, INT8.max),
    "int16": ("int16", 0, INT16.min, INT16.max),
    "uint16": ("int16", 1 << 15, INT16.min, INT16.max),
}


def stored(shape: Shape, *, image: bool) -> Shape:
    """Return the shape of a tensor of the graph for a shape of ONNX."""
    if not image:
        return shape
    if len(shape) == 3:
        return shape[0], 1, shape[2], shape[1]
    return shape[0], *shape[2:], shape[1]


def code_type(dtype: str) -> tuple[str, int, int, int]:
    """Return the graph's type, offset, least and greatest code for a type of codes.

    Raises
    ------
    RefusedError
        Codes of this type are not taken.
    """
    if dtype not in CODE_TYPES:
        raise RefusedError(f"codes of type {dtype}, not {', '.join(CODE_TYPES)}")
    return CODE_TYPES[dtype]


def per_tensor(scales: Array, points: Array) -> Quantisation:
    """Return the quantisation of an activation.

    Raises
    ------
    RefusedError
        Several scales, or one that is no positive number.
    """
    if scales.size != 1 or points.size != 1:
        raise RefusedError(f"activations with {scales.size} scales, not one")
    scale = np.float32(scales.reshape(-1)[0])
    if not (np.isfinite(scale) and scale > 0):
        raise RefusedError(f"scale {scale}, not a positive number")
    if not np.isfinite(points).all():
        raise RefusedError(f"zero point {points.reshape(-1)[0]}, not a whole number")
    return Quantisation(
        np.array([scale], np.float32), np.array([int(points.reshape(-1)[0])], np.int64)
    )


def graph_quant(quant: Quantisation, dtype: str) -> Quantisation:
    """Return a quantisation of the file's codes for those of the graph."""
    return replace(quant, zero_points=quant.zero_points - code_type(dtype)[1])


def same_quant(a: Quantisation, b: Quantisation) -> bool:
    """Tell whether two per-tensor quantisations are one."""
    return (a.scale, a.zero_point) == (b.scale, b.zero_point)


def clamp_codes(
    clip: tuple[float, float], quant: Quantisation, kind: str
) -> tuple[int, int] | None:
    """Return the codes of real bounds, rounded as a quantiser rounds them: half to even."""
    if clip == (-np.inf, np.inf):
        return None
    form = INT8 if kind == "int8" else INT16
    low, high = (
        form.min if bound == -np.inf else form.max if bound == np.inf
        else int(np.rint(np.float32(bound) / np.float32(quant.scale))) + quant.zero_point
        for bound in clip
    )  # fmt: skip
    return min(max(low, form.min), form.max), max(min(high, form.max), form.min)


def constant_quant(
    codes: Array, scales: Array, points: Array | None, axis: int, block: int = 0
) -> Quantisation:
    """Return the quantisation of constant codes.

    Raises
    ------
    RefusedError
        Scales of blocks, or as many as no dimension has places.
    """
    if block:
        raise RefusedError(f"scales of blocks of {block} terms, whose sums leave the array apart")
    flat = np.asarray(scales, np.float32).reshape(-1)
    zero = np.zeros(flat.size, np.int64) if points is None else points.astype(np.int64).reshape(-1)
    if flat.size == 1 and zero.size > 1:
        flat = np.repeat(flat, zero.size)
    if zero.size != flat.size:
        raise RefusedError(f"{flat.size} scales but {zero.size} zero points")
    if flat.size == 1:
        return Quantisation(flat, zero)
    place = axis % max(codes.ndim, 1)
    if codes.ndim == 0 or codes.shape[place] != flat.size:
        raise RefusedError(f"{flat.size} scales along dimension {axis} of {codes.shape}")
    return Quantisation(flat, zero, place)


def real_values(codes: Array, quant: Quantisation) -> Array:
    """Return the real values of constant codes, as float32."""
    shape = [1] * codes.ndim
    if quant.axis is not None:
        shape[quant.axis] = -1
    points, scales = quant.zero_points.reshape(shape), quant.scales.reshape(shape)
    if codes.ndim == 0:
        points, scales = points.reshape(()), scales.reshape(())
    return np.asarray((codes.astype(np.int64) - points).astype(np.float32) * scales, np.float32)
