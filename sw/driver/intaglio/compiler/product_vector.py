"""Products of a few rows: the pixel lanes are further output channels.

A row of the first operand times R rows of N channels: where the array takes the second operand as
weights, P - 1 of its P rows of lanes stand idle, and the second operand has to be brought into the
order of weights. Here it stays as it is, an image: pixel lane p takes the channels of block p, the
taps of a row are its R rows, and channels are kept apart, as in a depthwise layer. The row becomes
the weights, each for all K lanes: the array spreads it.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from intaglio.compiler.buffers import View, transfers
from intaglio.compiler.constants import Context
from intaglio.compiler.layer import Area, Layer
from intaglio.compiler.product import ProductLayer, fits_ahead
from intaglio.compiler.product_schedule import APART, AREAS, WEIGHTS, A, B, ProductSchedule
from intaglio.compiler.tiling import Tiling
from intaglio.compiler.weights import pack_words
from intaglio.spec.commands import Opcode, Operation
from intaglio.spec.config import ArrayConfig
from intaglio.spec.tensor import blocks_of
from intaglio.spec.window import Window

MOST_ROWS = 4
MOST_BLOCKS = 255  # of a panel: rows of taps are that far apart


def suit_product(layer: Layer, config: ArrayConfig) -> Layer:
    """Return a product of few rows with its first operand as weights; all else as it is.

    Terms have to be whole weight words: the last one would read channels that are none.
    """
    if not isinstance(layer, ProductLayer) or layer.operation is not Operation.CONV:
        return layer
    rows, whole = layer.out_image[1], layer.terms % config.depth == 0
    if rows > MOST_ROWS or not whole or not fits_ahead(layer, config, rows):
        return layer
    return replace(layer, vectors=True, outside=layer.swapped[0], constant=layer.swapped[1])


def spread_weights(config: ArrayConfig) -> npt.NDArray[np.int8]:
    """Return the weight words that spread K channels: (word, K, D).

    Beat b of what comes out holds, in byte n, channel ``b // D * D + n % D``: D beats are a weight
    word whose every lane has the D channels.
    """
    lanes, depth = config.channels, config.depth
    words = np.zeros((lanes, lanes // depth, lanes, depth), np.int8)
    for beat in range(lanes):
        for lane in range(lanes):
            words[beat, beat // depth, lane, lane % depth] = 1
    return words.reshape(-1, lanes, depth)


def vector_sizes(
    layer: ProductLayer, config: ArrayConfig, blocks: int
) -> tuple[int, int, int, int]:
    """Return the words of slots: both operands, the spread rows, and the output."""
    rows, inner = layer.out_image[1], blocks_of(layer.image[2], config.channels)
    spread = rows * inner * config.channels
    return rows * inner, blocks * plane_words(layer, config), spread, rows * blocks


def plane_words(layer: ProductLayer, config: ArrayConfig) -> int:
    """Return the words from one block of the second operand to the next: an odd number of D.

    Then the words that P * D lanes ask for lie in different banks.
    """
    return (-(-layer.terms // config.depth) | 1) * config.depth


def schedule_vectors(context: Context, layer: ProductLayer, tiling: Tiling) -> None:
    """Append the commands of a product of a few rows."""
    scheduler = _Vectors(context, layer, tiling)
    for batch in range(layer.out_image[0]):
        weights = scheduler.spread(batch)
        for panel in tiling.panels(layer, context.config):
            scheduler.multiply(batch, panel, weights)


class _Vectors(ProductSchedule):
    def __init__(self, context: Context, layer: ProductLayer, tiling: Tiling) -> None:
        super().__init__(context, layer, tiling)
        self._spread = context.constants.add(pack_words(spread_weights(self._config), self._config))

    def spread(self, batch: int) -> int:
        """Make weights of the rows of a batch; return their first word."""
        layer, config = self._layer, self._config
        rows, inner = layer.out_image[1], blocks_of(layer.image[2], config.channels)
        lanes = config.channels
        source = self._operand(A, Area(batch, batch + 1, 0, rows), (0, inner))
        address = self._loaded("spread", lanes * lanes // config.depth, self._spread)
        place = self._slot(WEIGHTS)
        for row in range(rows):
            self._reorder(
                source.at(batch, row),
                (inner, source.block),
                (1, 1),
                inner,
                (place + row * inner * lanes, lanes),
                (address, lanes // config.depth),
            )
        row_bytes = inner * lanes * config.bus_bytes
        offset = self._context.passage + batch % AREAS * rows * row_bytes
        beats = {"row_beats": rows * inner * lanes, "rows": 1, "offset": offset}
        self._move(Opcode.STORE, beats | {"address": place})
        return self._load_weights((batch, 0, rows), offset, row_bytes)

    def multiply(self, batch: int, panel: tuple[int, int], weights: int) -> None:
        """Multiply the rows of a batch by the channels of a panel."""
        layer, config = self._layer, self._config
        first, end = panel
        count, rows = end - first, layer.out_image[1]
        source = self._image(batch, panel)
        area = Area(batch, batch + 1, 0, rows)
        out = self._output(area, first)
        window = Window(
            base=source.at(batch, 0),
            in_h=count,
            in_w=source.block,
            y0=0,
            x0=0,
            kernel=(layer.tap_rows, layer.terms),
            stride=(1, 1),
            dilation=(count, 1),
            out_h=count,
            out_w=1,
        )
        self._compute(
            window.fields(Operation.DEPTHWISE, config)
            | APART
            | self._requantised(1)
            | self._rows_of_taps(weights, count)
            | {
                "out_start": out.at(batch, 0),
                "out_row": out.block,
                "out_block": 1,
                "out_blocks": rows,
            }
        )
        self._store(area, panel, out)

    def _image(self, batch: int, panel: tuple[int, int]) -> View:
        """Return where the channels of a panel lie, loaded if they were not there."""
        layer, config = self._layer, self._config
        home = self._context.homes[layer.inputs[B]]
        if not self._tiling.slots[B]:
            return View.of_home(home, panel[0])
        area = Area(batch, batch + 1, 0, layer.terms)
        block = plane_words(layer, config)
        view = View(self._slot(B), 1, layer.terms, batch, 0, block)
        for fields in transfers(home, area, panel, view, config.bus_bytes):
            self._move(Opcode.LOAD, fields)
        return view
