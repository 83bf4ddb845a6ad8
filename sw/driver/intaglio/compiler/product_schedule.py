"""The commands of a product of two activations."""

from __future__ import annotations

from intaglio.compiler.buffers import View, transfers
from intaglio.compiler.constants import Context
from intaglio.compiler.layer import Area, Params
from intaglio.compiler.product import ProductLayer, constant_words, order_weights
from intaglio.compiler.tiling import Tiling
from intaglio.compiler.weights import pack_params, pack_words
from intaglio.spec.commands import Memory, Opcode, Operation, Region
from intaglio.spec.config import ArrayConfig
from intaglio.spec.quant import IDENTITY, Rounding, fp32_scale
from intaglio.spec.tensor import blocks_of
from intaglio.spec.window import Window

A, B, WEIGHTS, OUT = range(4)  # places of Tiling.slots
AREAS = 2  # parts of memory that weights pass through in turn
Panel = tuple[int, int, int]  # batch, first and last + 1 output block


def passage_bytes(layer: ProductLayer, config: ArrayConfig, tiling: Tiling) -> int:
    """Return the bytes of memory that the weights of a product pass through."""
    total = blocks_of(layer.out_image[2], config.channels)
    if layer.operation is Operation.DEPTHWISE:
        return total * config.weight_bytes  # once, all of them
    panels = tiling.blocks * layer.row_words(config) * config.weight_bytes
    inner = blocks_of(layer.image[2], config.channels)
    rows = layer.out_image[1] * inner * config.channels * config.bus_bytes
    return AREAS * (rows if layer.vectors else panels)


APART = {"operation": int(Operation.DEPTHWISE), "in_blocks": 1, "steps": 1, "last_steps": 1}
"""Fields of a product whose channels are kept apart."""


class ProductSchedule:
    """What schedules of products share, and that of a product by weights."""

    def __init__(self, context: Context, layer: ProductLayer, tiling: Tiling) -> None:
        self._context, self._layer, self._tiling = context, layer, tiling
        self._config = config = context.config
        self._label = (layer.index, layer.name)
        self._turn = [0] * len(tiling.slots)
        self._passed = 0
        self._rows = layer.row_words(config)
        add = context.constants.add
        self._order = add(pack_words(order_weights(config), config))
        self._constant = add(pack_words(constant_words(layer, config), config))
        one = fp32_scale(1.0) if layer.rounding is Rounding.FP32_RNE else IDENTITY
        zero = Params.of(layer.params[0].bias * 0, (one,))
        self._params = [
            add(pack_params(params, 1, config).reshape(-1)) for params in (zero, layer.params[0])
        ]
        self._held: tuple[object, View] | None = None

    # --- the second operand becomes weights ---

    def weights(self, panel: Panel) -> int:
        """Bring the channels of a panel into order and load them; return their first word."""
        layer, config = self._layer, self._config
        batch, first, end = panel
        source = self._operand(B, Area(batch, batch + 1, 0, layer.terms), (first, end))
        words = config.depth * config.channels
        address = self._loaded("order", words, self._order)
        place = self._slot(WEIGHTS)
        ordered = self._rows * config.depth
        for block in range(end - first):
            self._reorder(
                source.at(batch, 0) + block * source.block,
                (layer.terms, 1),
                (config.depth, 1),
                self._rows,
                (place + block * ordered, config.depth),
                (address, config.channels),
            )
        offset = self._context.passage + self._passed * (
            self._tiling.blocks * self._rows * config.weight_bytes
        )
        self._passed = (self._passed + 1) % AREAS
        beats = {"row_beats": (end - first) * ordered, "rows": 1, "offset": offset}
        self._move(Opcode.STORE, beats | {"address": place})
        return self._load_weights(panel, offset, self._rows * config.weight_bytes)

    def _load_weights(self, panel: Panel, offset: int, bytes_apart: int) -> int:
        """Load weight blocks that lie `bytes_apart` in memory, once for each row of taps."""
        layer, config = self._layer, self._config
        _, first, end = panel
        block = layer.words(config)
        address = self._context.weights.place((*self._label, *panel), (end - first) * block)
        for row in range(layer.tap_rows):
            constant = row > layer.outside[0]
            region = Region.CONSTANTS if constant else Region.TENSORS
            stride = 0 if constant or end - first == 1 else bytes_apart
            fields = {
                "memory": int(Memory.WEIGHTS),
                "region": int(region),
                "offset": self._constant if constant else offset,
                "row_beats": self._rows * config.depth,
                "rows": end - first,
                "row_stride": stride,
                "address": address + row * self._rows,
                "address_stride": block,
            }
            self._context.stream.append(Opcode.LOAD, fields, self._label)
        return address

    # --- the product ---

    def product(self, panel: Panel, weights: int) -> None:
        """Multiply a batch of the first operand by the weights of a panel."""
        layer, config = self._layer, self._config
        batch, first, end = panel
        width, inner = layer.out_image[1], blocks_of(layer.image[2], config.channels)
        for x in range(0, width, self._tiling.columns):
            area = Area(batch, batch + 1, x, min(x + self._tiling.columns, width))
            source = self._operand(A, area, (0, inner))
            out = self._output(area, first)
            self._multiply(area, source, out, (first, end), weights)
            self._store(area, (first, end), out)

    def _multiply(
        self, area: Area, source: View, out: View, blocks: tuple[int, int], weights: int
    ) -> None:
        """Append the sums of an area; `out` begins with the first of its blocks."""
        layer, config = self._layer, self._config
        rows, inner = layer.tap_rows, blocks_of(layer.image[2], config.channels)
        batch, (first, end) = area.y0, blocks
        window = Window(
            base=source.at(batch, area.x0),
            in_h=1,
            in_w=area.x1 - area.x0,
            y0=0,
            x0=0,
            kernel=(rows, 1),
            stride=(1, 1),
            dilation=(1, 1),
            out_h=1,
            out_w=area.x1 - area.x0,
        )
        self._compute(
            window.fields(Operation.CONV, config)
            | self._sums(layer.image[2])
            | self._requantised(1)
            | self._rows_of_taps(weights)
            | {
                "in_block": source.block,
                "in_blocks": inner,
                "out_start": out.at(batch, area.x0),
                "out_row": out.width,
                "out_block": out.block,
                "out_blocks": end - first,
            }
        )

    def _rows_of_taps(self, weights: int, height: int = 1) -> dict[str, int]:
        """Return the fields of rows of taps that all read the same words, or lie outside the image.

        Parameters
        ----------
        weights : int
            First word.
        height : int
            Rows of the image that one row of taps reads.
        """
        layer = self._layer
        return {
            "tap_y": 0,
            "y0": -layer.outside[0] * height,
            "in_h": (layer.tap_rows - layer.outside[0]) * height,
            "pad_value": layer.outside[1],
            "weight_start": weights,
            "weight_step": 1,
            "weight_block": layer.words(self._config),
        }

    def _reorder(
        self,
        base: int,
        image: tuple[int, int],
        kernel: tuple[int, int],
        rows: int,
        out: tuple[int, int],
        weights: tuple[int, int],
    ) -> None:
        """Append a convolution that moves codes and sums none: each output word is one of taps.

        Parameters
        ----------
        base, image
            First word that is read, and the words' height and width.
        kernel, rows
            Taps of an output, which begin where those of the one above end; outputs.
        out : (int, int)
            First word that is written, and output blocks, which lie side by side.
        weights : (int, int)
            First word of the weights that choose, and words of a block.
        """
        (height, width), (start, blocks), (address, block) = image, out, weights
        window = Window(
            base=base,
            in_h=height,
            in_w=width,
            y0=0,
            x0=0,
            kernel=kernel,
            stride=(kernel[0], 1),
            dilation=(1, 1),
            out_h=rows,
            out_w=1,
        )
        self._compute(
            window.fields(Operation.CONV, self._config)
            | self._sums(self._config.channels)
            | self._requantised(0)
            | {
                "out_start": start,
                "out_row": blocks,
                "out_block": 1,
                "out_blocks": blocks,
                "weight_start": address,
                "weight_step": 1,
                "weight_block": block,
            }
        )

    def _sums(self, channels: int) -> dict[str, int]:
        """Return the fields that say how to sum over `channels`."""
        lanes, depth = self._config.channels, self._config.depth
        rest = channels - (blocks_of(channels, lanes) - 1) * lanes
        return {"in_blocks": 1, "steps": lanes // depth, "last_steps": -(-rest // depth)}

    def _requantised(self, number: int) -> dict[str, int]:
        """Return the requantiser's fields: 0: codes as they are, 1: the layer's own."""
        layer, config = self._layer, self._config
        own = {"zero_point": layer.zero_point, "low": layer.low, "high": layer.high}
        plain = {"zero_point": 0, "low": config.act.min, "high": config.act.max}
        key, ring = (layer.index, number), self._context.params
        address = ring.find(key)
        if address is None:
            address = ring.place(key, config.drain_steps)
            self._context.stream.load_words(
                Memory.PARAMS, self._params[number], config.drain_steps, address, self._label
            )
        return (own if number else plain) | {"param_start": address, "param_block": 0}

    # --- data ---

    def _operand(self, operand: int, area: Area, blocks: tuple[int, int]) -> View:
        """Return where an area of an operand lies, loaded if it was not there."""
        home = self._context.homes[self._layer.inputs[operand]]
        if not self._tiling.slots[operand]:
            return View.of_home(home, blocks[0])
        if operand == A and self._held is not None and self._held[0] == area:
            return self._held[1]
        view = View.of_slot(self._slot(operand), area)
        if operand == A:
            self._held = area, view
        for fields in transfers(home, area, blocks, view, self._config.bus_bytes):
            self._move(Opcode.LOAD, fields)
        return view

    def _output(self, area: Area, block: int) -> View:
        if not self._tiling.slots[OUT]:
            return View.of_home(self._context.homes[self._layer.output], block)
        return View.of_slot(self._slot(OUT), area)

    def _store(self, area: Area, blocks: tuple[int, int], out: View) -> None:
        home = self._context.homes[self._layer.output]
        late = self._layer.output in self._context.late and home.address >= 0
        if home.offset >= 0 and not late:
            for fields in transfers(home, area, blocks, out, self._config.bus_bytes):
                self._move(Opcode.STORE, fields)

    def _slot(self, operand: int) -> int:
        slots = self._tiling.slots[operand]
        address = slots[self._turn[operand] % len(slots)]
        self._turn[operand] += 1
        return address

    def _loaded(self, key: str, words: int, offset: int) -> int:
        ring = self._context.weights
        address = ring.find(key)
        if address is None:
            address = ring.place(key, words)
            self._context.stream.load_words(Memory.WEIGHTS, offset, words, address, self._label)
        return address

    def _move(self, opcode: Opcode, fields: dict[str, int]) -> None:
        memory = {"memory": int(Memory.ACTS)} if opcode is Opcode.LOAD else {}
        fields = {"region": int(Region.TENSORS), **memory, **fields}
        self._context.stream.append(opcode, fields, self._label)

    def _compute(self, fields: dict[str, int]) -> None:
        common = {"operation": int(Operation.CONV), "rounding": int(self._layer.rounding)}
        self._context.stream.append(Opcode.COMPUTE, common | fields, self._label)
