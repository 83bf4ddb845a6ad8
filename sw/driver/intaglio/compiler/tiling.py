"""How a layer is cut to the buffers, as a value."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from intaglio.compiler.layer import Area, Layer
from intaglio.compiler.reduction import Chunk
from intaglio.spec.config import ArrayConfig
from intaglio.spec.tensor import blocks_of

COMMAND_CYCLES = 32  # about what a command takes to fill and drain the pipeline


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
    chunks : tuple of tuple of Chunk
        For each phase: parts of the sum, one after the other for each tile of P pixels where there
        are several.
    resident : tuple of bool
        For each input, then for the output: it is in the activation buffer as a whole.
    streamed : bool
        The input of one tile and one chunk is on chip at a time, not that of a strip.
    """

    rows: int
    columns: int
    blocks: int
    slots: tuple[tuple[int, ...], ...]
    panels_outer: bool
    chunks: tuple[tuple[Chunk, ...], ...]
    resident: tuple[bool, ...] = ()
    streamed: bool = False

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


def input_area(layer: Layer, out: Area, chunk: Chunk | None = None) -> Area:
    """Return the part of the input image that the windows of `out` read; never empty.

    Rows and columns outside the image are left to the padding of the array, but where the image
    goes on there.

    Parameters
    ----------
    chunk : Chunk or None
        Its taps alone.
    """
    taps: tuple[tuple[int, int] | None, ...] = (None, None)
    if chunk is not None:
        taps = ((chunk.r0, chunk.r1), (chunk.s0, chunk.s1))
    rows = input_edges(layer, 0, out.y0, out.y1, taps[0])
    columns = input_edges(layer, 1, out.x0, out.x1, taps[1])
    return Area(*rows, *columns)


def input_edges(
    layer: Layer, axis: int, first: int, end: int, taps: tuple[int, int] | None = None
) -> tuple[int, int]:
    """Return first and end of :func:`input_area` along one axis, for outputs `first` to `end`."""
    if layer.phases:
        found = []
        for part in layer.phases:
            origin, step = part.origin[axis], part.step[axis]
            own = [-(-(place - origin) // step) for place in (first, end)]
            if part.macs and own[0] < own[1]:
                found.append(input_edges(part, axis, own[0], own[1]))
        return min((a for a, _ in found), default=0), max((b for _, b in found), default=1)
    size, stride, dilation = layer.image[axis], layer.stride[axis], layer.dilation[axis]
    begin, stop = taps or (0, layer.kernel[axis])
    start = first * stride - layer.pads[axis] + begin * dilation
    reach = (end - 1 - first) * stride + (stop - begin - 1) * dilation + 1
    if layer.edge != "zero":
        return start, start + reach
    low = min(max(start, 0), size - 1)
    return low, max(min(start + reach, size), low + 1)


def input_sides(layer: Layer, shape: tuple[int, int], chunks: tuple[Chunk, ...]) -> list[int]:
    """Return the most rows and columns of the input that a strip of `shape` outputs reads.

    Parameters
    ----------
    chunks : tuple of Chunk
        Where only the taps of a chunk are there at a time; else empty.
    """
    if layer.phases:
        sides = []
        for axis, size in enumerate(layer.out_image[:2]):
            step = shape[axis]
            edges = (
                input_edges(layer, axis, at, min(at + step, size)) for at in range(0, size, step)
            )
            sides.append(max(last - first for first, last in edges))
        return sides
    rows = max((c.r1 - c.r0 for c in chunks), default=layer.kernel[0])
    columns = max((c.s1 - c.s0 for c in chunks), default=layer.kernel[1])
    sides = [
        (n - 1) * layer.stride[i] + (taps - 1) * layer.dilation[i] + 1
        for i, (n, taps) in enumerate(zip(shape, (rows, columns), strict=True))
    ]
    if layer.edge != "zero":
        return sides
    return [min(side, size) for side, size in zip(sides, layer.image[:2], strict=True)]
