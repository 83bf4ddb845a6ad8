"""How a layer is cut to the buffers: strips of pixels, panels of channels, chunks of taps."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from intaglio.compiler.cost import tiling_cost
from intaglio.compiler.layer import Layer
from intaglio.compiler.panel import panels_of
from intaglio.compiler.product import ProductLayer
from intaglio.compiler.product_tile import tile_product
from intaglio.compiler.reduction import Chunk, Reduction
from intaglio.compiler.tile_space import LeastCost, panel_sizes, strip_shapes
from intaglio.compiler.tiling import Tiling, input_sides
from intaglio.spec.config import ArrayConfig
from intaglio.spec.errors import Finding, FitError
from intaglio.spec.lane import Precision
from intaglio.spec.tensor import blocks_of

Gap = tuple[int, int]  # first free word of the activation buffer, first word past it


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
    if isinstance(layer, ProductLayer):
        return tile_product(layer, config, resident, gaps)
    shapes = dict.fromkeys(panels_of(layer, config, share) for share in (4, 2))
    found = [_fitted(layer, config, resident, gaps, *shape) for shape in shapes]
    fitting = [tiling for tiling in found if isinstance(tiling, Tiling)]
    if fitting:  # larger panels only where they save traffic
        return min(fitting, key=lambda t: tiling_cost(layer, config, t, resident)[1])
    smallest = next(words for words in found if isinstance(words, int))
    available = sum(end - first for first, end in gaps) * config.act_bytes
    short = smallest * config.act_bytes - available
    lacks = f"short by {short}" if short > 0 else "the free parts of it are smaller"
    raise FitError(
        Finding(
            "E401",
            f"{layer.name}: one output pixel needs {smallest * config.act_bytes} bytes of the"
            f" activation buffer, {lacks}",
            where=layer.name,
            have=f"{available} bytes free of acts_kib = {config.acts_kib}",
            need=f"{smallest * config.act_bytes} bytes",
            help="raise array.acts_kib",
        )
    )


def _fitted(
    layer: Layer,
    config: ArrayConfig,
    resident: tuple[bool, ...],
    gaps: tuple[Gap, ...],
    blocks: int,
    chunks: tuple[tuple[Chunk, ...], ...],
) -> Tiling | int:
    """Return the cheapest tiling with panels of at most `blocks`, or the words it would need.

    All strips and panels are compared but those whose least cost is above that of one found.
    """
    viewed, least = _viewed(layer, resident), LeastCost.of(layer, config, resident)
    best: tuple[tuple[int, int], Tiling] | None = None
    for size in panel_sizes(layer, config, blocks):
        for shape in strip_shapes(layer):
            tried = [
                copies
                for copies in (2, 1)
                if best is None or least.cycles(shape, size, copies) <= best[0][0]
            ]
            sizes = _slot_words(layer, config, shape, size) if tried else ()
            for copies in tried:
                slots = _placed(sizes, viewed, gaps, copies)
                if slots is None:
                    continue
                tiling = Tiling(*shape, size, slots, False, chunks, resident)
                for cut in (tiling, replace(tiling, panels_outer=True)):
                    cost = tiling_cost(layer, config, cut, resident)
                    best = (cost, cut) if best is None or cost < best[0] else best
    if best is not None:
        return best[1]
    streamed = _streamed(layer, config, resident, gaps, chunks)
    if streamed is not None:
        return streamed
    smallest = _slot_words(layer, config, (1, 1), panel_sizes(layer, config, blocks)[-1])
    return sum(words for words, stays in zip(smallest, viewed, strict=True) if not stays)


def _viewed(layer: Layer, resident: tuple[bool, ...]) -> tuple[bool, ...]:
    """Return which of the inputs and the output need no strip of their own.

    An image that goes on at its edges is copied where it does.
    """
    return resident if layer.edge == "zero" else (False, *resident[1:])


def _streamed(
    layer: Layer,
    config: ArrayConfig,
    resident: tuple[bool, ...],
    gaps: tuple[Gap, ...],
    chunks: tuple[tuple[Chunk, ...], ...],
) -> Tiling | None:
    """Return the tiling of a long sum whose input comes in chunks too; None: there is none."""
    plain = Precision.BITS4 not in (layer.precision, layer.out_precision)
    plain = plain and layer.scales is None and layer.weights is not None and not layer.taps
    if not plain or layer.phases or layer.edge != "zero" or resident[0]:
        return None
    width = layer.out_image[1]
    tile = (1, min(config.pixels, width))
    for taps in _shorter(chunks[0], layer, config):
        inner = max(c.b1 - c.b0 for c in taps)
        before = inner if layer.sums_channels else layer.in_planes((0, 1))[1]
        rows, columns = input_sides(layer, tile, taps)
        for outputs in dict.fromkeys((width, min(8 * config.pixels, width), tile[1])):
            after = layer.out_words * outputs
            slots = _placed((before * rows * columns, after), resident, gaps, 2)
            if slots is not None:
                return Tiling(1, outputs, 1, slots, False, (taps,), resident, streamed=True)
    return None


def _shorter(
    chunks: tuple[Chunk, ...], layer: Layer, config: ArrayConfig
) -> Iterator[tuple[Chunk, ...]]:
    """Yield the chunks, then the same cut to rows, to fewer and fewer columns, to fewer blocks."""
    depth = config.depth if Reduction.of(layer, config).wide else 1
    rows = max(c.r1 - c.r0 for c in chunks)
    columns = max(c.s1 - c.s0 for c in chunks)
    blocks = max(c.b1 - c.b0 for c in chunks)
    sizes = [(rows, columns, blocks), (1, columns, blocks)]
    while columns > depth:
        columns = max(-(-columns // 2 // depth) * depth, depth)
        sizes.append((1, columns, blocks))
    while blocks > 1:
        blocks = -(-blocks // 2)
        sizes.append((1, columns, blocks))
    for most in dict.fromkeys(sizes):
        yield tuple(
            Chunk(
                *(r, min(r + most[0], c.r1)),
                *(s, min(s + most[1], c.s1)),
                *(b, min(b + most[2], c.b1)),
                c.part,
            )
            for c in chunks
            for r in range(c.r0, c.r1, most[0])
            for s in range(c.s0, c.s1, most[1])
            for b in range(c.b0, c.b1, most[2])
        )


def _slot_words(
    layer: Layer, config: ArrayConfig, shape: tuple[int, int], blocks: int
) -> tuple[int, ...]:
    """Return the words of a strip of each input and of the output."""
    in_blocks = layer.in_planes((0, blocks))[1]
    if layer.sums_channels:
        in_blocks = blocks_of(layer.image[2], config.channels)
    sides = input_sides(layer, shape, ())
    before = in_blocks * sides[0] * sides[1]
    if len(layer.inputs) > 1 and before % config.banks == 0:
        before += 1  # operands of a sum are read together: from different banks
    after = layer.out_planes((0, blocks))[1] * shape[0] * shape[1] * layer.out_words
    return *([before] * len(layer.inputs)), after


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
