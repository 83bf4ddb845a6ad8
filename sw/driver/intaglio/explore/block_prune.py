"""Which blocks of weights to keep within a budget of MACs, for the least loss and energy.

Source: K. Xu et al., LPViT, arXiv:2407.02068: blocks by second-order Taylor importance, with a
power term of weight beta.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from intaglio.explore.cost_result import Estimate
from intaglio.spec.errors import Finding, UsageError
from intaglio.spec.graph import Graph, Node, Op
from intaglio.spec.requant import quant_of

Grid = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
SIZES = (16, 32, 64)


@dataclass(frozen=True, eq=False)
class LayerBlocks:
    """Blocks of one layer's weights, as a matrix of outputs by taps and input channels.

    Parameters
    ----------
    name : str
        Of the layer.
    importance : float array
        For each block: the loss that its removal adds, over the energy of the layer's output.
    macs : float array
        Multiply-accumulates of each block.
    picojoules : float array
        Modelled energy of each block.
    """

    name: str
    importance: Grid
    macs: Grid
    picojoules: Grid


@dataclass(frozen=True, eq=False)
class Allocation:
    """Which blocks are kept.

    Parameters
    ----------
    kept : mapping
        Layer to one truth value for each block.
    macs, picojoules, importance : float
        Of the blocks that are kept.
    """

    kept: Mapping[str, Mask]
    macs: float
    picojoules: float
    importance: float


def layer_blocks(
    graph: Graph, values: Mapping[int, npt.NDArray[np.generic]], found: Estimate, size: int = 16
) -> tuple[LayerBlocks, ...]:
    """Return the blocks of every CONV and DENSE layer that runs on the array.

    Removing weight w of input x adds w**2 * E[x**2] / 2 to the squared error of its output: the
    second-order term of Taylor's series, whose first one is 0.

    Parameters
    ----------
    graph : Graph
        The network.
    values : mapping of tensor number to codes
        Tensors of a run on samples.
    found : Estimate
        Of the same network: energy of each layer.
    size : int
        Rows and columns of a block.

    Raises
    ------
    UsageError
        E101: `size` is not of :data:`SIZES`.
    """
    if size not in SIZES:
        need = ", ".join(map(str, SIZES))
        message = f"blocks of {size} by {size} weights"
        raise UsageError(Finding("E101", message, "size", str(size), need, "choose one of them"))
    energy = {
        layer.name: layer.figures["energy"].value
        for layer in found.layers
        if layer.where == "array"
    }
    return tuple(
        _blocks(graph, node, values, float(energy[node.name] or 0.0), size)
        for node in graph.nodes
        if node.op in (Op.CONV, Op.DENSE) and node.name in energy
    )


def allocate(layers: Sequence[LayerBlocks], budget: float, beta: float = 0.0) -> Allocation:
    """Return the blocks to keep: by (importance - beta * energy) for each MAC, down to the budget.

    Both terms count in shares of their sums over all blocks, so that beta has no unit.

    Parameters
    ----------
    layers : sequence of LayerBlocks
        What there is to choose from.
    budget : float
        MACs that may be kept; no more are.
    beta : float
        Weight of energy against loss; 0: loss alone.
    """
    importance, macs, picojoules = (
        np.concatenate([getattr(layer, name).ravel() for layer in layers])
        for name in ("importance", "macs", "picojoules")
    )
    worth = importance / importance.sum() - beta * picojoules / picojoules.sum()
    kept = np.zeros(len(macs), np.bool_)
    left = budget
    for at in np.argsort(-worth / macs, kind="stable"):
        if macs[at] <= left:
            kept[at] = True
            left -= macs[at]
    ends = np.cumsum([layer.macs.size for layer in layers])[:-1]
    masks = {
        layer.name: part.reshape(layer.macs.shape)
        for layer, part in zip(layers, np.split(kept, ends), strict=True)
    }
    return Allocation(
        masks,
        float(macs[kept].sum()),
        float(picojoules[kept].sum()),
        float(importance[kept].sum()),
    )


def _blocks(
    graph: Graph,
    node: Node,
    values: Mapping[int, npt.NDArray[np.generic]],
    microjoules: float,
    size: int,
) -> LayerBlocks:
    x, w, y = (graph.tensors[n] for n in (*node.inputs[:2], node.outputs[0]))
    weights = np.asarray(w.data, np.float64)
    channels = weights.shape[-1]
    scales = quant_of(w).scales.astype(np.float64)
    real = weights.reshape(len(weights), -1) * (scales[:, None] if len(scales) > 1 else scales[0])
    codes = np.asarray(values[x.number], np.float64).reshape(-1, channels)
    squares = (((codes - quant_of(x).zero_point) * quant_of(x).scale) ** 2).mean(axis=0)
    curvature = np.tile(squares, real.shape[1] // channels)
    loss = real**2 * curvature / 2
    places = float(np.prod(y.shape[1:-1])) if node.op is Op.CONV else 1.0
    counts = _block_sums(np.ones_like(loss), size) * places
    return LayerBlocks(
        node.name,
        _block_sums(loss, size) / max(float(loss.sum()), np.finfo(float).tiny),
        counts,
        microjoules * 1e6 * counts / counts.sum(),
    )


def _block_sums(matrix: Grid, size: int) -> Grid:
    """Return the sum of each block of a matrix; blocks at its ends may be smaller."""
    rows, columns = (-(-n // size) for n in matrix.shape)
    padded = np.zeros((rows * size, columns * size))
    padded[: matrix.shape[0], : matrix.shape[1]] = matrix
    return np.asarray(padded.reshape(rows, size, columns, size).sum(axis=(1, 3)), np.float64)
