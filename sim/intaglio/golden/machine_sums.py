"""Accumulators of each operation of the golden machine."""

from __future__ import annotations

import numpy as np

from intaglio.golden.machine_lane import (
    Numbers,
    act_values,
    paired_words,
    products,
    side_bits,
    weight_values,
)
from intaglio.golden.machine_move import Buffers
from intaglio.golden.machine_read import (
    Fields,
    channel_run,
    paired_run,
    read_block,
    require_words,
    taps_of,
    wide_taps,
)
from intaglio.spec.config import CODES, ArrayConfig
from intaglio.spec.formats import BYTE, ByteArray, IntArray
from intaglio.spec.lane import Precision
from intaglio.spec.tap_list import Tap, unpack_list


def _weights(
    fields: Fields, config: ArrayConfig, buffers: Buffers, words: int, bits: int
) -> Numbers:
    """Return the weights of each (output block, word, operand, lane)."""
    at = (
        fields["weight_start"]
        + np.arange(fields["out_blocks"])[:, None] * fields["weight_block"]
        + np.arange(words)[None] * fields["weight_step"]
    )
    require_words(at, buffers.weights.shape[0], "weight")
    return weight_values(buffers.weights[at], config, bits)


def _bits(fields: Fields) -> int:
    return Precision(fields["precision"]).bits


def conv_sums(fields: Fields, config: ArrayConfig, buffers: Buffers) -> IntArray:
    """Return the accumulators (output block, window, lane)."""
    taps = taps_of(fields)
    blocks = fields["out_blocks"]
    if fields["paired"]:
        runs = paired_run(fields, config, buffers, taps)
    else:
        runs = channel_run(fields, config, buffers, taps, 0)
    weights = _weights(fields, config, buffers, runs.shape[1] // config.depth, _bits(fields))
    weights = weights.reshape(blocks, -1, config.channels)
    acc = []
    for block in range(blocks):
        if fields["local"] and block:
            runs = channel_run(fields, config, buffers, taps, block)
        acts = act_values(runs, _bits(fields))
        if config.group_scale == "shift":
            amounts = _amounts(fields, config, buffers, block, acts.shape[1])
            acts = acts << amounts[:, None]
        if fields["scaled"]:
            acc.append(_scaled(acts, weights[block], _scales(fields, config, buffers, block)))
        else:
            acc.append(products(acts, weights[block]))
    sums = np.stack(acc)
    return _folded(sums) if fields["fold"] else sums


def _side(
    fields: Fields, config: ArrayConfig, buffers: Buffers, block: int, words: int
) -> ByteArray:
    """Return the side bits of the words of an output block: (words, side_bits)."""
    step = np.arange(words) * fields["weight_step"]
    at = fields["weight_start"] + block * fields["weight_block"] + step
    return side_bits(buffers.weights[at], config)


def _amounts(
    fields: Fields, config: ArrayConfig, buffers: Buffers, block: int, operands: int
) -> IntArray:
    """Return the shift of each operand of a sum: (operands,)."""
    words = operands // config.lanes.operands(_bits(fields))
    bits = _side(fields, config, buffers, block, words)
    each = bits.reshape(operands, config.lanes.amount_bits)
    return np.asarray(each @ (1 << np.arange(config.lanes.amount_bits)), np.int64)


def _scales(fields: Fields, config: ArrayConfig, buffers: Buffers, block: int) -> IntArray:
    """Return the factor of each group and lane."""
    lane = config.lanes
    row = (fields["in_blocks"] - 1) * fields["steps"] + fields["last_steps"]
    words = fields["kernel_h"] * fields["kernel_w"] * row
    bits = _side(fields, config, buffers, block, words).reshape(words // lane.group_steps, -1)
    each = bits[:, : config.channels * lane.scale_bits].reshape(len(bits), config.channels, -1)
    return np.asarray(each @ (1 << np.arange(lane.scale_bits)), np.int64)


def _scaled(acts: Numbers, weights: Numbers, scales: IntArray) -> IntArray:
    """Return the sum over groups of the group's sum times its factor."""
    size = acts.shape[1] // len(scales)
    total = np.zeros((acts.shape[0], weights.shape[1]), np.int64)
    for group, factors in enumerate(scales):
        part = slice(group * size, (group + 1) * size)
        total += products(acts[:, part], weights[part]) * factors
    return total


def _folded(sums: IntArray) -> IntArray:
    half = sums.shape[2] // 2
    folded = np.zeros_like(sums)
    folded[..., :half] = sums[..., :half] + sums[..., half:]
    return folded


def _listed(fields: Fields, config: ArrayConfig, buffers: Buffers) -> tuple[Tap, ...]:
    """Return the taps of the list that a command names."""
    if not fields["listed"]:
        return ()
    words = buffers.table[CODES + fields["list_start"] :]
    return unpack_list(words, fields["kernel_w"], config)


def depthwise_sums(fields: Fields, config: ArrayConfig, buffers: Buffers) -> IntArray:
    """Return the sums of each channel by itself: a word of weights holds D taps of a row."""
    taps = taps_of(fields, _listed(fields, config, buffers))
    words = fields["kernel_h"] * -(-fields["kernel_w"] // config.depth)
    bits = _bits(fields) if fields["precision"] == Precision.BITS16 else BYTE
    weights = _weights(fields, config, buffers, words, bits).astype(np.int64)
    acc = []
    for block in range(fields["out_blocks"]):
        codes = wide_taps(fields, config, read_block(fields, buffers, taps, block))
        if fields["precision"] == Precision.BITS16:
            codes = paired_words(codes)
        if fields["spread"]:
            part = config.channels // fields["spread"]
            codes = codes[..., fields["spread_channel"] + np.arange(config.channels) % part]
        codes = codes.reshape(len(codes), words, -1, config.channels).astype(np.int64)
        if config.group_scale == "shift":
            operands = words * codes.shape[2]
            amounts = _amounts(fields, config, buffers, block, operands)
            codes = codes << amounts.reshape(words, -1, 1)
        acc.append(np.einsum("mwdk,wdk->mk", codes, weights[block]))
    return np.stack(acc)


def max_codes(fields: Fields, config: ArrayConfig, buffers: Buffers) -> IntArray:
    """Return the greatest code of each (output block, window, lane)."""
    taps = taps_of(fields)
    acc = []
    for block in range(fields["out_blocks"]):
        codes = wide_taps(fields, config, read_block(fields, buffers, taps, block))
        acc.append(codes.max(axis=(1, 2, 3)).astype(np.int64))
    return np.stack(acc)


def table_sums(fields: Fields, config: ArrayConfig, buffers: Buffers) -> IntArray:
    """Return the sums of the table's values of two codes."""
    taps = taps_of(fields)
    values = np.ascontiguousarray(buffers.table[:CODES, :8]).view("<i4").astype(np.int64)
    sums = []
    for block in range(fields["out_blocks"]):
        codes = read_block(fields, buffers, taps, block).astype(np.int64) + len(values) // 2
        sums.append(values[codes[:, 0], 0] + values[codes[:, 1], 1])
    return np.stack(sums)
