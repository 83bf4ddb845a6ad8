"""From a tiled layer to its commands, in the order in which the engines take them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from intaglio.compiler.buffers import Home, View, transfers
from intaglio.compiler.constants import Context
from intaglio.compiler.layer import Area, Layer
from intaglio.compiler.product import ProductLayer
from intaglio.compiler.product_triangle import schedule_product
from intaglio.compiler.product_vector import schedule_vectors
from intaglio.compiler.reduction import Chunk
from intaglio.compiler.scale import ScaleLayer
from intaglio.compiler.scale_add import ScaleAddLayer
from intaglio.compiler.scale_add_schedule import ScaleAddSchedule
from intaglio.compiler.scale_schedule import ScaleSchedule
from intaglio.compiler.schedule_edges import EdgeCopies, edge_transfers
from intaglio.compiler.schedule_windows import Windows
from intaglio.compiler.tiling import Tiling, input_area
from intaglio.spec.commands import Memory, Opcode, Operation, Region
from intaglio.spec.tensor import blocks_of

Blocks = tuple[int, int]


def schedule_layer(context: Context, layer: Layer, tiling: Tiling) -> None:
    """Append the commands of one layer to the stream of `context`."""
    if layer.own_images:
        context = replace(context, homes=_homes(context, layer))
    if isinstance(layer, ScaleAddLayer):
        ScaleAddSchedule(context, layer, tiling).run()
    elif isinstance(layer, ScaleLayer):
        ScaleSchedule(context, layer, tiling).run()
    elif isinstance(layer, ProductLayer):
        run = schedule_vectors if layer.vectors else schedule_product
        run(context, layer, tiling)
    else:
        _Scheduler(context, layer, tiling).run()


def _homes(context: Context, layer: Layer) -> dict[int, Home]:
    """Return the places of all tensors, those of a layer's own in the shapes that it has."""
    homes = dict(context.homes)
    for number in layer.inputs[1:] or layer.inputs:
        homes[number] = replace(homes[number], image=layer.image)
    homes[layer.output] = replace(homes[layer.output], image=layer.out_image)
    return homes


class _Scheduler:
    def __init__(self, context: Context, layer: Layer, tiling: Tiling) -> None:
        self._context, self._layer, self._tiling = context, layer, tiling
        self._config = context.config
        self._label = (layer.index, layer.name)
        self._parts = [
            Windows(context, part, chunks, number)
            for number, (part, chunks) in enumerate(zip(layer.parts, tiling.chunks, strict=True))
        ]
        self._copies = EdgeCopies(context, layer)
        self._held: list[dict[int, object]] = [{} for _ in tiling.slots]
        self._turn = [0] * len(tiling.slots)

    def run(self) -> None:
        self._begin()
        for strip, panel in self._strips():
            self._part(strip, panel)

    def _begin(self) -> None:
        """Load the table and make room for weights that every strip reads again."""
        for part in self._parts:
            part.constants.load_table()
        words = sum(part.constants.words for part in self._parts)
        strips = sum(1 for _ in self._tiling.strips(self._layer))
        again = strips > 1 or any(len(chunks) > 1 for chunks in self._tiling.chunks)
        if again and words <= self._config.weight_words:
            self._context.weights.reserve(words)

    def _strips(self) -> Iterator[tuple[Area, Blocks]]:
        strips = list(self._tiling.strips(self._layer))
        panels = list(self._tiling.panels(self._layer, self._config))
        if self._tiling.panels_outer:
            yield from ((strip, panel) for panel in panels for strip in strips)
        else:
            yield from ((strip, panel) for strip in strips for panel in panels)

    def _part(self, strip: Area, panel: Blocks) -> None:
        """Load what a strip of a panel needs, compute it and store it."""
        owned = [(part, part.layer.own(strip)) for part in self._parts]
        work = [(part, part.pieces(own)) for part, own in owned if own is not None]
        for part, pieces in work:  # constants first: unlike strips, they wait for no other layer
            part.prefetch(panel, pieces)
        inputs = []
        if not self._tiling.streamed:
            inputs = [self._input(i, strip, panel) for i in range(len(self._layer.inputs))]
        out = self._output(strip, panel)
        for part, pieces in work:
            for piece in pieces:
                if self._layer.operation is Operation.ADD:
                    part.add(piece, panel, inputs, out)
                elif self._tiling.streamed or part.is_split(panel):
                    part.split(piece, panel, self._source(inputs, panel), out)
                else:
                    part.window(piece, panel, self._source(inputs, panel), out)
        home = self._context.homes[self._layer.output]
        late = self._layer.output in self._context.late and home.address >= 0
        if home.offset >= 0 and not late:
            area, planes = self._layer.stored_area(strip), self._layer.out_planes(panel)
            for fields in transfers(home, area, planes, out, self._config.bus_bytes):
                self._move(Opcode.STORE, fields)

    # --- data ---

    def _move(self, opcode: Opcode, fields: dict[str, int]) -> None:
        memory = {"memory": int(Memory.ACTS)} if opcode is Opcode.LOAD else {}
        fields = {"region": int(Region.TENSORS), **memory, **fields}
        self._context.stream.append(opcode, fields, self._label)

    def _blocks(self, panel: Blocks) -> Blocks:
        """Return the planes of the input that a panel reads."""
        every = (0, blocks_of(self._layer.image[2], self._config.channels))
        return every if self._layer.sums_channels else self._layer.in_planes(panel)

    def _source(self, inputs: list[View], panel: Blocks) -> _Strip | _Streamed:
        """Return what gives the words of a piece and a chunk of taps."""
        return _Streamed(self, panel) if self._tiling.streamed else _Strip(inputs[0])

    def _input(self, operand: int, strip: Area, panel: Blocks) -> View:
        """Return where an operand of `strip` lies, loaded if it was not there."""
        blocks = self._blocks(panel)
        home = self._context.homes[self._layer.inputs[operand]]
        area = input_area(self._layer, strip)
        height, width, _ = home.image
        inside = 0 <= area.y0 < area.y1 <= height and 0 <= area.x0 < area.x1 <= width
        if not self._tiling.slots[operand] or (self._tiling.resident[operand] and inside):
            return View.of_home(home, blocks[0])
        return self.load(operand, area, blocks)

    def load(self, operand: int, area: Area, blocks: Blocks) -> View:
        """Return where an area of an operand lies in one of its slots, loaded if it was not."""
        home, held = self._context.homes[self._layer.inputs[operand]], self._held[operand]
        for address, key in held.items():
            if key == (area, blocks):
                return View.of_slot(address, area)
        address = self._slot(operand)
        held[address] = (area, blocks)
        view = View.of_slot(address, area)
        if self._tiling.resident[operand]:
            self._copies.run(home, area, blocks, view)
            return view
        moves = transfers if self._layer.edge == "zero" else edge_transfers(self._layer)
        for fields in moves(home, area, blocks, view, self._config.bus_bytes):
            self._move(Opcode.LOAD, fields)
        return view

    def streamed(self, part: Windows, piece: Area, chunk: Chunk, panel: Blocks) -> View:
        """Return where the input of a piece and a chunk of taps lies."""
        first, end = self._blocks(panel)
        if self._layer.sums_channels:
            first, end = (part.group_block(panel) + n for n in (chunk.b0, chunk.b1))
        return self.load(0, input_area(part.layer, piece, chunk), (first, end))

    def _output(self, strip: Area, panel: Blocks) -> View:
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


class _Strip:
    """The input of a strip, all of it in one place."""

    def __init__(self, view: View) -> None:
        self._view = view

    def view(self, part: Windows, piece: Area, chunk: Chunk, panel: Blocks) -> View:
        """Return the view of a piece's input whose first plane is that of the chunk."""
        first = part.first_plane(chunk, panel)
        return self._view.from_plane(first).narrowed(input_area(part.layer, piece, chunk))


class _Streamed:
    """Input that is loaded for each piece and chunk of taps."""

    def __init__(self, scheduler: _Scheduler, panel: Blocks) -> None:
        self._scheduler, self._panel = scheduler, panel

    def view(self, part: Windows, piece: Area, chunk: Chunk, panel: Blocks) -> View:
        """Return the view of a piece's input, loaded if it was not there."""
        return self._scheduler.streamed(part, piece, chunk, panel)
