"""About what a tiling takes: enough to choose between tilings, not a cycle model."""

from __future__ import annotations

from collections import Counter

from intaglio.compiler.layer import Layer
from intaglio.compiler.product import ProductLayer
from intaglio.compiler.product_tile import product_cost
from intaglio.compiler.reduction import Reduction, whole_chunk
from intaglio.compiler.tiling import COMMAND_CYCLES, Tiling, input_edges
from intaglio.spec.config import ArrayConfig
from intaglio.spec.tensor import blocks_of
from intaglio.spec.window import tile_pixels


def weight_beats(layer: Layer, config: ArrayConfig) -> int:
    """Return the bus beats of all weights of a layer."""
    if layer.weights is None:
        return config.depth
    if layer.phases:
        return sum(weight_beats(part, config) for part in layer.phases)
    reduction = Reduction.of(layer, config)
    blocks = blocks_of(layer.out_image[2], config.channels)
    return blocks * reduction.words(whole_chunk(layer, reduction)) * config.depth


def block_cycles(layer: Layer, config: ArrayConfig, pixels: int) -> int:
    """Return the cycles of one output channel block of `pixels` windows."""
    if layer.phases:
        share = -(-pixels // len(layer.phases))
        return sum(block_cycles(part, config, share) for part in layer.phases)
    tile = tile_pixels(layer.operation, config)
    reduction = Reduction.of(layer, config)
    steps = reduction.words(whole_chunk(layer, reduction))
    return -(-pixels // tile) * max(steps, tile * config.drain_steps * layer.out_words)


def tiling_cost(
    layer: Layer, config: ArrayConfig, tiling: Tiling, resident: tuple[bool, ...]
) -> tuple[int, int]:
    """Return about how many cycles a layer takes and how many beats it moves.

    With two copies of each strip, loads, sums and stores go on at the same time, but for the
    first load and the last store; with one copy, one after the other.
    """
    if isinstance(layer, ProductLayer):
        return product_cost(layer, config, tiling, resident)
    # A strip is rows by columns, and so is what it reads: sums over strips are products of sums.
    spans = [
        _spans(layer.out_image[axis], n) for axis, n in ((0, tiling.rows), (1, tiling.columns))
    ]
    strips = len(spans[0]) * len(spans[1])
    reads = [[_length(input_edges(layer, axis, *s)) for s in spans[axis]] for axis in (0, 1)]
    panels = len(list(tiling.panels(layer, config)))
    blocks = blocks_of(layer.out_image[2], config.channels)
    in_blocks = blocks_of(layer.image[2], config.channels)
    parts = strips * panels

    spilled = sum(not stays for stays in resident[:-1])
    kept = strips <= min((len(slots) for slots in tiling.slots[:-1] if slots), default=0)
    again = panels if tiling.panels_outer and layer.sums_channels and not kept else 1
    inputs = spilled * again * sum(reads[0]) * sum(reads[1]) * in_blocks
    held = tiling.panels_outer or weight_beats(layer, config) <= config.weight_words * config.depth
    split = any(len(chunks) > 1 for chunks in tiling.chunks)
    tiles = -(-layer.out_image[0] * layer.out_image[1] // config.pixels)
    weights = weight_beats(layer, config) * (tiles if split else 1 if held else strips)

    rows, columns = (Counter(_length(span) for span in axis) for axis in spans)
    compute = blocks * sum(
        block_cycles(layer, config, high * wide) * count * times
        for high, count in rows.items()
        for wide, times in columns.items()
    )
    commands = sum(map(len, tiling.chunks)) * (blocks * tiles if split else parts)
    compute += COMMAND_CYCLES * max(commands, parts)
    planes = layer.out_planes((0, blocks))[1] * layer.out_words
    outputs = 0 if resident[-1] else planes * layer.out_image[0] * layer.out_image[1]
    if any(len(slots) == 1 for slots in tiling.slots):
        return inputs + max(weights, compute) + outputs, inputs + weights + outputs
    # Where channels are kept apart, a panel waits for its own blocks alone.
    share = in_blocks if layer.sums_channels else -(-in_blocks // panels)
    first = spilled * reads[0][0] * reads[1][0] * share
    last = 0 if resident[-1] else planes * _length(spans[0][-1]) * _length(spans[1][-1]) // panels
    cycles = max(inputs + weights + outputs, compute + first + last)
    return cycles, inputs + weights + outputs


def _spans(size: int, step: int) -> list[tuple[int, int]]:
    """Return first and end of each strip along an axis."""
    return [(first, min(first + step, size)) for first in range(0, size, step)]


def _length(span: tuple[int, int]) -> int:
    return span[1] - span[0]
