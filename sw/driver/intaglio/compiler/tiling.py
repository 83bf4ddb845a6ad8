"""How a layer is cut to the buffers, as a value."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from intaglio.compiler.layer import Area, Layer
from intaglio.compiler.reduction import Chunk
from intaglio.spec.config import ArrayConfig
from intaglio.spec.tensor import blocks_of


@dataclass(frozen=True)
class Tiling:
    """How a layer is cut.

    Parameters
    ----------
    rows, columns : int
        Outputs of a strip.
    blocks : int
        Output channel blocks of a panel.
    slots : tuple of tuple of int
        For each input, then for the output: word addresses of its copies in the activation
        buffer; none where the whole tensor stays there.
    panels_outer : bool
        Whether the loop over panels is outside the one over strips.
    chunks : tuple of Chunk
        Parts of the sum, one after the other for each tile of P pixels where there are several.
    """

    rows: int
    columns: int
    blocks: int
    slots: tuple[tuple[int, ...], ...]
    panels_outer: bool
    chunks: tuple[Chunk, ...]

    def strips(self, layer: Layer) -> Iterator[Area]:
        """Yield the strips of the output, row by row."""
        height, width, _ = layer.out_image
        for y in range(0, height, self.rows):
            for x in range(0, width, self.columns):
                yield Area(y, min(y + self.rows, height), x, min(x + self.columns, width))

    def panels(self, layer: Layer, config: ArrayConfig) -> Iterator[tuple[int, int]]:
        """Yield (first, end) of the output channel blocks of each panel."""
        blocks = blocks_of(layer.out_image[2], config.channels)
        for first in range(0, blocks, self.blocks):
            yield first, min(first + self.blocks, blocks)


def input_area(layer: Layer, out: Area) -> Area:
    """Return the part of the input image that the windows of `out` read; never empty.

    Rows and columns outside the image are left to the padding of the array.
    """
    return Area(*input_edges(layer, 0, out.y0, out.y1), *input_edges(layer, 1, out.x0, out.x1))


def input_edges(layer: Layer, axis: int, first: int, end: int) -> tuple[int, int]:
    """Return first and end of :func:`input_area` along one axis, for outputs `first` to `end`."""
    size, stride = layer.image[axis], layer.stride[axis]
    start = first * stride - layer.pads[axis]
    reach = (end - 1 - first) * stride + (layer.kernel[axis] - 1) * layer.dilation[axis] + 1
    low = min(max(start, 0), size - 1)
    return low, max(min(start + reach, size), low + 1)
