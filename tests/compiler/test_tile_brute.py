"""The bounded search of cuts beside all cuts there are: what fits is found, and is the best."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from intaglio.api.bench_random import random_shape
from intaglio.api.bench_shapes import graph_of
from intaglio.compiler import tile
from intaglio.compiler.cost import tiling_cost
from intaglio.compiler.lane import layer_of
from intaglio.compiler.layer import Layer
from intaglio.compiler.panel import panels_of
from intaglio.compiler.tile_space import LeastCost
from intaglio.compiler.tiling import Tiling
from intaglio.spec.config import ArrayConfig
from intaglio.spec.errors import FitError
from intaglio.spec.presets import PRESETS

KINDS = ("conv", "depthwise", "grouped", "dilated", "add")
CASES = 40


def every_cut(
    layer: Layer, config: ArrayConfig, gaps: tuple[tuple[int, int], ...], share: int
) -> list[Tiling]:
    """Return every tiling that fits: heights, widths of one row, panels, both orders.

    `share`: of the weight buffer, how much a panel takes at most.
    """
    height, width, _ = layer.out_image
    resident = (False,) * (len(layer.inputs) + 1)
    found = []
    most, chunks = panels_of(layer, config, share)
    sizes = [most] if layer.sums_channels else range(1, most + 1)
    for blocks in sizes:
        for shape in _shapes(height, width):
            words = tile._slot_words(layer, config, shape, blocks)
            for copies in (1, 2):
                slots = tile._placed(words, resident, gaps, copies)
                if slots is not None:
                    cut = Tiling(*shape, blocks, slots, False, chunks)
                    found += [cut, replace(cut, panels_outer=True)]
    return found


def _shapes(height: int, width: int) -> Iterator[tuple[int, int]]:
    yield from ((n, width) for n in range(1, height + 1))
    yield from ((1, n) for n in range(1, width))


def best_of_all(
    layer: Layer, config: ArrayConfig, gaps: tuple[tuple[int, int], ...]
) -> tuple[int, int] | None:
    """Return the least cost of all cuts, None if there are none.

    Larger panels are taken only where they save traffic: they leave no room for the first weights
    of the next layer, which no cost of a layer counts.
    """
    resident = (False,) * (len(layer.inputs) + 1)
    cuts = (every_cut(layer, config, gaps, share) for share in (4, 2))
    costs = [[tiling_cost(layer, config, cut, resident) for cut in found] for found in cuts]
    return min((min(found) for found in costs if found), key=lambda cost: cost[1], default=None)


@pytest.mark.parametrize(
    "turn", [0, *(pytest.param(n, marks=pytest.mark.slow) for n in range(1, 20))]
)
@pytest.mark.parametrize("kind", KINDS)
def test_a_cut_is_found_where_one_fits_and_is_the_best(kind: str, turn: int, seed: int) -> None:
    rng = np.random.default_rng([seed, turn, KINDS.index(kind)])
    compared = 0
    for _ in range(CASES):
        shape = random_shape(kind, lambda low, high: int(rng.integers(low, high + 1)))
        kib = int(rng.choice([1, 2, 4, 8]))
        config = replace(PRESETS["tiny"], name="brute", acts_kib=kib)
        layer = layer_of(graph_of(shape, "layer", 1), 0, "litert", config)
        gaps = ((0, config.act_words),)
        resident = (False,) * (len(layer.inputs) + 1)
        best = best_of_all(layer, config, gaps)
        try:
            chosen = tile.tile_layer(layer, config, resident, gaps)
        except FitError as error:
            (finding,) = error.findings
            assert finding.code == "E401"
            assert "short by" in finding.message or "smaller" in finding.message
            assert best is None
            continue
        if best is None:  # the input of no output fits as a whole
            assert chosen.streamed
            continue
        assert tiling_cost(layer, config, chosen, resident) == best, shape
        compared += 1
    print(f"{kind}: {compared} of {compared} cuts are the best of all")
    assert compared > CASES // 2


@pytest.mark.parametrize("kind", KINDS)
def test_no_cut_costs_less_than_the_bound(kind: str, seed: int) -> None:
    rng = np.random.default_rng([seed, 77, KINDS.index(kind)])
    tight = False
    for _ in range(CASES // 4):
        shape = random_shape(kind, lambda low, high: int(rng.integers(low, high + 1)))
        config = replace(PRESETS["tiny"], name="brute", acts_kib=4)
        layer = layer_of(graph_of(shape, "layer", 1), 0, "litert", config)
        for stays in product((False, True), repeat=len(layer.inputs) + 1):
            least = LeastCost.of(layer, config, stays)
            for cut in every_cut(layer, config, ((0, config.act_words),), 2):
                cycles, _ = tiling_cost(layer, config, cut, stays)
                copies = min(len(slots) for slots in cut.slots)
                bound = least.cycles((cut.rows, cut.columns), cut.blocks, copies)
                assert bound <= cycles
                tight |= bound > 0.9 * cycles
    assert tight
