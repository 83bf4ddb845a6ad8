"""Operators with constant weights: their weights output channels first, their bias, their sums."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from intaglio.compiler.load_onnx_node import OnnxNode
from intaglio.compiler.load_onnx_read import OnnxModel
from intaglio.quantise.forward_window import columns
from intaglio.quantise.network import readers

Array = npt.NDArray[Any]


@dataclass(frozen=True, eq=False)
class WeightedLayer:
    """One operator.

    Parameters
    ----------
    node : OnnxNode
    weights : float array
        Output channels first.
    bias : float array or None
    bias_apart : bool
        It is added by an operator of its own.
    """

    node: OnnxNode
    weights: Array
    bias: Array | None
    bias_apart: bool = False

    @property
    def groups(self) -> int:
        """Groups of channels."""
        return self.node.integer("group", 1) if "Conv" in self.node.op else 1

    @property
    def per_channel(self) -> bool:
        """Whether the file can hold a scale for each output channel."""
        return self.node.op != "ConvTranspose" or self.groups == 1

    @property
    def axis(self) -> int:
        """Dimension of the output channels in the file."""
        turned = self.node.op in {"ConvTranspose", "MatMul"}
        return 1 if turned or (self.node.op == "Gemm" and not self.node.integer("transB")) else 0

    def restored(self, codes: Array) -> Array:
        """Return weights as the file has them."""
        if self.node.op == "ConvTranspose":
            groups = self.groups
            parts = codes.reshape(groups, -1, *codes.shape[1:]).swapaxes(1, 2)
            return np.ascontiguousarray(parts).reshape(-1, parts.shape[2], *codes.shape[2:])
        return codes.T if self.axis else codes

    def gram(self, operands: Sequence[Array]) -> Array | None:
        """Return sums of products of the operands of one sample: groups, terms, terms."""
        x = operands[0]
        if self.node.op == "Conv":
            taps, _ = columns(self.node, x, self.weights.shape)
            return np.asarray(np.matmul(taps, taps.swapaxes(2, 3)).sum(axis=0, dtype=np.float64))
        if self.node.op in {"Gemm", "MatMul"}:
            rows = x.reshape(-1, x.shape[-1])
            return np.asarray(rows.T @ rows, np.float64)[None]
        return None


def weighted_layers(model: OnnxModel) -> dict[str, WeightedLayer]:
    """Return the operators with constant weights, by their first output."""
    read, found = readers(model), {}
    for node in model.nodes:
        if node.op not in {"Conv", "ConvTranspose", "Gemm", "MatMul"}:
            continue
        if node.inputs[1] not in model.constants or node.inputs[0] in model.constants:
            continue
        weights = model.constants[node.inputs[1]]
        bias, apart = None, False
        if len(node.inputs) > 2 and node.inputs[2]:
            bias = model.constants.get(node.inputs[2])
        after = read.get(node.outputs[0], [])
        if node.op == "MatMul" and len(after) == 1 and after[0].op == "Add":
            added = [model.constants[n] for n in after[0].inputs if n in model.constants]
            bias, apart = (added[0], True) if added else (None, False)
        found[node.outputs[0]] = WeightedLayer(node, _out_first(node, weights), bias, apart)
    return found


def _out_first(node: OnnxNode, weights: Array) -> Array:
    if node.op == "ConvTranspose":
        groups = node.integer("group", 1)
        parts = weights.reshape(groups, -1, *weights.shape[1:]).swapaxes(1, 2)
        return np.ascontiguousarray(parts).reshape(-1, parts.shape[2], *weights.shape[2:])
    turned = node.op == "MatMul" or (node.op == "Gemm" and not node.integer("transB"))
    return np.ascontiguousarray(weights.T) if turned else weights
