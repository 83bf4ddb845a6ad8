"""How the weights of a layer are cut to the weight buffer."""

from __future__ import annotations

from dataclasses import replace

from intaglio.compiler.layer import Layer
from intaglio.compiler.reduction import Chunk, Reduction, whole_chunk
from intaglio.spec.commands import PLACE
from intaglio.spec.config import ArrayConfig
from intaglio.spec.errors import Finding, FitError
from intaglio.spec.lane import Precision
from intaglio.spec.tensor import blocks_of

REACH = PLACE.max // 2  # columns that the windows of a tile may span

KIB = 1024  # bytes


def panel_of(layer: Layer, config: ArrayConfig, share: int = 2) -> tuple[int, tuple[Chunk, ...]]:
    """Return the output channel blocks of a panel and the chunks of its sum.

    A panel takes at most half of the weight buffer, so that the next one can be loaded meanwhile.
    Where not even one output block does, it takes the whole buffer, or its sum is cut into
    chunks: an output of one tile reads each chunk once, a larger one reads it again for every
    tile.

    Parameters
    ----------
    share : int
        A panel of several blocks takes at most one part of `share` of the weight buffer: with 4,
        the first panel of the next layer fits beside the last ones of this layer.

    Raises
    ------
    FitError
        E401: the weight or parameter buffer is too small for one output block.
    """
    reduction = Reduction.of(layer, config)
    full = whole_chunk(layer, reduction)
    total = most = blocks_of(layer.out_image[2], config.channels)
    pairs = total > 1 and Precision.BITS4 in (layer.precision, layer.out_precision)
    if not layer.params[0].shared:
        most = min(most, config.param_words // config.drain_steps)
        if most == 0:
            raise _too_small(layer, config, "params_kib", config.drain_steps * config.param_bytes)
    words, half = reduction.words(full), config.weight_words // 2
    long = most_columns(layer, config) < layer.kernel[1]
    pixels = layer.out_image[0] * layer.out_image[1]
    chunks: tuple[Chunk, ...] = (full,)
    if layer.weights is not None and words <= half and not long:
        most = min(most, max(config.weight_words // share // words, 1))
    elif layer.weights is not None:
        most = 1
        one_tile = pixels <= config.pixels and layer.sums_channels
        if pairs:
            most = 2
            if 2 * words > config.weight_words:
                raise _too_small(layer, config, "weights_kib", 2 * words * config.weight_bytes)
        elif layer.scales is not None:
            if words > config.weight_words:
                raise _too_small(layer, config, "weights_kib", words * config.weight_bytes)
        elif words > config.weight_words or one_tile or long:
            chunks = _chunks(layer, config, reduction, half)
    if layer.excess is not None:
        most = 1
        chunks = tuple(replace(chunk, part=part) for chunk in chunks for part in range(2))
    return _even(layer, total, most, pairs=pairs), chunks


def _even(layer: Layer, total: int, most: int, *, pairs: bool) -> int:
    """Return the blocks of each of the fewest panels of at most `most`, all of like sizes."""
    if layer.groups > 1 and not layer.lane_group:
        own = total // layer.groups  # a panel stays within the blocks of a group
        return max(n for n in range(1, min(most, own) + 1) if own % n == 0)
    if layer.spread > 1 and most < total:  # whole input blocks, or even parts of one
        return max(n for n in range(1, most + 1) if 0 in (n % layer.spread, layer.spread % n))
    if pairs:  # blocks of 4 bits share their words two by two
        most = max(most // 2 * 2, 2)
        return min(-(-total // -(-total // most) // 2) * 2, most)
    return -(-total // -(-total // most))


def panels_of(
    layer: Layer, config: ArrayConfig, share: int = 2
) -> tuple[int, tuple[tuple[Chunk, ...], ...]]:
    """Return :func:`panel_of` with the chunks of each phase.

    The layer is like its largest phase, so that its blocks suit all of them.

    Raises
    ------
    FitError
        E401: as :func:`panel_of`.
    """
    blocks, chunks = panel_of(layer, config, share)
    if not layer.phases:
        return blocks, (chunks,)
    return blocks, tuple(panel_of(part, config, share)[1] for part in layer.phases)


def _chunks(
    layer: Layer, config: ArrayConfig, reduction: Reduction, most: int
) -> tuple[Chunk, ...]:
    """Return chunks of at most `most` weight words: of whole rows, of taps or of blocks."""
    full = whole_chunk(layer, reduction)
    wide, depth = most_columns(layer, config), config.depth if reduction.wide else 1
    sizes = [(n, full.s1, full.b1) for n in range(full.r1, 0, -1) if full.s1 <= wide]
    sizes += [
        (1, n, full.b1)
        for n in range(min(full.s1, wide), 0, -1)
        if n % depth == 0 or n < depth or n == full.s1
    ]
    sizes += [(1, 1, n) for n in range(full.b1, 0, -1)]
    for rows, columns, blocks in sizes:
        first = Chunk(0, rows, 0, columns, full.b1 - blocks, full.b1)
        whole = Chunk(0, rows, 0, columns, 0, blocks)
        words = max(reduction.words(first), reduction.words(whole))
        if words <= most:
            return tuple(
                Chunk(
                    r,
                    min(r + rows, full.r1),
                    s,
                    min(s + columns, full.s1),
                    b,
                    min(b + blocks, full.b1),
                )
                for r in range(0, full.r1, rows)
                for s in range(0, full.s1, columns)
                for b in range(0, full.b1, blocks)
            )
    least = 2 * reduction.steps
    raise _too_small(layer, config, "weights_kib", least * config.weight_bytes)


def most_columns(layer: Layer, config: ArrayConfig) -> int:
    """Return the tap columns of a chunk whose windows have places that a command can name."""
    tile = (config.pixels - 1) * layer.stride[1]
    return max((REACH - tile - 1) // max(layer.dilation[1], 1) + 1, 1)


def _too_small(layer: Layer, config: ArrayConfig, key: str, need: int) -> FitError:
    have = getattr(config, key) * KIB
    return FitError(
        Finding(
            "E401",
            f"{layer.name}: one block of output channels needs {need} bytes of {key}, short by "
            f"{need - have}",
            where=layer.name,
            have=f"{have} bytes, {key} = {getattr(config, key)}",
            need=f"{need} bytes",
            help=f"raise array.{key}",
        )
    )
