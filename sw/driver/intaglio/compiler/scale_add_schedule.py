"""The commands of a sum of a product by channel factors and an addend."""

from __future__ import annotations

import numpy as np

from intaglio.compiler.buffers import View, transfers
from intaglio.compiler.constants import Context
from intaglio.compiler.layer import Area
from intaglio.compiler.product_schedule import APART, Panel
from intaglio.compiler.scale_add import COLUMNS, FACTORS, ScaleAddLayer, Taps
from intaglio.compiler.scale_schedule import ScaleSchedule
from intaglio.compiler.tiling import Tiling
from intaglio.compiler.weights import pack_words
from intaglio.spec.commands import Memory, Opcode, Operation, Region
from intaglio.spec.window import Window

ADDEND, SLOT = 2, 4  # places of the addend: in the inputs of the layer, in Tiling.slots


class ScaleAddSchedule(ScaleSchedule):
    """Panels of a product by factors whose taps have a second column, the addend."""

    def __init__(self, context: Context, layer: ScaleAddLayer, tiling: Tiling) -> None:
        super().__init__(context, layer, tiling)
        self._sum = layer
        depth = self._config.depth
        self._words = [
            row[at : at + depth]
            for row in layer.rows(self._config)
            for at in range(0, COLUMNS, depth)
        ]
        self._values = {
            taps: self._constant_word(taps)
            for taps in dict.fromkeys(self._words)
            if FACTORS not in taps
        }

    def _constant_word(self, taps: Taps) -> int:
        """Return where a weight word lies that gives all channels the same weights."""
        word = np.zeros((1, self._config.channels, self._config.depth), np.int8)
        word[..., : len(taps)] = [tap or 0 for tap in taps]
        return self._context.constants.add(pack_words(word, self._config))

    def _load_weights(self, panel: Panel, offset: int, bytes_apart: int) -> int:
        """Load the weights of a panel word by word; return the first one's place."""
        _, first, end = panel
        block = self._sum.words(self._config)
        address = self._context.weights.place((*self._label, *panel), (end - first) * block)
        for place, taps in enumerate(self._words):
            moved = FACTORS in taps
            fields = {
                "memory": int(Memory.WEIGHTS),
                "region": int(Region.TENSORS if moved else Region.CONSTANTS),
                "offset": offset if moved else self._values[taps],
                "row_beats": self._config.depth,
                "rows": end - first,
                "row_stride": bytes_apart if moved and end - first > 1 else 0,
                "address": address + place,
                "address_stride": block,
            }
            self._context.stream.append(Opcode.LOAD, fields, self._label)
        return address

    def _others(self, area: Area, panel: tuple[int, int]) -> tuple[View, ...]:
        """Return where the addend of an area lies, loaded if it was not there."""
        home = self._context.homes[self._sum.inputs[ADDEND]]
        if not self._tiling.slots[SLOT]:
            return (View.of_home(home, panel[0]),)
        view = View.of_slot(self._slot(SLOT), area)
        for fields in transfers(home, area, panel, view, self._config.bus_bytes):
            self._move(Opcode.LOAD, fields)
        return (view,)

    def _pixels(
        self,
        area: Area,
        views: tuple[View, ...],
        out: View,
        panel: tuple[int, int],
        weights: int,
    ) -> None:
        """Append the sums of an area, block by block where the operands lie differently."""
        source, addend = views
        count = panel[1] - panel[0]
        together = source.block == addend.block
        for block in range(1 if together else count):
            first, second = (v.at(0, area.x0) + block * v.block for v in views)
            self._compute(
                self._pairs(first, second, area.x1 - area.x0)
                | {
                    "in_block": source.block,
                    "out_start": out.at(0, area.x0) + block * out.block,
                    "out_row": out.width,
                    "out_block": out.block,
                    "out_blocks": count if together else 1,
                    "weight_start": weights + block * self._sum.words(self._config),
                }
            )

    def _pairs(self, first: int, second: int, count: int) -> dict[str, int]:
        """Return the fields of `count` windows over two operands that are read at one pixel."""
        layer, config = self._sum, self._config
        rows, outside = len(layer.rows(config)), layer.rows_outside(config)
        window = Window(
            base=first,
            in_h=rows - outside,
            in_w=count,
            y0=-outside,
            x0=0,
            kernel=(rows, COLUMNS),
            stride=(1, 1),
            dilation=(1, 0),
            out_h=1,
            out_w=count,
        )
        return (
            window.fields(Operation.DEPTHWISE, config)
            | APART
            | self._requantised(1)
            | {
                "start": first,
                "tap_y": 0,
                "tap_x": second - first,
                "pad_value": layer.outside[1],
                "weight_step": 1,
                "weight_block": layer.words(config),
            }
        )
