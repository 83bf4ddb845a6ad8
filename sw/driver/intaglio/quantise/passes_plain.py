"""Passes that change the form of a network and none of its numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from intaglio.compiler.load_onnx_node import OnnxNode
from intaglio.compiler.load_onnx_read import OnnxModel
from intaglio.quantise.network import makers

Array = npt.NDArray[Any]
Values = Mapping[str, Array]
Done = tuple[OnnxModel, int]


def fold_constants(model: OnnxModel, values: Values) -> Done:
    """Replace operators on constants, and shapes, by their results."""
    constants = dict(model.constants)
    nodes = []
    for node in model.nodes:
        fixed = node.op in {"Constant", "Shape"} or (
            bool(node.inputs) and all(name in constants for name in node.inputs if name)
        )
        if fixed and not node.domain and not set(node.outputs) & set(model.outputs):
            constants.update({name: np.asarray(values[name]) for name in node.outputs if name})
        else:
            nodes.append(node)
    return replace(model, nodes=tuple(nodes), constants=constants), len(model.nodes) - len(nodes)


def drop_identities(model: OnnxModel, values: Values) -> Done:
    """Take out Identity, Dropout, and Cast to the same type."""
    made, nodes = makers(model), []
    names: dict[str, str] = {}
    for node in model.nodes:
        if not _identity(node, values):
            nodes.append(node)
            continue
        source = names.get(node.inputs[0], node.inputs[0])
        if node.outputs[0] not in model.outputs:
            names[node.outputs[0]] = source
        elif source in made and source not in model.outputs:
            names[source] = node.outputs[0]
        else:
            nodes.append(node)
    for name in list(names):  # a source that was renamed later
        while names[name] in names:
            names[name] = names[names[name]]
    renamed = tuple(
        replace(
            node,
            inputs=tuple(names.get(name, name) for name in node.inputs),
            outputs=tuple(names.get(name, name) for name in node.outputs),
        )
        for node in nodes
    )
    return replace(model, nodes=renamed), len(model.nodes) - len(nodes)


def _identity(node: OnnxNode, values: Values) -> bool:
    if node.op == "Cast":
        return bool(values[node.inputs[0]].dtype == values[node.outputs[0]].dtype)
    return node.op in {"Identity", "Dropout"} and not any(node.outputs[1:])


def plain_forms(model: OnnxModel, values: Values) -> Done:
    """Write means over an image as global pools, and products without factors."""
    constants, nodes, count = dict(model.constants), [], 0
    for node in model.nodes:
        made = _mean(node, constants, values) or _product(node, constants, values)
        count += made is not None
        nodes += made or [node]
    return replace(model, nodes=tuple(nodes), constants=constants), count


def _mean(node: OnnxNode, constants: dict[str, Array], values: Values) -> list[OnnxNode] | None:
    if node.op != "ReduceMean" or values[node.inputs[0]].ndim != 4:
        return None
    axes = node.ints("axes")
    if len(node.inputs) > 1 and node.inputs[1] in constants:
        axes = tuple(int(a) for a in constants[node.inputs[1]].reshape(-1))
    if {a % 4 for a in axes} != {2, 3}:
        return None
    keep = bool(node.integer("keepdims", 1))
    pooled = node.outputs[0] if keep else f"{node.outputs[0]}/pooled"
    pool = replace(
        node,
        op="GlobalAveragePool",
        inputs=node.inputs[:1],
        outputs=(pooled,),
        attributes={},
    )
    flat = replace(
        node, op="Flatten", name=f"{node.name}/flat", inputs=(pooled,), attributes={"axis": 1}
    )
    return [pool] if keep else [pool, flat]


def _product(node: OnnxNode, constants: dict[str, Array], values: Values) -> list[OnnxNode] | None:
    """Return Gemm with factors of 1, O first; a product of rows by a constant likewise."""
    if node.op == "MatMul":
        fixed = node.inputs[1] in constants and constants[node.inputs[1]].ndim == 2
        if not fixed or values[node.inputs[0]].ndim != 2:
            return None
        transposed, alpha, beta = False, 1.0, 1.0
    elif node.op == "Gemm" and node.inputs[1] in constants and not node.integer("transA"):
        transposed = bool(node.integer("transB"))
        alpha, beta = node.real("alpha", 1.0), node.real("beta", 1.0)
        if transposed and alpha == beta == 1.0:
            return None
    else:
        return None
    weights = constants[node.inputs[1]]
    names = [node.inputs[0], f"{node.name}/weights"]
    turned = weights if transposed else weights.T
    constants[names[1]] = np.ascontiguousarray(turned * np.float32(alpha))
    if len(node.inputs) > 2 and node.inputs[2]:
        if node.inputs[2] not in constants:
            return None
        names.append(f"{node.name}/bias")
        constants[names[2]] = np.asarray(constants[node.inputs[2]] * np.float32(beta))
    return [replace(node, op="Gemm", inputs=tuple(names), attributes={"transB": 1})]


def drop_dead(model: OnnxModel, values: Values) -> Done:
    """Take out operators and constants that no output depends on."""
    del values
    needed, nodes = set(model.outputs), []
    for node in reversed(model.nodes):
        if needed & set(node.outputs):
            nodes.append(node)
            needed |= set(node.inputs)
    constants = {name: array for name, array in model.constants.items() if name in needed}
    kept = tuple(reversed(nodes))
    return replace(model, nodes=kept, constants=constants), len(model.nodes) - len(kept)
