"""Operators of ONNX that make images larger and only move or repeat codes."""

from __future__ import annotations

import numpy as np

from intaglio.compiler.load_onnx_build import Builder
from intaglio.compiler.load_onnx_move import codes_of
from intaglio.compiler.load_onnx_node import OnnxNode
from intaglio.compiler.load_onnx_ops import optional
from intaglio.compiler.load_onnx_values import Constant, RefusedError, Value
from intaglio.spec.graph import Attributes, Op

# With these, whole factors and the nearest pixel repeat each pixel.
HALF_PIXEL = ("half_pixel", "pytorch_half_pixel", "half_pixel_symmetric")


def depth_to_space(builder: Builder, node: OnnxNode) -> Value:
    """Read DepthToSpace (pixel shuffle)."""
    value = builder.as_image(codes_of(builder, node))
    size = node.integer("blocksize", 1)
    mode = node.text("mode", "DCR")
    if len(value.shape) != 4 or size < 1 or value.shape[1] % (size * size):
        raise RefusedError(f"blocks of {size} of {value.shape}")
    shape = (1, value.shape[1] // size**2, value.shape[2] * size, value.shape[3] * size)
    attributes = Attributes(kernel=(size, size), function=mode.lower())
    return builder.moved(
        Op.DEPTH_TO_SPACE, value, shape, image=True, attributes=attributes, name=node.name
    )


def resize(builder: Builder, node: OnnxNode) -> Value:
    """Read Resize and Upsample to nearest neighbours by whole factors."""
    value = builder.as_image(codes_of(builder, node))
    if node.text("mode", "nearest") != "nearest":
        raise RefusedError(f"mode {node.text('mode')}, not nearest")
    sizes: Constant | None = optional(builder, node, 3)
    place = 1 if node.op == "Upsample" or len(node.inputs) == 2 else 2
    scales: Constant | None = optional(builder, node, place) if sizes is None else None
    if sizes is not None:
        factors = sizes.values.astype(np.float64) / np.array(value.shape)
    elif scales is not None:
        factors = scales.values.astype(np.float64)
    else:
        factors = np.array(node.attributes.get("scales", ()), np.float64)
    whole = factors.shape == (len(value.shape),) and bool((factors == np.rint(factors)).all())
    if not whole or factors[:2].tolist() != [1.0, 1.0] or factors.min() < 1:
        raise RefusedError(f"factors {factors.tolist()}, not whole numbers of height and width")
    shape = tuple(int(n * f) for n, f in zip(value.shape, factors, strict=True))
    coordinates = node.text(
        "coordinate_transformation_mode", "half_pixel" if node.op == "Resize" else "asymmetric"
    )
    rounding = node.text("nearest_mode", "round_prefer_floor" if node.op == "Resize" else "floor")
    floors = coordinates == "asymmetric" and (rounding == "floor" or factors.max() <= 2)
    if not floors and not (coordinates in HALF_PIXEL and rounding.startswith("round")):
        raise RefusedError(f"coordinates {coordinates} with rounding {rounding}")
    attributes = Attributes(function="nearest")
    return builder.moved(Op.RESIZE, value, shape, image=True, attributes=attributes, name=node.name)
