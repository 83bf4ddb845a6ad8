"""The commands of a product of an image and a factor for each channel."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from intaglio.compiler.buffers import View
from intaglio.compiler.constants import Context
from intaglio.compiler.layer import Area
from intaglio.compiler.panel import REACH
from intaglio.compiler.product_schedule import APART, WEIGHTS, A, B, Panel, ProductSchedule
from intaglio.compiler.scale import ScaleLayer
from intaglio.compiler.tiling import COMMAND_CYCLES, Tiling
from intaglio.compiler.weights import pack_words
from intaglio.spec.commands import Opcode, Operation
from intaglio.spec.config import ArrayConfig
from intaglio.spec.tensor import blocks_of
from intaglio.spec.window import Window


def lane_weights(config: ArrayConfig) -> npt.NDArray[np.int8]:
    """Return the weight words that give each lane its channel: (word, K, D).

    Byte n of beat h of a word is weight ``(h * K + n) % D`` of lane ``(h * K + n) // D``: the first
    weight of a lane is its channel, the others are 0.
    """
    lanes, depth = config.channels, config.depth
    words = np.zeros((depth, lanes // depth, lanes, depth), np.int8)
    for at in range(0, lanes * depth, depth):
        beat, byte = divmod(at, lanes)
        lane = at // depth
        words[beat, lane // depth, byte, lane % depth] = 1
    return words.reshape(-1, lanes, depth)


class ScaleSchedule(ProductSchedule):
    """Weights of all factors first, then panel by panel."""

    def __init__(self, context: Context, layer: ScaleLayer, tiling: Tiling) -> None:
        super().__init__(context, layer, tiling)
        self._lanes = context.constants.add(pack_words(lane_weights(self._config), self._config))

    def run(self) -> None:
        """Append all commands."""
        self.spread()
        for panel in self._tiling.panels(self._layer, self._config):
            weights = self.weights((0, *panel))
            for area in self._tiling.strips(self._layer):
                self.multiply(area, panel, weights)

    def spread(self) -> None:
        """Make weights of all factors, which pass through memory."""
        layer, config = self._layer, self._config
        blocks, beats = blocks_of(layer.out_image[2], config.channels), config.depth
        source = self._operand(A, Area(0, 1, 0, 1), (0, blocks))
        address = self._loaded("lanes", config.channels, self._lanes)
        place = self._slot(WEIGHTS)
        self._reorder(
            source.at(0, 0),
            (blocks, 1),
            (1, 1),
            blocks,
            (place, beats),
            (address, config.channels // beats),
        )
        moved = {"row_beats": blocks * beats, "rows": 1, "offset": self._context.passage}
        self._move(Opcode.STORE, moved | {"address": place})

    def weights(self, panel: Panel) -> int:
        """Load the factors of a panel as weights; return their first word."""
        each = self._config.weight_bytes
        return self._load_weights(panel, self._context.passage + panel[1] * each, each)

    def multiply(self, area: Area, panel: tuple[int, int], weights: int) -> None:
        """Multiply the pixels of an area by the factors of a panel."""
        views = (self._operand(B, area, panel), *self._others(area, panel))
        out = self._output(area, panel[0])
        for x in range(area.x0, area.x1, REACH):
            self._pixels(Area(0, 1, x, min(x + REACH, area.x1)), views, out, panel, weights)
        self._store(area, panel, out)

    def _others(self, area: Area, panel: tuple[int, int]) -> tuple[View, ...]:
        """Return where further operands of an area lie."""
        return ()

    def _pixels(
        self,
        area: Area,
        views: tuple[View, ...],
        out: View,
        panel: tuple[int, int],
        weights: int,
    ) -> None:
        """Append the products of an area."""
        layer, config, count = self._layer, self._config, area.x1 - area.x0
        (source,) = views
        window = Window(
            base=source.at(0, area.x0),
            in_h=1,
            in_w=count,
            y0=0,
            x0=0,
            kernel=(layer.tap_rows, 1),
            stride=(1, 1),
            dilation=(1, 1),
            out_h=1,
            out_w=count,
        )
        self._compute(
            window.fields(Operation.DEPTHWISE, config)
            | APART
            | self._requantised(1)
            | self._rows_of_taps(weights)
            | {
                "in_block": source.block,
                "out_start": out.at(0, area.x0),
                "out_row": out.width,
                "out_block": out.block,
                "out_blocks": panel[1] - panel[0],
            }
        )


def scale_cost(
    layer: ScaleLayer, config: ArrayConfig, tiling: Tiling, resident: tuple[bool, ...]
) -> tuple[int, int]:
    """Return about how many cycles a product by factors takes and how many beats it moves."""
    pixels, blocks = layer.out_image[1], blocks_of(layer.out_image[2], config.channels)
    panels, strips = -(-blocks // tiling.blocks), -(-pixels // tiling.columns)
    moved = sum(not stays for stays in resident[1:])
    beats = blocks * (pixels * moved + config.depth * (1 + layer.words(config)))
    tile = max(layer.words(config), config.pixels * config.drain_steps)
    compute = blocks * -(-pixels // config.pixels) * tile
    return max(beats, compute) + COMMAND_CYCLES * panels * (2 + strips), beats
