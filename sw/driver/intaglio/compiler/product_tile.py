"""How a product of two activations is cut to the buffers."""

from __future__ import annotations

from intaglio.compiler.product import ProductLayer, fits_ahead
from intaglio.compiler.product_vector import MOST_BLOCKS, vector_sizes
from intaglio.compiler.scale import ScaleLayer
from intaglio.compiler.scale_add import ScaleAddLayer
from intaglio.compiler.scale_schedule import scale_cost
from intaglio.compiler.tiling import COMMAND_CYCLES, Tiling
from intaglio.spec.config import ArrayConfig
from intaglio.spec.errors import Finding, FitError
from intaglio.spec.tensor import blocks_of

Gap = tuple[int, int]


def tile_product(
    layer: ProductLayer, config: ArrayConfig, resident: tuple[bool, ...], gaps: tuple[Gap, ...]
) -> Tiling:
    """Return a tiling of one batch a strip; slots are of both inputs, the weights, the output.

    Raises
    ------
    FitError
        E401: one output block finds no room.
    """
    if layer.vectors:
        return _tile_vectors(layer, config, resident, gaps)
    if isinstance(layer, ScaleLayer):
        return _tile_scale(layer, config, resident, gaps)
    total, width = blocks_of(layer.out_image[2], config.channels), layer.out_image[1]
    words = layer.words(config)
    most = next((n for n in _shares(total, 1) if fits_ahead(layer, config, n)), 1)
    if words <= config.weight_words:
        for copies in (2, 1):
            for blocks in _shares(most, 1):
                for columns in _shares(width, min(config.pixels, width)):
                    sizes = _sizes(layer, config, blocks, columns)
                    slots = _placed(sizes, (*resident[:2], False, resident[2]), gaps, copies)
                    if slots is not None:
                        return Tiling(1, columns, blocks, slots, True, ())
    need = max(words * config.weight_bytes, sum(_sizes(layer, config, 1, 1)) * config.act_bytes)
    raise _no_room(layer, config, need)


def _tile_vectors(
    layer: ProductLayer, config: ArrayConfig, resident: tuple[bool, ...], gaps: tuple[Gap, ...]
) -> Tiling:
    most = min(blocks_of(layer.out_image[2], config.channels), MOST_BLOCKS)
    for copies in (2, 1):
        for blocks in _shares(most, 1):
            sizes = vector_sizes(layer, config, blocks)
            slots = _placed(sizes, (*resident[:2], False, resident[2]), gaps, copies)
            if slots is not None:
                return Tiling(1, layer.out_image[1], blocks, slots, True, ())
    raise _no_room(layer, config, sum(vector_sizes(layer, config, 1)) * config.act_bytes)


def _tile_scale(
    layer: ScaleLayer, config: ArrayConfig, resident: tuple[bool, ...], gaps: tuple[Gap, ...]
) -> Tiling:
    """Return a tiling whose panels have as many blocks as fit, then as many pixels."""
    total, width = blocks_of(layer.out_image[2], config.channels), layer.out_image[1]
    most = next((n for n in _shares(total, 1) if fits_ahead(layer, config, n)), 1)
    for copies in (2, 1):
        for columns in _shares(width, min(config.pixels, width)):
            for blocks in _shares(most, 1):
                image = blocks * columns
                sizes: tuple[int, ...] = (total, image, total * config.depth, image)
                stays: tuple[bool, ...] = (*resident[:2], False, resident[-1])
                if isinstance(layer, ScaleAddLayer):
                    sizes, stays = (*sizes, image), (*stays, resident[2])
                slots = _placed(sizes, stays, gaps, copies)
                if slots is not None:
                    return Tiling(1, columns, blocks, slots, True, ())
    parts = len(layer.inputs) * min(config.pixels, width)
    least = (total * (1 + config.depth) + parts) * config.act_bytes
    raise _no_room(layer, config, least)


def _no_room(layer: ProductLayer, config: ArrayConfig, need: int) -> FitError:
    return FitError(
        Finding(
            "E401",
            f"{layer.name}: one block of output channels needs {need} bytes",
            where=layer.name,
            have=f"acts_kib = {config.acts_kib}, weights_kib = {config.weights_kib}",
            need=f"{need} bytes of either",
            help="raise array.acts_kib and array.weights_kib",
        )
    )


def product_cost(
    layer: ProductLayer, config: ArrayConfig, tiling: Tiling, resident: tuple[bool, ...]
) -> tuple[int, int]:
    """Return about how many cycles a product takes and how many beats it moves."""
    batches, width, outputs = layer.out_image
    if isinstance(layer, ScaleLayer):
        return scale_cost(layer, config, tiling, resident)
    if layer.vectors:
        return _vector_cost(layer, config, resident)
    blocks = blocks_of(outputs, config.channels)
    panels, strips = -(-blocks // tiling.blocks), -(-width // tiling.columns)
    rows = layer.row_words(config) * config.depth
    tiles = -(-layer.row_words(config) // config.pixels)
    order = blocks * config.depth * tiles * max(config.channels, config.drain_steps)
    steps = max(layer.words(config), config.pixels * config.drain_steps)
    compute = blocks * strips * -(-tiling.columns // config.pixels) * steps
    again = panels if strips > 1 else 1
    inputs = 0 if resident[0] else again * width * blocks_of(layer.image[2], config.channels)
    inputs += 0 if resident[1] else blocks * layer.terms
    moved = blocks * rows * (1 + layer.tap_rows)
    out = 0 if resident[2] else blocks * width
    beats = batches * (inputs + moved + out)
    cycles = batches * (order + compute + COMMAND_CYCLES * panels * (strips + tiling.blocks))
    return max(beats, cycles), beats


def _vector_cost(
    layer: ProductLayer, config: ArrayConfig, resident: tuple[bool, ...]
) -> tuple[int, int]:
    batches, rows, outputs = layer.out_image
    blocks = blocks_of(outputs, config.channels)
    first, second, spread, out = vector_sizes(layer, config, blocks)
    parts = zip((first, second, out), resident, strict=True)
    beats = sum(0 if stays else size for size, stays in parts)
    beats += spread + spread * layer.tap_rows
    compute = rows * -(-blocks // config.pixels) * layer.words(config) + spread
    return batches * max(beats, compute), batches * beats


def _shares(most: int, least: int) -> list[int]:
    """Return `most`, half of it and so on, down to `least`."""
    sizes = [most]
    while sizes[-1] > least:
        sizes.append(max(-(-sizes[-1] // 2), least))
    return sizes


def _sizes(
    layer: ProductLayer, config: ArrayConfig, blocks: int, columns: int
) -> tuple[int, int, int, int]:
    """Return the words of the first operand, of the second one, of its weights, of the output."""
    inner = blocks_of(layer.image[2], config.channels)
    ordered = layer.row_words(config) * config.depth
    return inner * columns, blocks * layer.terms, blocks * ordered, blocks * columns


def _placed(
    sizes: tuple[int, ...], stays: tuple[bool, ...], gaps: tuple[Gap, ...], copies: int
) -> tuple[tuple[int, ...], ...] | None:
    """Return word addresses of `copies` slots of each size that does not stay; None: no room."""
    free = [list(gap) for gap in gaps]
    slots: list[tuple[int, ...]] = []
    for size, stay in zip(sizes, stays, strict=True):
        own: tuple[int, ...] = ()
        for _ in range(0 if stay else copies):
            gap = next((g for g in free if g[1] - g[0] >= size), None)
            if gap is None:
                return None
            own = (*own, gap[0])
            gap[0] += size
        slots.append(own)
    return tuple(slots)
