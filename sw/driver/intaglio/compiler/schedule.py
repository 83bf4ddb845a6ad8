"""From a tiled layer to its commands, in the order in which the engines take them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from intaglio.compiler.buffers import View, transfers
from intaglio.compiler.constants import Context, LayerConstants
from intaglio.compiler.layer import Area, Layer
from intaglio.compiler.product import ProductLayer
from intaglio.compiler.product_triangle import schedule_product
from intaglio.compiler.product_vector import schedule_vectors
from intaglio.compiler.reduction import Reduction
from intaglio.compiler.tiling import Tiling, input_area
from intaglio.spec.commands import Memory, Opcode, Operation, Region
from intaglio.spec.errors import Finding, FitError
from intaglio.spec.lane import Precision
from intaglio.spec.tensor import blocks_of
from intaglio.spec.window import Window, pair_fields


def schedule_layer(context: Context, layer: Layer, tiling: Tiling) -> None:
    """Append the commands of one layer to the stream of `context`."""
    if isinstance(layer, ProductLayer):
        run = schedule_vectors if layer.vectors else schedule_product
        run(context, layer, tiling)
    else:
        _Scheduler(context, layer, tiling).run()


class _Scheduler:
    def __init__(self, context: Context, layer: Layer, tiling: Tiling) -> None:
        self._context, self._layer, self._tiling = context, layer, tiling
        self._config = context.config
        self._label = (layer.index, layer.name)
        self._reduction = Reduction.of(layer, self._config)
        self._constants = LayerConstants(context, layer, tiling)
        self._held: list[dict[int, object]] = [{} for _ in tiling.slots]
        self._turn = [0] * len(tiling.slots)

    def run(self) -> None:
        self._constants.begin()
        for strip, panel in self._parts():
            self._part(strip, panel)

    def _parts(self) -> Iterator[tuple[Area, tuple[int, int]]]:
        strips = list(self._tiling.strips(self._layer))
        panels = list(self._tiling.panels(self._layer, self._config))
        if self._tiling.panels_outer:
            yield from ((strip, panel) for panel in panels for strip in strips)
        else:
            yield from ((strip, panel) for strip in strips for panel in panels)

    def _part(self, strip: Area, panel: tuple[int, int]) -> None:
        """Load what a strip of a panel needs, compute it and store it."""
        split = len(self._tiling.chunks) > 1 and not self._is_plain(panel)
        if not split:  # constants first: unlike strips, they wait for no other layer
            self._constants.weight_fields(panel, 0)
        pieces = [a for a in (area.within(strip) for area in self._layer.areas) if a is not None]
        for piece in pieces:
            self._constants.param_fields(panel, piece.params)
        inputs = [self._input(i, strip, panel) for i in range(len(self._layer.inputs))]
        out = self._output(strip, panel)
        for piece in pieces:
            if self._layer.operation is Operation.ADD:
                self._add(piece, panel, inputs, out)
            elif split:
                self._split(piece, panel, inputs[0], out)
            else:
                self._window(piece, panel, inputs[0], out)
        home = self._context.homes[self._layer.output]
        late = self._layer.output in self._context.late and home.address >= 0
        if home.offset >= 0 and not late:
            area, planes = self._layer.stored_area(strip), self._layer.out_planes(panel)
            for fields in transfers(home, area, planes, out, self._config.bus_bytes):
                self._move(Opcode.STORE, fields)

    def _is_plain(self, panel: tuple[int, int]) -> bool:
        """Tell whether a panel of weights with excess has none, so that its sum is one chunk."""
        excess, lanes = self._layer.excess, self._config.channels
        if excess is None or len(self._tiling.chunks) > 2:
            return False
        axis = 0 if self._layer.operation is Operation.CONV else -1
        end = min(panel[1] * lanes, excess.shape[axis])
        own = np.take(excess, range(panel[0] * lanes, end), axis)
        return not own.any()

    # --- data ---

    def _move(self, opcode: Opcode, fields: dict[str, int]) -> None:
        memory = {"memory": int(Memory.ACTS)} if opcode is Opcode.LOAD else {}
        fields = {"region": int(Region.TENSORS), **memory, **fields}
        self._context.stream.append(opcode, fields, self._label)

    def _input(self, operand: int, strip: Area, panel: tuple[int, int]) -> View:
        """Return where an operand of `strip` lies, loaded if it was not there."""
        home = self._context.homes[self._layer.inputs[operand]]
        every = (0, blocks_of(self._layer.image[2], self._config.channels))
        blocks = every if self._layer.sums_channels else self._layer.in_planes(panel)
        if not self._tiling.slots[operand]:
            return View.of_home(home, blocks[0])
        area, held = input_area(self._layer, strip), self._held[operand]
        for address, key in held.items():
            if key == (area, blocks):
                return View.of_slot(address, area)
        address = self._slot(operand)
        held[address] = (area, blocks)
        view = View.of_slot(address, area)
        for fields in transfers(home, area, blocks, view, self._config.bus_bytes):
            self._move(Opcode.LOAD, fields)
        return view

    def _output(self, strip: Area, panel: tuple[int, int]) -> View:
        home = self._context.homes[self._layer.output]
        if not self._tiling.slots[-1]:
            return View.of_home(home, self._layer.out_planes(panel)[0])
        return View.of_slot(self._slot(-1), self._layer.stored_area(strip))

    def _slot(self, operand: int) -> int:
        """Return the next slot of an operand, in turn."""
        slots = self._tiling.slots[operand]
        address = slots[self._turn[operand] % len(slots)]
        self._turn[operand] += 1
        return address

    # --- commands ---

    def _compute(self, fields: dict[str, int]) -> None:
        layer = self._layer
        common = {
            "operation": int(layer.operation),
            "precision": int(layer.precision),
            "out_precision": int(layer.out_precision),
            "scaled": int(layer.scales is not None),
            "rounding": int(layer.rounding),
            "pad_value": layer.pad_value,
            "zero_point": layer.zero_point,
            "low": layer.low,
            "high": layer.high,
        }
        self._context.stream.append(Opcode.COMPUTE, common | fields, self._label)

    def _window(
        self,
        piece: Area,
        panel: tuple[int, int],
        view: View,
        out: View,
        chunk: int = 0,
        flags: Mapping[str, int] | None = None,
    ) -> None:
        """Append the windows of `piece`."""
        layer, part = self._layer, self._tiling.chunks[chunk]
        base = view.base + (part.b0 + self._group_block(panel)) * view.block
        window = Window(
            base=base,
            in_h=view.height,
            in_w=view.width,
            y0=self._first(0, piece.y0, part.r0) - view.y0,
            x0=self._first(1, piece.x0, part.s0) - view.x0,
            kernel=(part.r1 - part.r0, part.s1 - part.s0),
            stride=layer.stride,
            dilation=layer.dilation,
            out_h=piece.y1 - piece.y0,
            out_w=piece.x1 - piece.x0,
        )
        weights = self._constants.weight_fields(panel, chunk)
        params = self._constants.param_fields(panel, piece.params)
        first = 0
        for count, reduction in self._runs(panel):
            self._compute(
                window.fields(layer.operation, self._config)
                | weights
                | params
                | reduction.fields(part, local=layer.lane_group > 0)
                | {
                    "in_block": view.block,
                    "out_start": self._out_start(out, piece) + first * out.block,
                    "out_row": out.width,
                    "out_block": out.block,
                    "out_blocks": count,
                    "weight_start": weights.get("weight_start", 0)
                    + first * weights.get("weight_block", 0),
                    "param_start": params["param_start"] + first * params["param_block"],
                }
                | dict(flags or {})
            )
            first += count

    def _runs(self, panel: tuple[int, int]) -> Iterator[tuple[int, Reduction]]:
        """Yield (output blocks, their steps): the last block may be a folded one."""
        count, folded = panel[1] - panel[0], self._constants.folded
        if folded is None or panel[1] < self._constants.blocks:
            yield count, self._reduction
            return
        if count > 1:
            yield count - 1, self._reduction
        yield 1, folded

    def _group_block(self, panel: tuple[int, int]) -> int:
        """Return the first input block of the group that a panel belongs to."""
        layer = self._layer
        if layer.groups == 1 or layer.lane_group:
            return 0
        return panel[0] * layer.groups // self._constants.blocks * self._reduction.blocks

    def _out_start(self, out: View, piece: Area) -> int:
        return out.at(piece.y0, piece.x0 * self._layer.out_words)

    def _first(self, axis: int, place: int, tap: int) -> int:
        """Return the row or column that tap `tap` of window `place` reads."""
        layer = self._layer
        return place * layer.stride[axis] - layer.pads[axis] + tap * layer.dilation[axis]

    def _split(self, piece: Area, panel: tuple[int, int], view: View, out: View) -> None:
        """Append the windows of `piece`, tile by tile, each sum in chunks."""
        last = len(self._tiling.chunks) - 1
        for tile in tiles(piece, self._config.pixels):
            for chunk in range(last + 1):
                flags = {"hold": int(chunk < last), "accumulate": int(chunk > 0)}
                self._window(tile, panel, view, out, chunk, flags)

    def _add(self, piece: Area, panel: tuple[int, int], inputs: list[View], out: View) -> None:
        """Append the sum of two operands whose words lie in a row in each block."""
        count = panel[1] - panel[0]
        together = inputs[0].block == inputs[1].block
        if not together and Precision.BITS4 in (self._layer.precision, self._layer.out_precision):
            raise FitError(_apart(self._layer.name))
        starts = [view.at(piece.y0, piece.x0) for view in inputs]
        for block in range(1 if together else count):
            first, second = (s + block * v.block for s, v in zip(starts, inputs, strict=True))
            self._compute(
                pair_fields(first, second, piece.pixels)
                | {
                    "in_block": inputs[0].block,
                    "in_blocks": 1,
                    "steps": 1,
                    "last_steps": 1,
                    "out_start": out.at(piece.y0, piece.x0) + block * out.block,
                    "out_row": piece.pixels * self._layer.out_words,
                    "out_block": out.block,
                    "out_blocks": count if together else 1,
                }
                | self._constants.param_fields(panel, piece.params)
            )


def _apart(name: str) -> Finding:
    return Finding(
        "E404",
        f"{name} adds operands of which one does not stay on chip",
        where=name,
        have="operands of 4 bits in strips of different sizes",
        need="both operands on chip, or both in memory",
        help="raise array.acts_kib",
    )


def tiles(piece: Area, pixels: int) -> Iterator[Area]:
    """Yield parts of `piece` of at most `pixels` windows: whole rows, or parts of one row."""
    width = piece.x1 - piece.x0
    rows, columns = max(pixels // width, 1), min(pixels, width)
    for y in range(piece.y0, piece.y1, rows):
        for x in range(piece.x0, piece.x1, columns):
            yield Area(y, min(y + rows, piece.y1), x, min(x + columns, piece.x1), piece.params)
