"""Study: statistics of the filters of a network beside the energy of its multiplications.

For each layer with kernels of k x k > 1: the k*k-vectors of all kernels, their singular values
sigma_i, the variance entropy -sum p_i log10 p_i with p_i = sigma_i**2 / sum sigma**2, and the
sparsity: kernels whose greatest weight is at most a hundredth of the layer's.
Source: P. Gavrikov and J. Keuper, CNN Filter DB, arXiv:2203.15331.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from intaglio.api.model import Model
from intaglio.api.study import Study
from intaglio.compiler.outline import outline_graph
from intaglio.estimate.activity import UNIFORM, activity_of
from intaglio.spec.commands import Operation
from intaglio.spec.config import ArrayConfig
from intaglio.spec.presets import PRESETS

LEAST = 0.01  # of the layer's greatest weight
Kernels = npt.NDArray[np.int64]


def kernels_of(weights: npt.NDArray[Any], *, depthwise: bool) -> Kernels:
    """Return one row of k*k weights for each kernel of a layer."""
    if depthwise:  # KH, KW, C
        return np.asarray(weights, np.int64).transpose(2, 0, 1).reshape(weights.shape[2], -1)
    ordered = np.asarray(weights, np.int64).transpose(0, 3, 1, 2)  # O, KH, KW, C
    return ordered.reshape(-1, weights.shape[1] * weights.shape[2])


def variance_entropy(kernels: Kernels) -> float:
    """Return -sum p log10 p over the shares of variance; 0 where all is on one axis."""
    sigma = np.linalg.svd(kernels.astype(np.float64), compute_uv=False)
    total = float((sigma**2).sum())
    if total == 0:
        return 0.0
    p = sigma**2 / total
    p = p[p > 0]
    return float(-(p * np.log10(p)).sum())


def sparsity(kernels: Kernels) -> float:
    """Return the share of kernels whose greatest weight is at most a hundredth of the layer's."""
    greatest = np.abs(kernels).max(axis=1)
    return float((greatest <= np.abs(kernels).max() * LEAST).mean())


def zero_macs(kernels: Kernels, places: int) -> int:
    """Return the multiply-accumulates of kernels that are all zero, over `places` outputs."""
    zero = int((kernels == 0).all(axis=1).sum())
    return zero * int(kernels.shape[1]) * places


def filters(
    model: Model,
    inputs: Mapping[int, Any],
    config: ArrayConfig | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> Study:
    """Return statistics of every layer with kernels, with the activity of its own data.

    Parameters
    ----------
    model : Model
        The network.
    inputs : mapping of tensor number to codes
        What it is run on.
    config : ArrayConfig, optional
        The array whose steps decide which operands follow each other.
    """
    from intaglio.golden.network import run_graph

    chosen = config or PRESETS["default"]
    outline = outline_graph(model.graph, chosen)
    progress(f"running {model.name} on the golden model for its data")
    tensors = run_graph(model.graph, inputs)
    rows = []
    for layer in outline.layers.values():
        if layer.weights is None or layer.operation not in (Operation.CONV, Operation.DEPTHWISE):
            continue
        depthwise = layer.operation is Operation.DEPTHWISE
        acts = np.asarray(tensors[layer.inputs[0]]).astype(np.int8)
        weights = np.asarray(layer.weights).astype(np.int8)
        activity = activity_of(weights, acts, layer.pad_value, chosen.depth, depthwise=depthwise)
        kernels = kernels_of(weights, depthwise=depthwise)
        wide = kernels.shape[1] > 1
        rows.append(
            {
                "layer": layer.name,
                "kernels": len(kernels),
                "taps": kernels.shape[1],
                "sparsity": sparsity(kernels),
                "entropy": variance_entropy(kernels) if wide else None,
                "zero_macs": zero_macs(kernels, layer.out_image[0] * layer.out_image[1]),
                "weight_toggles": activity.weight_toggles,
                "act_toggles": activity.act_toggles,
                "energy": activity.toggles / UNIFORM,
            }
        )
    points = [(max(r["weight_toggles"], 1e-3), r["energy"]) for r in rows]
    least = min((r["energy"] for r in rows), default=0.0)
    most = max((r["energy"] for r in rows), default=0.0)
    removed = sum(row["zero_macs"] for row in rows)
    entropy = f"{np.log10(9):.3f} for 3x3"
    notes = (
        f"A multiplication takes {least:.2f} to {most:.2f} of the energy of random operands.",
        f"Kernels that are all zero: {removed:,} of {outline.macs:,} multiply-accumulates.",
        f"Entropy is at most log10(taps), {entropy}; low: few shapes make up all kernels.",
    )
    return Study(
        "filters",
        f"Filters of {model.name} and the energy of their multiplications",
        tuple(rows[0]) if rows else ("layer",),
        tuple(rows),
        notes,
        {"layers": sorted(points)},
        ("weight bits of 8 that change in a step", "energy over random operands"),
    )
