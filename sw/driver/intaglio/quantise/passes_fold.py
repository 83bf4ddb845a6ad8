"""Passes that move factors, sums and padding into the weights and windows of other operators."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from intaglio.compiler.load_onnx_node import OnnxNode
from intaglio.compiler.load_onnx_read import OnnxModel
from intaglio.quantise.network import makers, readers

Array = npt.NDArray[Any]
Values = Mapping[str, Array]
Done = tuple[OnnxModel, int]
WEIGHTED = ("Conv", "ConvTranspose", "Gemm")


class _Edit:
    """A network whose operators are replaced one by one."""

    def __init__(self, model: OnnxModel) -> None:
        self.model, self.count = model, 0
        self.constants = dict(model.constants)
        self.nodes: dict[str, OnnxNode | None] = {n.outputs[0]: n for n in model.nodes}
        self.read, self.made = readers(model), makers(model)

    def producer(self, name: str) -> OnnxNode | None:
        """Return the weighted operator whose only reader reads `name`."""
        node = self.nodes.get(name)
        alone = len(self.read.get(name, ())) == 1 and name not in self.model.outputs
        if node is None or not alone or node.op not in WEIGHTED:
            return None
        return node if all(n in self.constants for n in node.inputs[1:] if n) else None

    def scaled(self, node: OnnxNode, factor: Array, addend: Array, output: str) -> OnnxNode:
        """Return a weighted operator whose output is `factor` times what it was, plus `addend`."""
        weights = self.constants[node.inputs[1]].astype(np.float64)
        out = _outputs(node, weights)
        bias = np.zeros(out)
        if len(node.inputs) > 2 and node.inputs[2]:
            bias = np.broadcast_to(self.constants[node.inputs[2]].astype(np.float64), (out,))
        factor, addend = (np.broadcast_to(a.astype(np.float64), (out,)) for a in (factor, addend))
        names = (f"{output}/weights", f"{output}/bias")
        self.constants[names[0]] = np.asarray(_times(node, weights, factor), np.float32)
        self.constants[names[1]] = np.asarray(bias * factor + addend, np.float32)
        return replace(node, inputs=(node.inputs[0], *names), outputs=(output,))

    def fold(self, into: OnnxNode, node: OnnxNode, factor: Array, addend: Array) -> None:
        """Let the weighted operator `into` do what `node` did."""
        made = self.scaled(into, factor, addend, node.outputs[0])
        self.nodes[into.outputs[0]] = None
        self.nodes[node.outputs[0]] = made
        self.count += 1

    def done(self) -> Done:
        """Return the network, and how many operators were replaced."""
        kept = tuple(node for node in self.nodes.values() if node is not None)
        return replace(self.model, nodes=kept, constants=self.constants), self.count


def _outputs(node: OnnxNode, weights: Array) -> int:
    if node.op == "ConvTranspose":
        return int(weights.shape[1]) * node.integer("group", 1)
    return int(weights.shape[0])


def _times(node: OnnxNode, weights: Array, factor: Array) -> Array:
    """Return weights with each output channel times its factor."""
    if node.op != "ConvTranspose":
        return weights * factor.reshape(-1, *(1 for _ in weights.shape[1:]))
    groups = node.integer("group", 1)
    parts = weights.reshape(groups, -1, *weights.shape[1:])
    along = factor.reshape(groups, 1, -1, *(1 for _ in weights.shape[2:]))
    return (parts * along).reshape(weights.shape)


def fold_batch_norms(model: OnnxModel, values: Values) -> Done:
    """Put batch normalisations into the operator before them, or make them 1x1 depthwise ones.

    W' = W * g / sqrt(v + e), b' = beta + (b - m) * g / sqrt(v + e).
    """
    edit = _Edit(model)
    for node in model.nodes:
        fixed = all(name in edit.constants for name in node.inputs[1:])
        if node.op != "BatchNormalization" or not fixed or any(node.outputs[1:]):
            continue
        scale, bias, mean, variance = (
            edit.constants[name].astype(np.float64) for name in node.inputs[1:5]
        )
        factor = scale / np.sqrt(variance + node.real("epsilon", 1e-5))
        addend = bias - mean * factor
        before = edit.producer(node.inputs[0])
        rank = values[node.inputs[0]].ndim
        if before is not None:
            edit.fold(before, node, factor, addend)
        elif rank in {3, 4}:
            names = (f"{node.name}/weights", f"{node.name}/bias")
            edit.constants[names[0]] = factor.astype(np.float32).reshape(-1, *[1] * (rank - 1))
            edit.constants[names[1]] = addend.astype(np.float32)
            edit.nodes[node.outputs[0]] = replace(
                node,
                op="Conv",
                inputs=(node.inputs[0], *names),
                attributes={"group": factor.size, "kernel_shape": [1] * (rank - 2)},
            )
            edit.count += 1
    return edit.done()


def fold_affine(model: OnnxModel, values: Values) -> Done:
    """Put constants that are added to, taken from or multiplied with channels into weights."""
    edit = _Edit(model)
    for node in model.nodes:
        if node.op not in {"Add", "Sub", "Mul", "Div"}:
            continue
        places = [i for i in (0, 1) if node.inputs[i] in edit.constants]
        if len(places) != 1 or (places[0] == 0 and node.op in {"Sub", "Div"}):
            continue
        other = node.inputs[1 - places[0]]
        before = edit.producer(other)
        if before is None:
            continue
        array = _channels(edit.constants[node.inputs[places[0]]], values[other])
        if array is None or (node.op == "Div" and not array.all()):
            continue
        one, zero = np.ones(1), np.zeros(1)
        factor = {"Mul": array, "Div": 1 / array if node.op == "Div" else one}.get(node.op, one)
        addend = {"Add": array, "Sub": -array}.get(node.op, zero)
        edit.fold(before, node, factor, addend)
    return edit.done()


def _channels(array: Array, x: Array) -> Array | None:
    """Return a constant as one number, or one of each channel; None: it varies otherwise."""
    if array.size == 1:
        return array.reshape(1).astype(np.float64)
    axis = 1 if x.ndim > 2 else x.ndim - 1
    wide = (1,) * (x.ndim - array.ndim) + array.shape
    if array.ndim > x.ndim or wide != tuple(n if i == axis else 1 for i, n in enumerate(x.shape)):
        return None
    return array.reshape(-1).astype(np.float64)


def fold_pads(model: OnnxModel, values: Values) -> Done:
    """Put rows and columns of zeros into the window of the convolution that alone reads them."""
    edit = _Edit(model)
    for node in model.nodes:
        if node.op != "Conv" or node.text("auto_pad", "NOTSET") not in {"", "NOTSET"}:
            continue
        before = edit.nodes.get(node.inputs[0])
        if before is None or before.op != "Pad" or len(edit.read[node.inputs[0]]) != 1:
            continue
        rank = values[before.inputs[0]].ndim
        amounts = edit.constants.get(before.inputs[1], np.zeros(0)).astype(np.int64).tolist()
        fill = edit.constants.get(before.inputs[2]) if len(before.inputs) > 2 else None
        zeros = fill is None or (fill.size <= 1 and not fill.any())
        spatial = len(amounts) == 2 * rank and not any(amounts[:2] + amounts[rank : rank + 2])
        plain = before.text("mode", "constant") == "constant" and min(amounts, default=-1) >= 0
        if not (zeros and spatial and plain) or len(before.inputs) > 3:
            continue
        given = node.ints("pads", (0,) * (2 * (rank - 2)))
        added = amounts[2:rank] + amounts[rank + 2 :]
        pads = [a + b for a, b in zip(given, added, strict=True)]
        edit.nodes[node.outputs[0]] = replace(
            node,
            inputs=(before.inputs[0], *node.inputs[1:]),
            attributes={**node.attributes, "pads": pads},
        )
        edit.nodes[before.outputs[0]] = None
        edit.count += 1
    return edit.done()
