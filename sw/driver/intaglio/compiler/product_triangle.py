"""Products of a matrix, transposed, and itself: the triangle is summed, the rest is its mirror."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from intaglio.compiler.constants import Context
from intaglio.compiler.layer import Area
from intaglio.compiler.product import ProductLayer, fits_ahead
from intaglio.compiler.product_schedule import A, Panel, ProductSchedule
from intaglio.compiler.tiling import Tiling
from intaglio.compiler.weights import pack_words
from intaglio.spec.config import ArrayConfig
from intaglio.spec.tensor import blocks_of


def schedule_product(context: Context, layer: ProductLayer, tiling: Tiling) -> None:
    """Append the commands of a product.

    Where both fit the buffer, the weights of a panel are made before the one before it is used.
    """
    mirrored = mirrors(layer, context.config, tiling)
    scheduler = (TriangleSchedule if mirrored else ProductSchedule)(context, layer, tiling)
    ahead = fits_ahead(layer, context.config, tiling.blocks)
    panels = [
        (batch, *panel)
        for batch in range(layer.out_image[0])
        for panel in tiling.panels(layer, context.config)
    ]
    made: list[int] = []
    for at, panel in enumerate(panels):
        while len(made) < min(at + 1 + ahead, len(panels)):
            made.append(scheduler.weights(panels[len(made)]))
        scheduler.product(panel, made[at])


def mirror_weights(config: ArrayConfig) -> npt.NDArray[np.int8]:
    """Return the weight words that transpose K pixels of K channels: (word, K, D).

    Output block j is pixel j: its lane k takes channel j of pixel k, a tap of the row.
    """
    lanes, depth = config.channels, config.depth
    words = np.zeros((lanes, lanes, lanes // depth, lanes, depth), np.int8)
    for pixel in range(lanes):
        for lane in range(lanes):
            words[pixel, lane, pixel // depth, lane, pixel % depth] = 1
    return words.reshape(-1, lanes, depth)


def fits_mirror(layer: ProductLayer, config: ArrayConfig, blocks: int) -> bool:
    """Tell whether the weight buffer holds two whole products with all that belongs to them."""
    lanes, depth = config.channels, config.depth
    others = depth * lanes + lanes * lanes * (lanes // depth)
    return 2 * (blocks * layer.words(config) + others) <= config.weight_words


def mirrors(layer: ProductLayer, config: ArrayConfig, tiling: Tiling) -> bool:
    """Tell whether a product is symmetric, on chip as a whole, and long enough to gain by that."""
    lanes, (_, width, outputs) = config.channels, layer.out_image
    blocks = blocks_of(outputs, lanes)
    whole = tiling.blocks == blocks and tiling.columns == width and not layer.vectors
    # A mirrored block takes K pixels * K taps * K / D steps for P blocks; its sums, K / P tiles.
    long = layer.words(config) * lanes > lanes * lanes * (lanes // config.depth)
    return layer.symmetric and whole and long and fits_mirror(layer, config, blocks)


class TriangleSchedule(ProductSchedule):
    """Commands of a symmetric product that is on chip as a whole."""

    def __init__(self, context: Context, layer: ProductLayer, tiling: Tiling) -> None:
        super().__init__(context, layer, tiling)
        self._mirror = context.constants.add(pack_words(mirror_weights(self._config), self._config))

    def product(self, panel: Panel, weights: int) -> None:
        """Append a symmetric product: blocks on and below the diagonal, then their mirror images.

        What is left of block n, pixels before its own, are the channels of the pixels that are its
        own: each of K taps of a row goes to the lane of its number.
        """
        layer, config, batch = self._layer, self._config, panel[0]
        lanes, width = config.channels, layer.out_image[1]
        blocks = blocks_of(layer.out_image[2], lanes)
        area = Area(batch, batch + 1, 0, width)
        source = self._operand(A, area, (0, blocks_of(layer.image[2], lanes)))
        out = self._output(area, 0)
        block = layer.words(config)
        for n in range(blocks):
            own = replace(out, base=out.base + n * out.block)
            below = Area(batch, batch + 1, n * lanes, width)
            self._multiply(below, source, own, (n, n + 1), weights + n * block)
        mirror = lanes * lanes * (lanes // config.depth)
        address = self._loaded("mirror", mirror, self._mirror) if blocks > 1 else 0
        for n in range(1, blocks):
            self._reorder(
                out.at(batch, 0) + n * lanes,
                (n, out.block),
                (1, min(lanes, width - n * lanes)),
                n,
                (out.at(batch, 0) + n * out.block, lanes),
                (address, mirror // lanes),
            )
        self._store(area, (0, blocks), out)
