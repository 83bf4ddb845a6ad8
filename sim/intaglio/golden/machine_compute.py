"""COMPUTE of the golden machine."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from intaglio.golden.machine_move import Buffers
from intaglio.golden.machine_read import (
    Codes,
    Fields,
    channel_run,
    paired_run,
    products,
    read_block,
    require_words,
    taps_of,
    wide_taps,
)
from intaglio.spec.commands import PARAM, Operation
from intaglio.spec.config import ArrayConfig
from intaglio.spec.formats import INT32, IntArray
from intaglio.spec.quant import Rounding, requantise


@dataclass
class ComputeState:
    """What lasts from one COMPUTE to the next.

    Parameters
    ----------
    acc : (pixels, lanes)
        The accumulators of the last output block.
    total, out : (blocks, pixels, lanes) and (blocks, pixels)
        For reports: what the requantiser was given last, bias included, and the word address of
        each output.
    """

    acc: IntArray = field(default_factory=lambda: np.zeros((0, 0), np.int64))
    total: IntArray = field(default_factory=lambda: np.zeros((0, 0, 0), np.int64))
    out: IntArray = field(default_factory=lambda: np.zeros((0, 0), np.int64))


def compute(fields: Fields, config: ArrayConfig, buffers: Buffers, state: ComputeState) -> None:
    """Execute a COMPUTE.

    Raises
    ------
    ValueError
        If a field is illegal, a word does not exist or an accumulator leaves 32 bits.
    """
    operation = Operation(fields["operation"])
    _check(fields, config, operation)
    acc = {
        Operation.CONV: _conv,
        Operation.DEPTHWISE: _depthwise,
        Operation.MAX: _max,
        Operation.ADD: _add,
    }[operation](fields, config, buffers)
    if fields["accumulate"]:
        if state.acc.shape != acc[0].shape:
            raise ValueError(f"accumulates {acc[0].shape} on {state.acc.shape}")
        acc[0] += state.acc
    state.acc = acc[-1].copy()
    if not fields["hold"]:
        state.total, state.out = _finish(acc, fields, config, buffers)


def _check(fields: Fields, config: ArrayConfig, operation: Operation) -> None:
    faults = []
    if fields["hold"] or fields["accumulate"]:
        if fields["out_blocks"] != 1 or fields["pixels"] > config.pixels:
            faults.append("hold and accumulate need one output block and one tile")
    if operation is Operation.CONV:
        faults += _check_conv(fields, config)
    elif (fields["in_blocks"], fields["steps"], fields["last_steps"]) != (1, 1, 1):
        faults.append(f"{operation.name} with more than one input block or step")
    if operation is Operation.ADD and (fields["kernel_h"], fields["kernel_w"]) != (1, 2):
        faults.append("ADD of other than two operands")
    if not fields["hold"] and Rounding(fields["rounding"]) not in config.roundings:
        faults.append(f"rounding {fields['rounding']} has no gates")
    if faults:
        raise ValueError("; ".join(faults))


def _check_conv(fields: Fields, config: ArrayConfig) -> list[str]:
    """Return the faults of the fields that CONV alone reads."""
    faults = []
    group, half = fields["group"], config.channels // 2
    if group & (group - 1) or not 2 <= group <= config.channels:
        faults.append(f"group is {group}")
    if group < config.channels and not config.grouped:
        faults.append("a group smaller than the lanes has no gates")
    if fields["fold"] and group != half:
        faults.append(f"fold with group {group}, not {half}")
    if fields["local"] and fields["in_blocks"] != 1:
        faults.append("local with more than one input block")
    run = fields["channels"] * config.depth if fields["paired"] else group
    for name in ("steps", "last_steps"):
        if not 1 <= fields[name] <= max(-(-run // config.depth), 1):
            faults.append(f"{name} is {fields[name]}")
    if fields["paired"]:
        taps, channels = divmod(config.depth, max(fields["channels"], 1))
        alone = fields["in_blocks"] == 1 and group == config.channels and not fields["local"]
        if fields["channels"] == 0 or not alone:
            faults.append("paired taps with several blocks, groups or no channels")
        elif (taps, channels) != (fields["pair_taps"], fields["pair_channels"]):
            faults.append("pair_taps and pair_channels are not D divided by channels")
    return faults


def _weights(fields: Fields, config: ArrayConfig, buffers: Buffers, words: int) -> Codes:
    """Return the weights of each (output block, word, d, lane)."""
    at = (
        fields["weight_start"]
        + np.arange(fields["out_blocks"])[:, None] * fields["weight_block"]
        + np.arange(words)[None] * fields["weight_step"]
    )
    require_words(at, buffers.weights.shape[0], "weight")
    words_read: Codes = buffers.weights.view(np.int8)[at]
    return words_read.reshape(*at.shape, config.depth, config.channels)


def _conv(fields: Fields, config: ArrayConfig, buffers: Buffers) -> IntArray:
    """Return the accumulators (output block, window, lane)."""
    taps = taps_of(fields)
    blocks = fields["out_blocks"]
    if fields["paired"]:
        runs = paired_run(fields, config, buffers, taps)
    else:
        runs = channel_run(fields, config, buffers, taps, 0)
    weights = _weights(fields, config, buffers, runs.shape[1] // config.depth)
    weights = weights.reshape(blocks, runs.shape[1], config.channels)
    acc = []
    for block in range(blocks):
        if fields["local"] and block:
            runs = channel_run(fields, config, buffers, taps, block)
        acc.append(products(runs, weights[block]))
    sums = np.stack(acc)
    return _folded(sums) if fields["fold"] else sums


def _folded(sums: IntArray) -> IntArray:
    half = sums.shape[2] // 2
    folded = np.zeros_like(sums)
    folded[..., :half] = sums[..., :half] + sums[..., half:]
    return folded


def _depthwise(fields: Fields, config: ArrayConfig, buffers: Buffers) -> IntArray:
    """Return the sums of each channel by itself: a word of weights holds D taps of a row."""
    taps = taps_of(fields)
    words = fields["kernel_h"] * -(-fields["kernel_w"] // config.depth)
    weights = _weights(fields, config, buffers, words).astype(np.int32)
    acc = []
    for block in range(fields["out_blocks"]):
        codes = wide_taps(fields, config, read_block(fields, buffers, taps, block))
        codes = codes.reshape(len(codes), words, config.depth, -1).astype(np.int32)
        acc.append(np.einsum("mwdk,wdk->mk", codes, weights[block]).astype(np.int64))
    return np.stack(acc)


def _max(fields: Fields, config: ArrayConfig, buffers: Buffers) -> IntArray:
    taps = taps_of(fields)
    acc = []
    for block in range(fields["out_blocks"]):
        codes = wide_taps(fields, config, read_block(fields, buffers, taps, block))
        acc.append(codes.max(axis=(1, 2, 3)).astype(np.int64))
    return np.stack(acc)


def _add(fields: Fields, config: ArrayConfig, buffers: Buffers) -> IntArray:
    taps = taps_of(fields)
    values = np.ascontiguousarray(buffers.table[:, :8]).view("<i4").astype(np.int64)
    sums = []
    for block in range(fields["out_blocks"]):
        codes = read_block(fields, buffers, taps, block).astype(np.int64) + len(values) // 2
        sums.append(values[codes[:, 0], 0] + values[codes[:, 1], 1])
    return np.stack(sums)


def _finish(
    acc: IntArray, fields: Fields, config: ArrayConfig, buffers: Buffers
) -> tuple[IntArray, IntArray]:
    """Requantise the accumulators, write the outputs, and return the sums and where they went."""
    at = (
        fields["param_start"]
        + np.arange(fields["out_blocks"])[:, None] * fields["param_block"]
        + np.arange(config.drain_steps)[None]
    )
    require_words(at, buffers.params.shape[0], "parameter")
    size = PARAM.bits // 8
    used = buffers.params[at][..., : config.requant_lanes * size]
    records = np.ascontiguousarray(used).reshape(-1, size)
    shape = (fields["out_blocks"], 1, config.channels)
    bias, multiplier = (
        np.ascontiguousarray(records[:, i : i + 4]).view(kind).astype(np.int64).reshape(shape)
        for i, kind in ((0, "<i4"), (4, "<u4"))
    )
    shift = records[:, 8].view(np.int8).astype(np.int64).reshape(shape)
    total = acc + bias
    if not INT32.holds(total):
        raise ValueError(f"an accumulator reaches {total.flat[np.abs(total).argmax()]}")
    codes = requantise(
        total,
        multiplier,
        shift,
        Rounding(fields["rounding"]),
        fields["zero_point"],
        fields["low"],
        fields["high"],
    )
    window = np.arange(fields["pixels"])
    row, column = window // fields["out_w"], window % fields["out_w"]
    first = np.arange(fields["out_blocks"])[:, None] * fields["out_block"]
    out = fields["out_start"] + first + row * fields["out_row"] + column
    require_words(out, buffers.acts.shape[0], "output")
    buffers.acts[out] = codes.astype(np.int8).view(np.uint8)
    return total, out
