"""The COMPUTE commands of a layer, or of one of its phases."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from intaglio.compiler.buffers import View
from intaglio.compiler.constants import Context, LayerConstants
from intaglio.compiler.layer import Area, Layer
from intaglio.compiler.panel import REACH
from intaglio.compiler.reduction import Chunk, Reduction
from intaglio.compiler.taps import entries, list_fields, runs_of
from intaglio.spec.commands import Opcode, Operation
from intaglio.spec.errors import Finding, FitError
from intaglio.spec.lane import Precision
from intaglio.spec.window import Window, pair_fields

Blocks = tuple[int, int]


class Source(Protocol):
    """Where the words of a piece and a chunk of taps come from."""

    def view(self, part: Windows, piece: Area, chunk: Chunk, panel: Blocks) -> View:
        """Return the view whose first plane is the first one that the chunk reads."""


@dataclass(frozen=True)
class _Run:
    """Output blocks of a panel that one command makes.

    Parameters
    ----------
    reduction : Reduction
        Their steps.
    first, count, every : int
        The first block, counted from that of the panel, how many, and from one to the next.
    plane : int
        Input plane of the first one, counted from that of the panel.
    fields : mapping
        What else the command says.
    """

    reduction: Reduction
    first: int
    count: int
    every: int = 1
    plane: int = 0
    fields: Mapping[str, int] = field(default_factory=dict)


class Windows:
    """Turns pieces of the output into commands.

    Parameters
    ----------
    context : Context
        Of the job.
    layer : Layer
        A phase, or a layer that has none.
    chunks : tuple of Chunk
        How its sums are cut.
    number : int
        Of the phase.

    Attributes
    ----------
    constants : LayerConstants
        Weights and parameters of the phase.
    """

    def __init__(
        self, context: Context, layer: Layer, chunks: tuple[Chunk, ...], number: int = 0
    ) -> None:
        self._context, self.layer, self._chunks = context, layer, chunks
        self._config = context.config
        self._reduction = Reduction.of(layer, context.config)
        self.constants = LayerConstants(context, layer, chunks, number)

    def pieces(self, strip: Area) -> list[Area]:
        """Return the parts of a strip that have one set of parameters each."""
        found = [a for a in (area.within(strip) for area in self.layer.areas) if a is not None]
        if self.layer.operation is Operation.ADD:
            return found
        columns = max(REACH // self.layer.stride[1], 1)
        return [
            Area(a.y0, a.y1, x, min(x + columns, a.x1), a.params)
            for a in found
            for x in range(a.x0, a.x1, columns)
        ]

    def prefetch(self, panel: Blocks, pieces: list[Area]) -> None:
        """Load weights and parameters of a panel, if they are not there."""
        if not self.is_split(panel):
            self.constants.weight_fields(panel, 0)
        for piece in pieces:
            self.constants.param_fields(panel, piece.params)

    def is_split(self, panel: Blocks) -> bool:
        """Tell whether the sums of a panel are cut: weights without excess need no second part."""
        excess, lanes = self.layer.excess, self._config.channels
        if len(self._chunks) == 1:
            return False
        if excess is None or len(self._chunks) > 2:
            return True
        axis = 0 if self.layer.operation is Operation.CONV else -1
        end = min(panel[1] * lanes, excess.shape[axis])
        own = np.take(excess, range(panel[0] * lanes, end), axis)
        return bool(own.any())

    def first_plane(self, chunk: Chunk, panel: Blocks) -> int:
        """Return the first input plane of a chunk, counted from the first one of the panel."""
        return chunk.b0 + self.group_block(panel)

    def group_block(self, panel: Blocks) -> int:
        """Return the first input block of the group that a panel belongs to."""
        layer = self.layer
        if layer.groups == 1 or layer.lane_group:
            return 0
        return panel[0] * layer.groups // self.constants.blocks * self._reduction.blocks

    def window(
        self,
        piece: Area,
        panel: Blocks,
        source: Source,
        out: View,
        chunk: int = 0,
        flags: Mapping[str, int] | None = None,
    ) -> None:
        """Append the windows of `piece`."""
        layer, part = self.layer, self._chunks[chunk]
        view = source.view(self, piece, part, panel)
        window = Window(
            base=view.base,
            in_h=view.height,
            in_w=view.width,
            y0=self._first(0, (piece.y0, piece.y1), (part.r0, part.r1), (view.y0, view.height)),
            x0=self._first(1, (piece.x0, piece.x1), (part.s0, part.s1), (view.x0, view.width)),
            kernel=(part.r1 - part.r0, part.s1 - part.s0),
            stride=layer.stride,
            dilation=layer.dilation,
            out_h=piece.y1 - piece.y0,
            out_w=piece.x1 - piece.x0,
        )
        weights = self.constants.weight_fields(panel, chunk)
        params = self.constants.param_fields(panel, piece.params)
        common = (
            window.fields(layer.operation, self._config)
            | weights
            | params
            | {"in_block": view.block, **self._places(out)}
            | dict(flags or {})
        )
        start = self._out_start(out, piece)
        words, size = weights.get("weight_block", 0), params["param_block"]
        for run in self._listed(panel, view.width) if layer.taps else self._runs(panel):
            self.compute(
                common
                | run.reduction.fields(part, local=layer.lane_group > 0)
                | dict(run.fields)
                | {
                    "start": common["start"] + run.plane * view.block,
                    "out_start": start + run.first * out.block,
                    "out_block": run.every * out.block,
                    "out_blocks": run.count,
                    "weight_start": weights.get("weight_start", 0) + run.first * words,
                    "weight_block": run.every * words,
                    "param_start": params["param_start"] + run.first * size,
                    "param_block": run.every * size,
                }
            )

    def _places(self, out: View) -> dict[str, int]:
        """Return the fields that say how far apart outputs lie."""
        rows, columns = self.layer.step
        return {"out_row": rows * out.width, "out_skip": (columns - 1) * self.layer.out_words}

    def _out_start(self, out: View, piece: Area) -> int:
        (rows, columns), (y, x) = self.layer.step, self.layer.origin
        place = y + piece.y0 * rows, (x + piece.x0 * columns) * self.layer.out_words
        return out.at(*place)

    def _runs(self, panel: Blocks) -> Iterator[_Run]:
        """Yield the commands of a panel: the last block may be folded, parts of channels spread."""
        (first, end), folded, spread = panel, self.constants.folded, self.layer.spread
        if spread > 1:
            part = self._config.channels // spread
            for at in range(min(spread, end - first)):
                block = first + at
                count = -(-(end - block) // spread)
                fields = {"spread": spread, "spread_channel": block % spread * part}
                plane = block // spread - first // spread
                yield _Run(self._reduction, at, count, spread, plane, fields)
            return
        if folded is None or end < self.constants.blocks:
            yield _Run(self._reduction, 0, end - first)
            return
        if end - first > 1:
            yield _Run(self._reduction, 0, end - first - 1)
        yield _Run(folded, end - first - 1, 1)

    def _listed(self, panel: Blocks, pitch: int) -> Iterator[_Run]:
        """Yield the commands of a panel whose blocks have lists of taps."""
        for first, count in runs_of(self.layer.taps, panel):
            taps = entries(self.layer.taps[first], self.layer.dilation, pitch)
            fields = list_fields(self.layer, taps, self._context, self._config)
            at = first - panel[0]
            yield _Run(self._reduction, at, count, plane=at, fields=fields)

    def _first(self, axis: int, piece: Blocks, taps: Blocks, view: Blocks) -> int:
        """Return the row or column of the view that the first tap of the first window reads.

        Where no window reads the view, a place just outside it.
        """
        layer, (start, size) = self.layer, view
        at = piece[0] * layer.stride[axis] - layer.pads[axis] + taps[0] * layer.dilation[axis]
        reach = (piece[1] - 1 - piece[0]) * layer.stride[axis]
        reach += (taps[1] - taps[0] - 1) * layer.dilation[axis] + 1
        return min(max(at - start, -reach), size)

    def split(self, piece: Area, panel: Blocks, source: Source, out: View) -> None:
        """Append the windows of `piece`, tile by tile, each sum in chunks."""
        last = len(self._chunks) - 1
        for tile in tiles(piece, self._config.pixels):
            for chunk in range(last + 1):
                flags = {"hold": int(chunk < last), "accumulate": int(chunk > 0)}
                self.window(tile, panel, source, out, chunk, flags)

    def add(self, piece: Area, panel: Blocks, inputs: list[View], out: View) -> None:
        """Append the sum of two operands whose words lie in a row in each block."""
        count = panel[1] - panel[0]
        together = inputs[0].block == inputs[1].block
        if not together and Precision.BITS4 in (self.layer.precision, self.layer.out_precision):
            raise FitError(_apart(self.layer.name))
        starts = [view.at(piece.y0, piece.x0) for view in inputs]
        for block in range(1 if together else count):
            first, second = (s + block * v.block for s, v in zip(starts, inputs, strict=True))
            self.compute(
                pair_fields(first, second, piece.pixels)
                | {
                    "in_block": inputs[0].block,
                    "in_blocks": 1,
                    "steps": 1,
                    "last_steps": 1,
                    "out_start": out.at(piece.y0, piece.x0) + block * out.block,
                    "out_row": piece.pixels * self.layer.out_words,
                    "out_block": out.block,
                    "out_blocks": count if together else 1,
                }
                | self.constants.param_fields(panel, piece.params)
            )

    def compute(self, fields: Mapping[str, int]) -> None:
        """Append a command."""
        layer = self.layer
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
        label = (layer.index, layer.name)
        self._context.stream.append(Opcode.COMPUTE, {**common, **fields}, label)


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
