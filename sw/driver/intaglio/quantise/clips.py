"""Bounds that the codes of a value have by themselves."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from intaglio.compiler.load_onnx_node import OnnxNode
from intaglio.compiler.load_onnx_read import OnnxModel
from intaglio.quantise.grid import Grid
from intaglio.quantise.place import Places


def idle_clips(model: OnnxModel, places: Places, grids: Mapping[str, Grid]) -> dict[str, str]:
    """Return the operator outputs behind which a Clip changes no code, and the Clip's outputs.

    The quantiser saturates at the bounds or before them. ONNX Runtime computes an operator between
    quantisers in integers, but one with a Clip behind it in real numbers.
    """
    quantised = {*places.own, *places.like}
    found = {}
    for node in model.nodes:
        source, name = node.inputs[0], node.outputs[0]
        fused = source not in quantised and source not in model.constants
        if node.op == "Clip" and fused and name in places.own and _idle(model, node, grids[name]):
            found[source] = name
    return found


def _idle(model: OnnxModel, node: OnnxNode, grid: Grid) -> bool:
    """Tell whether both bounds of a Clip become the least and the greatest code, or lie beyond."""
    bounds = [-np.inf, np.inf]
    for place, number in enumerate(node.inputs[1:3]):
        if number:
            bounds[place] = float(np.asarray(model.constants[number]).reshape(-1)[0])
    with np.errstate(over="ignore"):
        low, high = (
            float(np.rint(np.float32(bound) / np.float32(grid.scale))) + grid.zero_point
            for bound in bounds
        )
    return low <= grid.low and high >= grid.high
