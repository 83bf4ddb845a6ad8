"""About what a tiling takes: enough to choose between tilings, not a cycle model."""

from __future__ import annotations

from collections import Counter

from intaglio.compiler.layer import Layer
from intaglio.compiler.product import ProductLayer
from intaglio.compiler.product_tile import product_cost
from intaglio.compiler.reduction import Reduction, whole_chunk
from intaglio.compiler.tiling import Tiling, input_area
from intaglio.spec.config import ArrayConfig
from intaglio.spec.tensor import blocks_of
from intaglio.spec.window import tile_pixels

COMMAND_CYCLES = 32  # to fill and drain the pipeline once for each command


def weight_beats(layer: Layer, config: ArrayConfig) -> int:
    """Return the bus beats of all weights of a layer."""
    if layer.weights is None:
        return config.depth
    reduction = Reduction.of(layer, config)
    blocks = blocks_of(layer.out_image[2], config.channels)
    return blocks * reduction.words(whole_chunk(layer, reduction)) * config.depth


def block_cycles(layer: Layer, config: ArrayConfig, pixels: int) -> int:
    """Return the cycles of one output channel block of `pixels` windows."""
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
    strips = list(tiling.strips(layer))
    panels = len(list(tiling.panels(layer, config)))
    blocks = blocks_of(layer.out_image[2], config.channels)
    in_blocks = blocks_of(layer.image[2], config.channels)
    parts = len(strips) * panels

    read = [input_area(layer, strip).pixels * in_blocks for strip in strips]
    spilled = sum(not stays for stays in resident[:-1])
    kept = len(strips) <= min((len(slots) for slots in tiling.slots[:-1] if slots), default=0)
    again = panels if tiling.panels_outer and layer.sums_channels and not kept else 1
    inputs = spilled * again * sum(read)
    held = tiling.panels_outer or weight_beats(layer, config) <= config.weight_words * config.depth
    split = len(tiling.chunks) > 1
    tiles = -(-layer.out_image[0] * layer.out_image[1] // config.pixels)
    weights = weight_beats(layer, config) * (tiles if split else 1 if held else len(strips))

    sizes = Counter(strip.pixels for strip in strips)
    each = (block_cycles(layer, config, size) * count for size, count in sizes.items())
    compute = sum(each) * blocks
    commands = len(tiling.chunks) * (blocks * tiles if split else parts)
    compute += COMMAND_CYCLES * max(commands, parts)
    planes = layer.out_planes((0, blocks))[1] * layer.out_words
    out = [0 if resident[-1] else planes * strip.pixels for strip in strips]
    if any(len(slots) == 1 for slots in tiling.slots):
        return inputs + max(weights, compute) + sum(out), inputs + weights + sum(out)
    first, last = spilled * read[0], out[-1] // panels
    cycles = max(inputs + weights + sum(out), compute + first + last)
    return cycles, inputs + weights + sum(out)
