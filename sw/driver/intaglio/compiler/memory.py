"""The memory plan: which tensors stay in the activation buffer, and where the others lie."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from intaglio.compiler.allocate import Life, Placed, first_fit, gaps_at
from intaglio.compiler.buffers import Home
from intaglio.compiler.check import activations
from intaglio.compiler.cost import tiling_cost
from intaglio.compiler.flow import Flow
from intaglio.compiler.layer import Layer, image_of
from intaglio.compiler.tile import tile_layer
from intaglio.compiler.tiling import Tiling
from intaglio.spec.config import ArrayConfig
from intaglio.spec.errors import FitError
from intaglio.spec.graph import Graph
from intaglio.spec.tensor import tensor_bytes


@dataclass(frozen=True)
class MemoryPlan:
    """Places of all tensors and the tilings that they leave room for.

    Parameters
    ----------
    homes : dict
        Activation tensor to its place.
    tilings : dict
        Layer index to its tiling.
    tensor_bytes : int
        Size of the tensor region.
    """

    homes: dict[int, Home]
    tilings: dict[int, Tiling]
    tensor_bytes: int


@dataclass(frozen=True)
class Use:
    """Operators that make and read the bytes of a tensor; -1 makes the inputs of the network."""

    made: int
    read: tuple[int, ...]


def uses_of(graph: Graph, flow: Flow) -> dict[int, Use]:
    """Return the uses of each root tensor; an output of the network is read past the last node."""
    made = {flow.roots[number]: -1 for number in graph.inputs}
    read: dict[int, list[int]] = {}
    running = flow.stage_of()
    for index in running:
        node = graph.nodes[index]
        made[node.outputs[0]] = index
        for number in activations(node):
            read.setdefault(flow.roots[number], []).append(index)
    for number in graph.outputs:
        read.setdefault(flow.roots[number], []).append(len(graph.nodes))
    return {root: Use(at, tuple(sorted(read.get(root, [])))) for root, at in made.items()}


def plan_memory(
    graph: Graph,
    flow: Flow,
    layers: Mapping[int, Layer],
    config: ArrayConfig,
    *,
    keep_all: bool,
    reuse: bool,
) -> MemoryPlan:
    """Place every tensor and tile every layer.

    Tensors are tried in the order of the traffic that they save for each step that they live. One
    stays in the activation buffer if the layers beside it then take no longer, and move no more
    in the same time.

    Parameters
    ----------
    keep_all : bool
        Every tensor has its own place in memory and is written.
    reuse : bool
        Memory of tensors that nothing reads any more is used again.

    Raises
    ------
    FitError
        E401: a layer does not fit, although no tensor stays in the buffer.
    """
    uses = uses_of(graph, flow)
    words = {
        root: tensor_bytes(*image_of(graph.tensors[root]), config.channels) // config.act_bytes
        for root in uses
    }
    placed: list[Placed] = []
    tilings = {index: _tile(layer, flow, config, placed) for index, layer in layers.items()}
    for life in [] if keep_all else _candidates(flow, uses, words):
        address = first_fit(life, placed, config.act_words)
        if address is None:
            continue
        trial = [*placed, Placed(life, address)]
        beside = [index for index in layers if life.first <= index <= life.last]
        try:
            changed = {index: _tile(layers[index], flow, config, trial) for index in beside}
        except FitError:  # a layer would find no room for its strips
            continue
        if _total(changed.values()) <= _total(tilings[index] for index in beside):
            placed, tilings = trial, tilings | changed
    inside = {p.life.key: p.address for p in placed}
    offsets, size = _offsets(flow, uses, words, inside, config, len(graph.nodes), reuse=reuse)
    homes = {
        number: replace(
            Home(image_of(graph.tensors[number])),
            offset=offsets.get(root, -1),
            address=inside.get(root, -1),
        )
        for number, root in flow.roots.items()
    }
    return MemoryPlan(homes, {index: tiled.tiling for index, tiled in tilings.items()}, size)


@dataclass(frozen=True)
class _Tiled:
    tiling: Tiling
    cost: tuple[int, int]


def _total(tiled: Iterable[_Tiled]) -> tuple[int, int]:
    """Return the cycles and the beats of several layers."""
    cycles, beats = zip(*(t.cost for t in tiled), strict=True)
    return sum(cycles), sum(beats)


def _tile(layer: Layer, flow: Flow, config: ArrayConfig, placed: list[Placed]) -> _Tiled:
    """Return the tiling of a layer beside the tensors that stay in the buffer."""
    inside = {p.life.key for p in placed if p.life.first <= layer.index <= p.life.last}
    stay = tuple(flow.roots[n] in inside for n in (*layer.inputs, layer.output))
    gaps = gaps_at(layer.index, placed, config.act_words)
    tiling = tile_layer(layer, config, stay, gaps)
    return _Tiled(tiling, tiling_cost(layer, config, tiling, stay))


def _candidates(flow: Flow, uses: Mapping[int, Use], words: Mapping[int, int]) -> list[Life]:
    """Return the tensors that the array both makes and reads within one job, the best first."""
    stage = flow.stage_of()
    found = []
    for root, use in uses.items():
        if use.made < 0 or flow.stages[stage[use.made]].host:
            continue
        near = [n for n in use.read if stage.get(n) == stage[use.made]]
        if near:
            life = Life(root, words[root], use.made, near[-1])
            saved = (len(near) + (len(near) == len(use.read))) / (life.last - life.first + 1)
            found.append((saved, life))
    return [life for _, life in sorted(found, key=lambda f: (-f[0], -f[1].size, f[1].key))]


def _offsets(
    flow: Flow,
    uses: Mapping[int, Use],
    words: Mapping[int, int],
    inside: Mapping[int, int],
    config: ArrayConfig,
    steps: int,
    *,
    reuse: bool,
) -> tuple[dict[int, int], int]:
    """Return byte offsets of the tensors in memory and the size of the region."""
    stage = flow.stage_of()
    placed: list[Placed] = []
    for root, use in uses.items():
        needs = [n for n in use.read if stage.get(n) != stage.get(use.made, -1)]
        if root in inside and not needs:
            continue
        last = max((*use.read, use.made)) if reuse else steps
        first = use.made if reuse else -1
        life = Life(root, words[root] * config.act_bytes, first, last)
        address = first_fit(life, placed, None)
        placed.append(Placed(life, address or 0))
    return {p.life.key: p.address for p in placed}, max((p.end for p in placed), default=0)
