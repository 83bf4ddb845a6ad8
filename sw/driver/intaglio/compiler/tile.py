"""How a layer is cut to the buffers: strips of pixels, panels of channels, chunks of taps."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from intaglio.compiler.layer import Area, Layer
from intaglio.compiler.panel import compute_cycles, panel_of, weight_beats
from intaglio.compiler.weights import Chunk
from intaglio.spec.config import ArrayConfig
from intaglio.spec.errors import Finding, FitError
from intaglio.spec.tensor import blocks_of

Gap = tuple[int, int]  # first free word of the activation buffer, first word past it
COMMAND_CYCLES = 16  # what a command costs beside its data, for the choice of strips alone


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
    edges = []
    spans = ((out.y0, out.y1), (out.x0, out.x1))
    for axis, (first, end) in enumerate(spans):
        size, stride = layer.image[axis], layer.stride[axis]
        start = first * stride - layer.pads[axis]
        reach = (end - 1 - first) * stride + (layer.kernel[axis] - 1) * layer.dilation[axis] + 1
        low = min(max(start, 0), size - 1)
        edges.append((low, max(min(start + reach, size), low + 1)))
    return Area(*edges[0], *edges[1])


def tile_layer(
    layer: Layer, config: ArrayConfig, resident: tuple[bool, ...], gaps: tuple[Gap, ...]
) -> Tiling:
    """Return the cheapest tiling of a layer that fits.

    Parameters
    ----------
    resident : tuple of bool
        For each input, then for the output: the whole tensor stays in the activation buffer.
    gaps : tuple of Gap
        Free words of that buffer.

    Raises
    ------
    FitError
        E401 with the bytes that the smallest strip needs.
    """
    blocks, chunks = panel_of(layer, config)
    smallest = 0
    while True:
        found = _strips(layer, config, resident, gaps, blocks, chunks)
        if isinstance(found, Tiling):
            return found
        smallest = found
        if layer.sums_channels or blocks == 1:
            break
        blocks //= 2  # channels are apart: a panel needs its own input blocks alone
    available = sum(end - first for first, end in gaps) * config.act_bytes
    raise FitError(
        Finding(
            "E401",
            f"{layer.name}: one output pixel needs {smallest * config.act_bytes} bytes of the"
            f" activation buffer",
            where=layer.name,
            have=f"{available} bytes free of acts_kib = {config.acts_kib}",
            need=f"{smallest * config.act_bytes} bytes",
            help="raise array.acts_kib",
        )
    )


def _strips(
    layer: Layer,
    config: ArrayConfig,
    resident: tuple[bool, ...],
    gaps: tuple[Gap, ...],
    blocks: int,
    chunks: tuple[Chunk, ...],
) -> Tiling | int:
    """Return the cheapest tiling with panels of `blocks`, or the words of the least strip."""
    height, width, _ = layer.out_image
    rows = sorted({-(-height // n) for n in range(1, height + 1)}, reverse=True)
    columns = sorted({-(-width // n) for n in range(2, width + 1)}, reverse=True)
    kinds = ([(n, width) for n in rows], [(1, n) for n in columns])
    for shapes, copies in ((s, c) for s in kinds for c in (2, 1)):
        fitting = []
        for shape in shapes:
            sizes = _slot_words(layer, config, shape, blocks)
            slots = _placed(sizes, resident, gaps, copies)
            if slots is not None:
                tiling = Tiling(*shape, blocks, slots, False, chunks)
                fitting.append(_best_order(layer, config, tiling, resident))
        if fitting:
            return min(fitting, key=lambda pair: pair[0])[1]
    least = _slot_words(layer, config, (1, 1), blocks)
    return sum(words for words, stays in zip(least, resident, strict=True) if not stays)


def _slot_words(
    layer: Layer, config: ArrayConfig, shape: tuple[int, int], blocks: int
) -> tuple[int, ...]:
    """Return the words of a strip of each input and of the output."""
    in_blocks = blocks_of(layer.image[2], config.channels) if layer.sums_channels else blocks
    sides = [
        min((n - 1) * layer.stride[i] + (layer.kernel[i] - 1) * layer.dilation[i] + 1, size)
        for i, (n, size) in enumerate(zip(shape, layer.image[:2], strict=True))
    ]
    before = in_blocks * sides[0] * sides[1]
    return *([before] * len(layer.inputs)), blocks * shape[0] * shape[1]


def _placed(
    sizes: tuple[int, ...], resident: tuple[bool, ...], gaps: tuple[Gap, ...], copies: int
) -> tuple[tuple[int, ...], ...] | None:
    """Return word addresses of `copies` slots of each size, None if they do not fit."""
    free = [list(gap) for gap in gaps]
    slots: list[tuple[int, ...]] = [()] * len(sizes)
    for at in sorted(range(len(sizes)), key=lambda i: -sizes[i]):
        if resident[at]:
            continue
        for _ in range(copies):
            gap = next((g for g in free if g[1] - g[0] >= sizes[at]), None)
            if gap is None:
                return None
            slots[at] = (*slots[at], gap[0])
            gap[0] += sizes[at]
    return tuple(slots)


def _best_order(
    layer: Layer, config: ArrayConfig, tiling: Tiling, resident: tuple[bool, ...]
) -> tuple[float, Tiling]:
    """Return (estimated cycles, tiling) of the better order of the two loops."""
    strips, panels = list(tiling.strips(layer)), list(tiling.panels(layer, config))
    weights = weight_beats(layer, config)
    whole = tiling.blocks * len(panels)
    pixels = [input_area(layer, strip).pixels for strip in strips]
    in_blocks = blocks_of(layer.image[2], config.channels)
    spilled = len([stays for stays in resident[:-1] if not stays])
    inputs = spilled * sum(pixels) * in_blocks
    kept = len(strips) <= max((len(s) for s in tiling.slots[:-1]), default=0) or not spilled
    again = not kept and layer.sums_channels
    held = weights <= config.weight_words * config.depth
    traffic = {
        False: inputs + weights * (1 if held else len(strips)),
        True: inputs * (len(panels) if again else 1) + weights,
    }
    outer = traffic[True] < traffic[False]
    stores = 0 if resident[-1] else whole * layer.out_image[0] * layer.out_image[1]
    compute = compute_cycles(layer, config)
    parts = len(strips) * len(panels)
    load, store = traffic[outer], stores
    doubled = all(len(slots) != 1 for slots in tiling.slots)
    cycles = (
        max(load, compute, store) + (load + store) / parts if doubled else load + compute + store
    )
    return cycles + COMMAND_CYCLES * parts, replace(tiling, panels_outer=outer)
