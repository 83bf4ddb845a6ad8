"""The bounded search of cuts beside all cuts there are: what fits is found, and how good it is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from intaglio.api.bench_random import random_shape
from intaglio.api.bench_shapes import graph_of
from intaglio.compiler import tile
from intaglio.compiler.cost import tiling_cost
from intaglio.compiler.lane import layer_of
from intaglio.compiler.layer import Layer
from intaglio.compiler.panel import panels_of
from intaglio.compiler.tiling import Tiling
from intaglio.spec.config import ArrayConfig
from intaglio.spec.errors import FitError
from intaglio.spec.presets import PRESETS

KINDS = ("conv", "depthwise", "grouped", "dilated", "add")
CASES = 40
WORST, LEAST_EQUAL = 1.25, 0.75  # of the least cost; of the cases


def every_cut(layer: Layer, config: ArrayConfig, gaps: tuple[tuple[int, int], ...]) -> list[Tiling]:
    """Return every tiling that fits: heights, widths of one row, panels, both orders."""
    height, width, _ = layer.out_image
    resident = (False,) * (len(layer.inputs) + 1)
    found = []
    for share in (4, 2):
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


@pytest.mark.parametrize("kind", KINDS)
def test_a_cut_is_found_where_one_fits_and_is_nearly_the_best(kind: str, seed: int) -> None:
    rng = np.random.default_rng([seed, KINDS.index(kind)])
    compared = equal = 0
    for _ in range(CASES):
        shape = random_shape(kind, lambda low, high: int(rng.integers(low, high + 1)))
        kib = int(rng.choice([1, 2, 4, 8]))
        config = replace(PRESETS["tiny"], name="brute", acts_kib=kib)
        layer = layer_of(graph_of(shape, "layer", 1), 0, "litert", config)
        gaps = ((0, config.act_words),)
        resident = (False,) * (len(layer.inputs) + 1)
        try:
            chosen = tile.tile_layer(layer, config, resident, gaps)
        except FitError as error:
            (finding,) = error.findings
            assert finding.code == "E401"
            assert "short by" in finding.message or "smaller" in finding.message
            assert every_cut(layer, config, gaps) == []
            continue
        cuts = every_cut(layer, config, gaps)
        if not cuts:  # the input of no output fits as a whole
            assert chosen.streamed
            continue
        best = min(tiling_cost(layer, config, cut, resident) for cut in cuts)
        own = tiling_cost(layer, config, chosen, resident)
        assert own[0] <= WORST * best[0], shape
        equal += own == best
        compared += 1
    print(f"{kind}: {equal} of {compared} cuts are the best of all")
    assert compared > CASES // 2
    assert equal > LEAST_EQUAL * compared
