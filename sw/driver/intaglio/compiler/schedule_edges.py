"""Images that go on past their edges: put together in the activation buffer, strip by strip.

From memory, what lies around a strip is loaded like the strip itself, pixel rows and columns from
where they are shown. Of an image on chip the array copies what a strip needs, with a kernel of one
tap and weight 1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from intaglio.compiler.buffers import Home, View
from intaglio.compiler.constants import Context
from intaglio.compiler.layer import Area, Layer, Params
from intaglio.compiler.reduction import Chunk, Reduction
from intaglio.compiler.schedule_windows import Windows
from intaglio.spec.commands import Operation
from intaglio.spec.edges import Run, edge_index, runs_of
from intaglio.spec.errors import Finding, FitError
from intaglio.spec.formats import INT8
from intaglio.spec.lane import Precision
from intaglio.spec.quant import IDENTITY
from intaglio.spec.tensor import pixel_words
from intaglio.spec.window import Window

COPIES = -1  # in the place of a phase's number
ONE = Chunk(0, 1, 0, 1, 0, 1)

Transfers = Callable[[Home, Area, tuple[int, int], View, int], list[dict[str, int]]]


def _rectangles(layer: Layer, area: Area) -> Iterator[tuple[Run, Run]]:
    """Yield rectangles of `area` whose columns, in words, lie in a row; rows do, or are one."""
    words = pixel_words(layer.precision.bits)
    height, width, _ = layer.image
    rows = edge_index(height, area.y0, area.y1, layer.edge)
    pixels = edge_index(width // words, area.x0 // words, area.x1 // words, layer.edge)
    columns = (pixels[:, None] * words + np.arange(words)).reshape(-1)
    for across in runs_of(columns, repeats=False):
        for down in runs_of(rows, repeats=True):
            yield down, across


def edge_transfers(layer: Layer) -> Transfers:
    """Return what :func:`intaglio.compiler.buffers.transfers` is for the image of `layer`."""

    def found(
        home: Home, area: Area, blocks: tuple[int, int], view: View, word_bytes: int
    ) -> list[dict[str, int]]:
        height, width, _ = home.image
        moves = []
        for block in range(blocks[1] - blocks[0]):
            plane = (blocks[0] + block) * height * width
            for down, across in _rectangles(layer, area):
                source = plane + down.source * width + across.source
                place = view.at(area.y0 + down.at, area.x0 + across.at)
                several = down.count > 1
                moves.append(
                    {
                        "offset": home.offset + source * word_bytes,
                        "row_beats": across.count,
                        "rows": down.count,
                        "row_stride": down.step * width * word_bytes if several else 0,
                        "address": place + block * view.block,
                        "address_stride": view.width if several else 0,
                    }
                )
        return moves

    return found


class EdgeCopies:
    """Copies of an image that lies in the activation buffer.

    Parameters
    ----------
    context : Context
        Of the job.
    layer : Layer
        That reads the image.
    """

    def __init__(self, context: Context, layer: Layer) -> None:
        self._context, self._layer = context, layer
        self._windows: Windows | None = None

    def run(self, home: Home, area: Area, blocks: tuple[int, int], view: View) -> None:
        """Append the commands that copy an area of `home` to `view`.

        Raises
        ------
        FitError
            E404: the lanes have no bytes.
        """
        if self._windows is None:
            self._windows = Windows(self._context, self._copy(), (ONE,), COPIES)
        windows, config = self._windows, self._context.config
        height, width, _ = home.image
        panel = (0, 1)
        constants = windows.constants.weight_fields(panel, 0)
        constants |= windows.constants.param_fields(panel, 0)
        for down, across in _rectangles(self._layer, area):
            window = Window(
                base=home.address + blocks[0] * height * width,
                in_h=height,
                in_w=width,
                y0=down.source,
                x0=across.source,
                kernel=(1, 1),
                stride=(down.step, 1),
                dilation=(1, 1),
                out_h=down.count,
                out_w=across.count,
            )
            windows.compute(
                window.fields(Operation.DEPTHWISE, config)
                | constants
                | Reduction.of(windows.layer, config).fields(ONE, local=False)
                | {
                    "in_block": height * width,
                    "out_start": view.at(area.y0 + down.at, area.x0 + across.at),
                    "out_row": view.width,
                    "out_block": view.block,
                    "out_blocks": blocks[1] - blocks[0],
                }
            )

    def _copy(self) -> Layer:
        """Return the layer of one tap that changes no byte."""
        layer, lanes = self._layer, self._context.config.lanes
        if Precision.BITS8.bits not in lanes.widths:
            raise FitError(
                Finding(
                    "E404",
                    f"{layer.name} pads an image on chip whose codes are no bytes",
                    where=layer.name,
                    have=f"lanes of {', '.join(map(str, lanes.widths))} bits",
                    need="lanes that take 8 bits",
                    help="add 8 to array.precisions, or keep the image in memory",
                )
            )
        return replace(
            layer,
            operation=Operation.DEPTHWISE,
            out_image=(1, 1, self._context.config.channels),
            params=(Params.of(np.zeros(1, np.int64), (IDENTITY,)),),
            pad_value=0,  # what the idle taps of a request read, with weight 1 too
            zero_point=0,
            low=INT8.min,
            high=INT8.max,
            areas=(Area(0, 1, 0, 1),),
            kernel=(1, 1),
            dilation=(1, 1),
            weights=None,
            excess=None,
            amounts=None,
            scales=None,
            groups=1,
            lane_group=0,
            spread=1,
            edge="zero",
            precision=Precision.BITS8,
            out_precision=Precision.BITS8,
        )
