"""Kernels of zeros: filters that give one value everywhere are removed, with what reads them.

A CONV filter of zeros gives ``requantise(bias)`` at every place. Where that is the zero point of
the tensor, whoever multiplies it adds nothing, inside the image and at its padding: the channel
can go, through depthwise layers down to the next CONV, and no output changes by a bit.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from intaglio.spec.graph import OVER_CHANNELS, Graph, Node, Op, Requant, Tensor
from intaglio.spec.quant import requantise
from intaglio.spec.requant import quant_of, weighted_requant
from intaglio.spec.rounding import Rounding

Channels = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Removed:
    """Channels that were removed between two convolutions.

    Parameters
    ----------
    nodes : tuple of str
        The convolution with the filters of zeros, depthwise layers behind it, the one that read
        them.
    channels : tuple of int
        Indices in the first one's output.
    macs : tuple of int
        Multiply-accumulates that each of `nodes` no longer does.
    """

    nodes: tuple[str, ...]
    channels: tuple[int, ...]
    macs: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Pruned:
    """A graph without filters of zeros, and what is gone: its certificate."""

    graph: Graph
    removed: tuple[Removed, ...]

    @property
    def macs(self) -> int:
        """Multiply-accumulates that are gone."""
        return sum(sum(entry.macs) for entry in self.removed)


def without_zero_filters(graph: Graph, reference: str = "litert") -> Pruned:
    """Return `graph` without filters of zeros that no output depends on.

    Parameters
    ----------
    graph : Graph
        The network; its outputs are the same to the bit.
    reference : str
        See :func:`intaglio.spec.rounding.rounding_of`.
    """
    removed = []
    for name in [node.name for node in graph.nodes if _has_zeros(graph, node)]:
        chain = _chain(graph, name)
        if not chain:
            continue
        idle = _idle(graph, chain, reference)
        if idle.all():
            idle[0] = False  # a tensor has a channel
        if idle.any():
            removed.append(_entry(graph, chain, idle))
            graph = _without(graph, chain, idle)
    return Pruned(graph, tuple(removed))


def _has_zeros(graph: Graph, node: Node) -> bool:
    """Tell whether a CONV over all channels has a filter of zeros."""
    return _plain(graph, node) and bool(_zeros(graph, node).any())


def _zeros(graph: Graph, node: Node) -> Channels:
    """Return which filters hold zeros alone."""
    weights = np.asarray(graph.tensors[node.inputs[1]].data)
    return np.asarray((weights.reshape(len(weights), -1) == 0).all(axis=1), np.bool_)


def _plain(graph: Graph, node: Node) -> bool:
    """Tell whether a node is a CONV over all channels."""
    if node.op is not Op.CONV or node.attributes.group_scale != "none":
        return False
    if node.attributes.function == OVER_CHANNELS:
        return False
    x, w = (graph.tensors[number] for number in node.inputs[:2])
    return w.data is not None and w.shape[3] == x.shape[3]


def _chain(graph: Graph, name: str) -> list[Node]:
    """Return the convolution, depthwise layers and the convolution that reads them, or nothing."""
    [node] = [node for node in graph.nodes if node.name == name]
    chain = [node]
    while len(chain) == 1 or chain[-1].op is Op.DEPTHWISE:
        number = chain[-1].outputs[0]
        readers = [node for node in graph.nodes if number in node.inputs]
        if len(readers) != 1 or number in graph.outputs or readers[0].inputs[0] != number:
            return []
        [reader] = readers
        single = reader.op is Op.DEPTHWISE and reader.attributes.depth_multiplier == 1
        if not (single or _plain(graph, reader)):
            return []
        chain.append(reader)
    return chain


def _idle(graph: Graph, chain: list[Node], reference: str) -> Channels:
    """Return the channels that hold the zero point at every place, all along the chain."""
    idle = _zeros(graph, chain[0])
    for node in chain[:-1]:
        output = quant_of(graph.tensors[node.outputs[0]])
        silent = _constants(graph, node, len(idle), reference) == output.zero_point
        idle = np.asarray(idle & silent, np.bool_)
    return idle


def _constants(graph: Graph, node: Node, count: int, reference: str) -> npt.NDArray[np.int64]:
    """Return the code of each channel where nothing is added to its bias."""
    requant = weighted_requant(graph, node, reference)
    bias = np.zeros(count, np.int64)
    if node.inputs[2] >= 0:
        bias = np.asarray(graph.tensors[node.inputs[2]].data, np.int64)
    return requantise(
        bias,
        [scale.multiplier for scale in requant.scales],
        [scale.shift for scale in requant.scales],
        Rounding(requant.rounding),
        requant.zero_point,
        requant.low,
        requant.high,
    )


def _entry(graph: Graph, chain: list[Node], idle: Channels) -> Removed:
    count, macs = int(idle.sum()), []
    for node in chain:
        weights, out = (graph.tensors[n].shape for n in (node.inputs[1], node.outputs[0]))
        per_place = weights[1] * weights[2]  # taps of a kernel
        if node is chain[0]:
            per_place *= weights[3]
        elif node is chain[-1]:
            per_place *= weights[0]
        macs.append(count * per_place * out[1] * out[2])
    return Removed(
        tuple(node.name for node in chain), tuple(map(int, np.flatnonzero(idle))), tuple(macs)
    )


def _without(graph: Graph, chain: list[Node], idle: Channels) -> Graph:
    """Return the graph without the channels."""
    kept = np.flatnonzero(~idle)
    tensors, nodes = dict(graph.tensors), list(graph.nodes)
    for node in chain:
        first, last = node is chain[0], node is chain[-1]
        weights = node.inputs[1]
        tensors[weights] = _taken(tensors[weights], kept, 0 if first else 3)
        if last:
            continue
        own = [node.outputs[0], *(n for n in node.inputs[2:3] if n >= 0)]
        for number in own:
            tensors[number] = _taken(tensors[number], kept, len(tensors[number].shape) - 1)
        requant = node.attributes.requant
        if requant is not None and len(requant.scales) > 1:
            attributes = replace(node.attributes, requant=_rescaled(requant, kept))
            nodes[nodes.index(node)] = replace(node, attributes=attributes)
    return replace(graph, tensors=tensors, nodes=tuple(nodes))


def _rescaled(requant: Requant, kept: Iterable[int]) -> Requant:
    return replace(requant, scales=tuple(requant.scales[n] for n in kept))


def _taken(tensor: Tensor, kept: npt.NDArray[np.intp], axis: int) -> Tensor:
    """Return a tensor with the entries `kept` along `axis`, and their quantisation."""
    shape = (*tensor.shape[:axis], len(kept), *tensor.shape[axis + 1 :])
    data = None if tensor.data is None else np.take(tensor.data, kept, axis)
    quant = tensor.quant
    if quant is not None and quant.axis == axis and len(quant.scales) > 1:
        quant = replace(quant, scales=quant.scales[kept], zero_points=quant.zero_points[kept])
    return replace(tensor, shape=shape, data=data, quant=quant)
