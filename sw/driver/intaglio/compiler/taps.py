"""Depthwise kernels with few taps: a list of those that count, in place of the whole window."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from intaglio.compiler.layer import Layer
from intaglio.spec.commands import TAP, Memory, Operation
from intaglio.spec.config import CODES, ArrayConfig
from intaglio.spec.lane import Precision
from intaglio.spec.tap_list import Tap, pack_list
from intaglio.spec.tensor import blocks_of
from intaglio.spec.timing_compute import compute_cycles
from intaglio.spec.window import Window

if TYPE_CHECKING:
    from intaglio.compiler.constants import Context

Place = tuple[int, int]  # row and column of a tap in the kernel
TRIED = 8  # rows of windows that both forms are timed on


def suit_taps(layer: Layer, config: ArrayConfig) -> Layer:
    """Return a depthwise layer with the taps that count, where a list of them takes less time.

    The taps of a channel block are those in which any of its channels has a weight that is not 0.
    Both forms are timed by the cycle model on the first rows of the image.
    """
    if not _may(layer, config):
        return layer
    lanes, pitch = config.channels, layer.image[1]
    weights = np.asarray(layer.weights)
    lists = []
    for block in range(blocks_of(weights.shape[2], lanes)):
        used = (weights[..., block * lanes : (block + 1) * lanes] != 0).any(axis=2)
        places = [(int(y), int(x)) for y, x in np.argwhere(used)] or [(0, 0)]
        lists.append(_ordered(places, layer.dilation, pitch, config))
    taps = tuple(lists)
    words = max(-(-len(places) // config.depth) for places in taps)
    if words > config.list_words or 2 * words > config.weight_words:
        return layer
    listed = sum(_cycles(layer, config, places) for places in taps)
    dense = _cycles(layer, config, None) * len(taps)
    return replace(layer, taps=taps) if listed < dense else layer


def _may(layer: Layer, config: ArrayConfig) -> bool:
    """Tell whether the gates have lists for such a layer."""
    plain = layer.precision is layer.out_precision is Precision.BITS8
    depthwise = layer.operation is Operation.DEPTHWISE and layer.weights is not None
    if not (config.tap_list and plain and depthwise) or layer.spread > 1 or layer.edge != "zero":
        return False
    limits = {field.name: field.format.max for field in TAP.fields}
    reach = [(k - 1) * d for k, d in zip(layer.kernel, layer.dilation, strict=True)]
    jump = reach[0] * layer.image[1] + reach[1]
    fits = reach[0] <= limits["y"] and reach[1] <= limits["x"] and jump <= limits["jump"]
    return fits and layer.excess is None and layer.amounts is None


def entries(places: Sequence[Place], dilation: tuple[int, int], pitch: int) -> tuple[Tap, ...]:
    """Return the list of taps in an image whose rows are `pitch` words apart."""
    down, right = dilation
    return tuple((y * down * pitch + x * right, y * down, x * right) for y, x in places)


def _ordered(
    places: list[Place], dilation: tuple[int, int], pitch: int, config: ArrayConfig
) -> tuple[Place, ...]:
    """Return taps so that those of a request lie in different banks where they can.

    P neighbouring words from each of two taps: they share no bank where they overlap, or where
    the taps are P words apart, modulo the banks.
    """
    if config.depth == 1:
        return tuple(places)
    left, found, alone = list(places), [], []
    while left:
        first = left.pop(0)
        near = (n for n, other in enumerate(left) if _apart(first, other, dilation, pitch, config))
        second = next(near, None)
        if second is None:
            alone.append(first)
        else:
            found += [first, left.pop(second)]
    return tuple(found + alone)


def _apart(
    first: Place, second: Place, dilation: tuple[int, int], pitch: int, config: ArrayConfig
) -> bool:
    jumps = [jump for jump, _, _ in entries((first, second), dilation, pitch)]
    apart = abs(jumps[1] - jumps[0])
    return apart <= config.pixels or apart % config.banks == config.pixels


def _cycles(layer: Layer, config: ArrayConfig, places: tuple[Place, ...] | None) -> int:
    rows = min(layer.out_image[0], TRIED)
    height, width, _ = layer.image
    window = Window(
        base=0,
        in_h=height,
        in_w=width,
        y0=-layer.pads[0],
        x0=-layer.pads[1],
        kernel=layer.kernel,
        stride=layer.stride,
        dilation=layer.dilation,
        out_h=rows,
        out_w=layer.out_image[1],
    )
    return _timed(window, () if places is None else entries(places, layer.dilation, width), config)


@lru_cache(maxsize=4096)
def _timed(window: Window, taps: tuple[Tap, ...], config: ArrayConfig) -> int:
    """Return the cycles of a block of windows; `taps`: those of a list, else all."""
    single = dict.fromkeys(("in_blocks", "steps", "last_steps", "out_blocks"), 1)
    zero = dict.fromkeys(
        ("hold", "fold", "scaled", "paired", "precision", "out_precision", "listed"), 0
    )
    fields: dict[str, Any] = {
        **window.fields(Operation.DEPTHWISE, config),
        **single,
        **zero,
        "operation": int(Operation.DEPTHWISE),
    }
    if taps:
        fields |= {"listed": 1, "kernel_h": 1, "kernel_w": len(taps), "taps": taps}
    return compute_cycles(fields, config).total


def list_fields(
    layer: Layer, taps: tuple[Tap, ...], context: Context, config: ArrayConfig
) -> dict[str, int]:
    """Return the fields of a COMPUTE that reads a list, which is loaded unless it is there."""
    address = context.lists.find(taps)
    if address is None:
        words = -(-len(taps) // config.depth)
        address = context.lists.place(taps, words)
        offset = context.constants.add(pack_list(taps, config))
        where = (layer.index, layer.name)
        context.stream.load_words(Memory.TABLE, offset, words, CODES + address, where)
    return {
        **{"listed": 1, "list_start": address, "kernel_h": 1, "kernel_w": len(taps)},
        "dilation_y": max(y for _, y, _ in taps),
        "dilation_x": max(x for _, _, x in taps),
    }


def listed_weights(
    weights: npt.NDArray[Any], taps: Sequence[Sequence[Place]], lanes: int
) -> npt.NDArray[Any]:
    """Return the weights of the listed taps: 1, the longest list, C."""
    longest = max(map(len, taps))
    found = np.zeros((1, longest, weights.shape[2]), weights.dtype)
    for block, places in enumerate(taps):
        own = slice(block * lanes, (block + 1) * lanes)
        rows, columns = np.array(places).T
        found[0, : len(places), own] = weights[rows, columns, own]
    return found


def runs_of(taps: Sequence[Sequence[Place]], panel: tuple[int, int]) -> Iterator[tuple[int, int]]:
    """Yield first block and count of neighbouring blocks of a panel that have one list."""
    first = panel[0]
    for block in range(panel[0] + 1, panel[1] + 1):
        if block == panel[1] or taps[block] != taps[first]:
            yield first, block - first
            first = block
