"""Dynamically quantised networks as networks of real numbers again, to be quantised statically."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from intaglio.compiler.load_onnx_node import OnnxNode
from intaglio.compiler.load_onnx_read import OnnxModel

Array = npt.NDArray[Any]
INTEGER = {"ConvInteger": "Conv", "MatMulInteger": "MatMul"}


def without_dynamic(model: OnnxModel) -> OnnxModel:
    """Return the network with scales that depend on the input taken out.

    DynamicQuantizeLinear(x) -> x with scale 1 and zero point 0; ConvInteger and MatMulInteger of
    constant weights -> Conv and MatMul by w - zero point. The factors behind them stay as they
    are; the passes put them into the weights. Only the rounding of the inputs is lost, which
    calibrated scales bring back.
    """
    renamed: dict[str, str] = {}
    constants = dict(model.constants)
    nodes: list[OnnxNode] = []
    for node in model.nodes:
        inputs = tuple(renamed.get(name, name) for name in node.inputs)
        if node.op == "DynamicQuantizeLinear" and len(node.outputs) == 3:
            codes, scale, point = node.outputs
            renamed[codes] = inputs[0]
            constants[scale] = np.ones((), np.float32)
            constants[point] = np.zeros((), np.uint8)
        elif node.op in INTEGER and node.inputs[0] in renamed and node.inputs[1] in constants:
            name = f"{node.name}/real_weights"
            point = node.inputs[3] if len(node.inputs) > 3 else ""
            constants[name] = _weights(node, constants[node.inputs[1]], constants.get(point))
            nodes.append(replace(node, op=INTEGER[node.op], inputs=(inputs[0], name)))
        else:
            nodes.append(replace(node, inputs=inputs))
    return replace(model, nodes=tuple(nodes), constants=constants)


def _weights(node: OnnxNode, codes: Array, point: Array | None) -> Array:
    """Return codes less their zero point: one for all, or one of each output channel."""
    if point is None:
        return codes.astype(np.float32)
    shape = [-1, *[1] * (codes.ndim - 1)] if node.op == "ConvInteger" else [1] * (codes.ndim - 1)
    shape = shape if node.op == "ConvInteger" else [*shape, -1]
    along = point.reshape(shape) if point.size > 1 else point.reshape(())
    return np.asarray(codes.astype(np.float32) - along.astype(np.float32))
