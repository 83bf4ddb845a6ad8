"""The memory plan: which tensors stay in the activation buffer, and where the others lie."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from intaglio.compiler.allocate import Apart, Life, Placed, first_fit, gaps_at, shared_fit
from intaglio.compiler.buffers import Home
from intaglio.compiler.cost import tiling_cost
from intaglio.compiler.flow import Flow
from intaglio.compiler.lane import words_image
from intaglio.compiler.layer import Layer
from intaglio.compiler.lives import Sum, Use, candidates, edge_lives, orders_of, sums, uses_of
from intaglio.compiler.pack import packed
from intaglio.compiler.product import ProductLayer
from intaglio.compiler.product_schedule import passage_bytes
from intaglio.compiler.tile import tile_layer
from intaglio.compiler.tiling import Tiling
from intaglio.spec.config import ArrayConfig
from intaglio.spec.errors import Finding, FitError
from intaglio.spec.graph import Graph


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
    passage : int
        Where in it what passes through memory begins, behind all tensors.
    """

    homes: dict[int, Home]
    tilings: dict[int, Tiling]
    tensor_bytes: int
    passage: int


def plan_memory(
    graph: Graph,
    flow: Flow,
    layers: Mapping[int, Layer],
    config: ArrayConfig,
    *,
    keep_all: bool,
    reuse: bool,
    edges: bool = False,
    solver: str = "",
) -> MemoryPlan:
    """Place every tensor and tile every layer.

    Tensors are tried in the order of the traffic that they save for each step that they live. One
    stays in the activation buffer if the layers beside it then take no longer, and move no more
    in the same time. A sum takes the place of an operand that nothing reads afterwards; operands
    of a sum lie in different banks.

    Parameters
    ----------
    keep_all : bool
        Every tensor has its own place in memory and is written.
    reuse : bool
        Memory of tensors that nothing reads any more is used again.
    edges : bool
        The network's inputs and outputs stay in the buffer, however long that takes.
    solver : str
        Searches the smallest memory; see :func:`intaglio.compiler.pack.packed`. Empty: none does.

    Raises
    ------
    FitError
        E401: a layer does not fit, although no tensor stays in the buffer; or one of `edges`
        does not fit.
    """
    uses = uses_of(graph, flow)
    words = {
        root: math.prod(words_image(graph.tensors[root], config)) // config.act_bytes
        for root in uses
    }
    room = _Room(flow, layers, config, tuple(sums(flow, layers)))
    kept = room.keep(graph, edge_lives(graph, flow, uses, words) if edges else [])
    orders = [[]] if keep_all else orders_of(candidates(flow, uses, words))
    found = (room.fill(kept, order) for order in orders)
    placed, tilings = min(found, key=lambda plan: _total(plan[1].values()))
    inside = {p.life.key: p.address for p in placed}
    offsets, size = _offsets(
        flow, uses, words, inside, config, len(graph.nodes), reuse=reuse, solver=solver
    )
    passage = max(
        (
            passage_bytes(layer, config, tilings[index].tiling)
            for index, layer in layers.items()
            if isinstance(layer, ProductLayer)
        ),
        default=0,
    )
    homes = {
        number: replace(
            Home(words_image(graph.tensors[number], config)),
            offset=offsets.get(root, -1),
            address=inside.get(root, -1),
        )
        for number, root in flow.roots.items()
    }
    chosen = {index: tiled.tiling for index, tiled in tilings.items()}
    return MemoryPlan(homes, chosen, size + passage, size)


@dataclass(frozen=True)
class _Tiled:
    tiling: Tiling
    cost: tuple[int, int]


@dataclass(frozen=True)
class _Room:
    """The activation buffer and what wants to be in it."""

    flow: Flow
    layers: Mapping[int, Layer]
    config: ArrayConfig
    adds: tuple[Sum, ...]
    known: dict[tuple[object, ...], _Tiled] = field(default_factory=dict)

    def keep(self, graph: Graph, lives: list[Life]) -> list[Placed]:
        """Return places of `lives`, all of which have to be in the buffer."""
        placed: list[Placed] = []
        for life in lives:
            address = self._address(life, placed)
            if address is None:
                raise _no_room(graph, life, self.config)
            placed.append(Placed(life, address))
        return placed

    def fill(
        self, placed: list[Placed], lives: list[Life]
    ) -> tuple[list[Placed], dict[int, _Tiled]]:
        """Return `placed` with each of `lives` that is worth its room, and the tilings."""
        tilings = {index: self._tile(layer, placed) for index, layer in self.layers.items()}
        kept = {p.life.key for p in placed}
        for life in lives:
            address = None if life.key in kept else self._address(life, placed)
            if address is None:
                continue
            trial = [*placed, Placed(life, address)]
            beside = [index for index in self.layers if life.first <= index <= life.last]
            try:
                changed = {index: self._tile(self.layers[index], trial) for index in beside}
            except FitError:  # a layer would find no room for its strips
                continue
            if _total(changed.values()) <= _total(tilings[index] for index in beside):
                placed, tilings = trial, tilings | changed
        return placed, tilings

    def _address(self, life: Life, placed: list[Placed]) -> int | None:
        """Return the best address in the activation buffer, None if there is no room."""
        beside = {other for add in self.adds for other in add.beside(life.key)}
        residues = (p.address % self.config.banks for p in placed if p.life.key in beside)
        apart = Apart(self.config.banks, frozenset(residues))
        partners = [p for p in placed if any(add.in_place(p.life, life) for add in self.adds)]
        shared = shared_fit(life, placed, partners, apart)
        if shared is not None:
            return shared
        return first_fit(life, placed, self.config.act_words, apart)

    def _tile(self, layer: Layer, placed: list[Placed]) -> _Tiled:
        """Return the tiling of a layer beside the tensors that stay in the buffer."""
        inside = {p.life.key for p in placed if p.life.first <= layer.index <= p.life.last}
        stay = tuple(self.flow.roots[n] in inside for n in (*layer.inputs, layer.output))
        gaps = gaps_at(layer.index, placed, self.config.act_words)
        key = (layer.index, stay, gaps)
        if key not in self.known:
            tiling = tile_layer(layer, self.config, stay, gaps)
            self.known[key] = _Tiled(tiling, tiling_cost(layer, self.config, tiling, stay))
        return self.known[key]


def _no_room(graph: Graph, life: Life, config: ArrayConfig) -> FitError:
    have, need = config.act_words * config.act_bytes, life.size * config.act_bytes
    name = graph.tensors[life.key].name
    return FitError(
        Finding(
            "E401",
            f"{name} takes {need} bytes and finds no room beside the network's other inputs and"
            " outputs, which all have to stay in the activation buffer",
            where=name,
            have=f"{have} bytes, acts_kib = {config.acts_kib}",
            need=f"{need} bytes more than the others take",
            help="raise array.acts_kib",
        )
    )


def _total(tiled: Iterable[_Tiled]) -> tuple[int, int]:
    """Return the cycles and the beats of several layers."""
    costs = [t.cost for t in tiled]
    return sum(cycles for cycles, _ in costs), sum(beats for _, beats in costs)


def _offsets(
    flow: Flow,
    uses: Mapping[int, Use],
    words: Mapping[int, int],
    inside: Mapping[int, int],
    config: ArrayConfig,
    steps: int,
    *,
    reuse: bool,
    solver: str = "",
) -> tuple[dict[int, int], int]:
    """Return byte offsets of the tensors in memory and the size of the region."""
    stage = flow.stage_of()
    placed: list[Placed] = []
    lives: list[Life] = []
    for root, use in uses.items():
        needs = [n for n in use.read if stage.get(n) != stage.get(use.made, -1)]
        if root in inside and not needs:
            continue
        last = max((*use.read, use.made)) if reuse else steps
        first = use.made if reuse else -1
        life = Life(root, words[root] * config.act_bytes, first, last)
        lives.append(life)
        placed.append(Placed(life, first_fit(life, placed, None) or 0))
    if solver:
        placed = list(packed(lives, solver).placed)
    return {p.life.key: p.address for p in placed}, max((p.end for p in placed), default=0)
