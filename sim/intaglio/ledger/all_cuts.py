"""Small layers cut in every way that fits, beside the cut that the compiler takes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from intaglio.api.bench_random import random_shape
from intaglio.api.bench_shapes import graph_of
from intaglio.compiler.cost import tiling_cost
from intaglio.compiler.lane import layer_of
from intaglio.compiler.layer import Layer
from intaglio.compiler.panel import panels_of
from intaglio.compiler.tile import tile_layer
from intaglio.compiler.tiling import Tiling
from intaglio.ledger.entry import Verdict, judge
from intaglio.ledger.layers import TINY
from intaglio.spec.config import ArrayConfig
from intaglio.spec.errors import FitError
from intaglio.spec.tensor import blocks_of

KINDS = ("conv", "depthwise", "grouped", "dilated")
CASES, SIZES = 200, (1, 2, 4, 8)  # of each kind; KiB of activations
SHARES = (4, 2)  # of the weight buffer: larger panels are for layers that save traffic with them
STAYS = (False, False)
Cost = tuple[int, int]


def best_of_all() -> Verdict:
    """Compare the compiler's cut of random layers with all cuts, by their cost."""
    cuts = equal = total = 0
    for kind in KINDS:
        for case in range(CASES):
            costs, own = _case(kind, case)
            cuts += sum(map(len, costs))
            least = min((min(each) for each in costs if each), key=lambda c: c[1], default=None)
            equal += own == least
            total += 1
    return judge(
        equal == total,
        f"{equal} of {total} random small layers get the best of all {cuts} cuts that fit",
    )


def _case(kind: str, case: int) -> tuple[list[list[Cost]], Cost | None]:
    """Return the costs of all cuts of a random layer, and that of the compiler's, if it has one."""
    rng = np.random.default_rng([34, KINDS.index(kind), case])
    shape = random_shape(kind, lambda low, high: int(rng.integers(low, high + 1)))
    config = replace(TINY, name="cuts", acts_kib=int(rng.choice(SIZES)))
    layer = layer_of(graph_of(shape, "layer", 1), 0, "litert", config)
    costs = [_costs(layer, config, share) for share in SHARES]
    try:
        chosen = tile_layer(layer, config, STAYS, ((0, config.act_words),))
    except FitError:
        return costs, None
    return costs, None if chosen.streamed else tiling_cost(layer, config, chosen, STAYS)


def _costs(layer: Layer, config: ArrayConfig, share: int) -> list[Cost]:
    """Return the costs of all cuts that fit: strips, panels, copies of strips, orders of loops."""
    most, chunks = panels_of(layer, config, share)
    height, width, _ = layer.out_image
    shapes = [(rows, width) for rows in range(1, height + 1)]
    shapes += [(1, columns) for columns in range(1, width)]
    found = []
    for blocks in [most] if layer.sums_channels else range(1, most + 1):
        for shape in shapes:
            for copies in (1, 2):
                if copies * _words(layer, config, shape, blocks) <= config.act_words:
                    slots = (tuple(range(copies)),) * 2
                    cut = Tiling(*shape, blocks, slots, False, chunks)
                    found += [cut, replace(cut, panels_outer=True)]
    return [tiling_cost(layer, config, cut, STAYS) for cut in found]


def _words(layer: Layer, config: ArrayConfig, shape: tuple[int, int], blocks: int) -> int:
    """Return the words of a strip of outputs and of the inputs that its windows read."""
    sides = [
        min((n - 1) * layer.stride[axis] + (layer.kernel[axis] - 1) * layer.dilation[axis] + 1, own)
        for axis, (n, own) in enumerate(zip(shape, layer.image[:2], strict=True))
    ]
    inputs = blocks_of(layer.image[2], config.channels) if layer.sums_channels else blocks
    return inputs * sides[0] * sides[1] + blocks * shape[0] * shape[1]
