"""Constants of a layer in the form that the array reads: weight, parameter and table words."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from intaglio.compiler.layer import Layer, Params
from intaglio.compiler.reduction import Chunk, Reduction
from intaglio.compiler.taps import listed_weights
from intaglio.spec.commands import Operation
from intaglio.spec.config import CODES, ArrayConfig
from intaglio.spec.formats import ByteArray, IntArray
from intaglio.spec.lane import Precision
from intaglio.spec.tensor import blocks_of

Codes = npt.NDArray[np.int8]


def pack_weights(layer: Layer, config: ArrayConfig, chunk: Chunk) -> ByteArray:
    """Return the weight words of `chunk`, output channel block by output channel block.

    A word serves one array step: byte d of lane k is what it multiplies byte d of its activations
    with (:class:`intaglio.gateware.operands.OperandSelect`); where there is no such tap or channel
    the weight is 0. Without weights: one word of ones that serves every step.
    """
    lanes, depth = config.channels, config.depth
    if layer.weights is None:
        one = config.lanes.encode(1, layer.name) ^ config.lanes.zero
        ones = np.full((1, lanes, depth), one, np.int8)
        if layer.precision is Precision.BITS16:
            ones[..., 1::2] = 0  # high bytes
        return pack_words(ones, config)
    weights = layer.weights if layer.excess is None or not chunk.part else layer.excess
    if layer.operation is Operation.DEPTHWISE:
        part = weights[chunk.r0 : chunk.r1, chunk.s0 : chunk.s1]
        if layer.taps:
            part = listed_weights(weights, layer.taps, lanes)
        return pack_words(_depthwise(_spread(part, layer.spread, lanes), lanes, depth), config)
    reduction, folded = Reduction.of(layer, config), Reduction.folded(layer, config)
    out = layer.out_image[2]
    end = blocks_of(out, lanes) * lanes
    split = end - lanes if folded else end
    part = weights[:, chunk.r0 : chunk.r1, chunk.s0 : chunk.s1]
    padded = np.zeros((end, *part.shape[1:]), np.int8)
    padded[:out] = part
    words = [_runs(padded[:split], reduction, chunk, lanes)] if split else []
    if folded:
        words.append(_runs(padded[split:], folded, chunk, lanes))
    words = [w.reshape(-1, lanes, depth) for w in words]
    side = None
    if layer.amounts is not None:
        every = np.broadcast_to(layer.amounts, (lanes, *part.shape[1:])).astype(np.int8)
        once = _runs(every, reduction, chunk, lanes).reshape(-1, lanes, depth)[:, 0]
        side = np.tile(_amount_bits(once, config), (end // lanes, 1))
    elif layer.scales is not None:
        side = _scale_bits(layer.scales, end // lanes, config)
    return pack_words(np.concatenate(words), config, side)


def _amount_bits(amounts: Codes, config: ArrayConfig) -> ByteArray:
    """Return the side bits of (words, D) bytes of shifts."""
    lane = config.lanes
    each = _operands(amounts.astype(np.int64) & 0xFF, lane.act_bits)
    bits = each[..., None] >> np.arange(lane.amount_bits) & 1
    return bits.reshape(len(bits), -1).astype(np.uint8)


def _scale_bits(scales: IntArray, blocks: int, config: ArrayConfig) -> ByteArray:
    """Return the side bits of O, KH, KW, groups factors: a group's over the words of the group."""
    lane, lanes = config.lanes, config.channels
    out = scales.reshape(len(scales), -1)
    padded = np.zeros((blocks * lanes, out.shape[1]), np.int64)
    padded[: len(out)] = out
    groups = padded.reshape(blocks, lanes, -1).transpose(0, 2, 1)
    bits = groups[..., None] >> np.arange(lane.scale_bits) & 1
    flat = bits.reshape(-1, lanes * lane.scale_bits)
    full = np.zeros((len(flat), lane.group_steps * lane.side_bits), np.uint8)
    full[:, : flat.shape[1]] = flat
    return full.reshape(-1, lane.side_bits)


def pack_words(words: Codes, config: ArrayConfig, side: ByteArray | None = None) -> ByteArray:
    """Return the bytes in memory of words of bytes: (words, lanes, D)."""
    lane = config.lanes
    codes = words.astype(np.int64) & 0xFF
    if not lane.switched:
        codes = _operands(codes, lane.act_bits) ^ lane.zero
        codes &= (1 << lane.weight_bits) - 1
    packed = lane.pack(codes, side)
    padded = np.zeros((len(words), config.weight_bytes), np.uint8)
    padded[:, : packed.shape[1]] = packed
    return padded.reshape(-1)


def _operands(codes: IntArray, bits: int) -> IntArray:
    """Return the numbers of `bits` in bytes along the last axis."""
    if bits == 4:
        return np.stack([codes & 0xF, codes >> 4], axis=-1).reshape(*codes.shape[:-1], -1)
    if bits == 16:
        return codes[..., 0::2] | codes[..., 1::2] << 8
    return codes


def _depthwise(weights: Codes, lanes: int, depth: int) -> Codes:
    """Return the words of KH, KW, C weights, (word, K, D): D columns of a row each."""
    rows, columns, channels = weights.shape
    blocks, requests = blocks_of(channels, lanes), -(-columns // depth)
    padded = np.zeros((rows, requests * depth, blocks * lanes), np.int8)
    padded[:, :columns, :channels] = weights
    words = padded.reshape(rows, requests, depth, blocks, lanes).transpose(3, 0, 1, 4, 2)
    return np.ascontiguousarray(words).reshape(-1, lanes, depth)


def _runs(weights: Codes, reduction: Reduction, chunk: Chunk, lanes: int) -> Codes:
    """Return the words of O, KH, KW, C weights, O whole blocks: (block, word, K, D)."""
    out, rows, columns, channels = weights.shape
    depth = reduction.depth
    if reduction.paired:
        steps = [reduction.steps] * (-(-columns // depth) - 1) + [reduction.last_of(chunk)]
        parts = []
        for request, count in enumerate(steps):
            run = weights[:, :, request * depth : (request + 1) * depth].reshape(out, rows, -1)
            padded = np.zeros((out, rows, count * depth), np.int8)
            padded[..., : min(run.shape[2], count * depth)] = run[..., : count * depth]
            parts.append(padded)
        runs = np.concatenate(parts, axis=2)
    else:
        # Lane half h of a folded block reads channels h * K/2 + 0 .. K/2 - 1 of each word.
        halves = 2 if reduction.fold else 1
        width = lanes if reduction.group == lanes or reduction.fold else reduction.group
        padded = np.zeros((out, rows, columns, reduction.blocks * width), np.int8)
        padded[..., :channels] = weights
        words = padded.reshape(out, rows, columns, reduction.blocks, halves, -1)
        if reduction.fold:
            both = np.zeros_like(words[:, :, :, :, 0])
            both[: out // 2] = words[: out // 2, :, :, :, 0]
            both[out // 2 :] = words[: out // 2, :, :, :, 1]
        else:
            both = words[:, :, :, :, 0]
        runs = _cut(both, reduction, chunk)
    ordered = runs.reshape(out // lanes, lanes, -1, depth).transpose(0, 2, 1, 3)
    return np.ascontiguousarray(ordered)


def _cut(words: Codes, reduction: Reduction, chunk: Chunk) -> Codes:
    """Return the entries that the steps of `chunk` read: (O, KH, KW, entries)."""
    depth, parts = reduction.depth, []
    for block in range(chunk.b0, chunk.b1):
        steps = reduction.last_of(chunk) if block == chunk.b1 - 1 else reduction.steps
        run = words[..., block, :]
        padded = np.zeros((*run.shape[:3], steps * depth), np.int8)
        count = min(run.shape[3], steps * depth)
        padded[..., :count] = run[..., :count]
        parts.append(padded)
    return np.concatenate(parts, axis=3)


def _spread(values: npt.NDArray[Any], spread: int, lanes: int) -> npt.NDArray[Any]:
    """Return values of channels, the last axis, in the order in which lanes have them.

    Lane n * (K / m) + c of channels that are spread m times is channel c * m + n of its block.
    """
    if spread == 1:
        return values
    channels = values.shape[-1]
    padded = np.zeros((*values.shape[:-1], blocks_of(channels, lanes) * lanes), values.dtype)
    padded[..., :channels] = values
    by_channel = padded.reshape(*values.shape[:-1], -1, lanes // spread, spread)
    return by_channel.swapaxes(-1, -2).reshape(padded.shape)


def pack_params(params: Params, channels: int, config: ArrayConfig, spread: int = 1) -> ByteArray:
    """Return the parameter words: one row of bytes for each output block, one row if shared.

    Channels past the last have bias 0 and scale 0.
    """
    lanes = config.channels
    blocks = 1 if params.shared else blocks_of(channels, lanes)
    records = np.zeros(blocks * lanes, np.dtype([("b", "<i4"), ("m", "<u4"), ("s", "i1")]))
    used = slice(None) if params.shared else slice(channels)
    records["b"][used] = params.bias
    records["m"][used] = params.multiplier
    records["s"][used] = params.shift
    if not params.shared:
        records = _spread(records, spread, lanes)
    per_word = config.requant_lanes
    words = np.zeros((blocks * lanes // per_word, config.param_bytes), np.uint8)
    packed = records.view(np.uint8).reshape(-1, per_word * records.dtype.itemsize)
    words[:, : packed.shape[1]] = packed
    return words.reshape(blocks, -1)


def pack_table(table: IntArray, config: ArrayConfig) -> ByteArray:
    """Return the 256 entries of the ADD table."""
    words = np.zeros((CODES, config.table_bytes), np.uint8)
    words[:, :8] = table.astype("<i4").view(np.uint8)
    return words.reshape(-1)
