"""COMPUTE of the golden machine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from intaglio.golden.machine_move import Buffers
from intaglio.spec.commands import PARAM, Operation
from intaglio.spec.config import ArrayConfig
from intaglio.spec.formats import INT32, IntArray
from intaglio.spec.quant import Rounding, requantise

Fields = Mapping[str, int]
Codes = npt.NDArray[np.int8]

# A sum of so many products of int8 codes is exact in float32: terms * 2**14 <= 2**24.
FLOAT32_TERMS = 1 << 10


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
    faults = [
        f"{name} is 0"
        for name in ("pixels", "out_w", "out_blocks", "kernel_h", "kernel_w", "in_blocks")
        if fields[name] == 0
    ]
    if fields["hold"] or fields["accumulate"]:
        if fields["out_blocks"] != 1 or fields["pixels"] > config.pixels:
            faults.append("hold and accumulate need one output block and one tile")
    if operation is Operation.CONV:
        if not 1 <= fields["last_steps"] * config.depth <= config.channels:
            faults.append(f"last_steps is {fields['last_steps']}")
        if not 1 <= fields["steps"] * config.depth <= config.channels:
            faults.append(f"steps is {fields['steps']}")
    elif (fields["in_blocks"], fields["steps"], fields["last_steps"]) != (1, 1, 1):
        faults.append(f"{operation.name} with more than one input block or step")
    if operation is Operation.ADD and (fields["kernel_h"], fields["kernel_w"]) != (1, 2):
        faults.append("ADD of other than two operands")
    if not fields["hold"] and Rounding(fields["rounding"]) not in config.roundings:
        faults.append(f"rounding {fields['rounding']} has no gates")
    if faults:
        raise ValueError("; ".join(faults))


def _taps(fields: Fields) -> tuple[IntArray, npt.NDArray[np.bool_]]:
    """Return the word address of each (window, tap) for block 0, and whether it is in the image."""
    window = np.arange(fields["pixels"])[:, None]
    i, j = window // fields["out_w"], window % fields["out_w"]
    tap = np.arange(fields["kernel_h"] * fields["kernel_w"])[None]
    r, s = tap // fields["kernel_w"], tap % fields["kernel_w"]
    y = fields["y0"] + i * fields["stride_y"] + r * fields["dilation_y"]
    x = fields["x0"] + j * fields["stride_x"] + s * fields["dilation_x"]
    inside = (y >= 0) & (y < fields["in_h"]) & (x >= 0) & (x < fields["in_w"])
    address = (
        fields["start"]
        + i * fields["window_y"]
        + j * fields["window_x"]
        + r * fields["tap_y"]
        + s * fields["tap_x"]
    )
    return np.where(inside, address, 0), inside


def _block(
    fields: Fields,
    buffers: Buffers,
    taps: tuple[IntArray, npt.NDArray[np.bool_]],
    block: int,
) -> Codes:
    """Return the codes of each (window, tap, lane) for one channel block."""
    address, inside = taps
    at = np.where(inside, address + block * fields["in_block"], 0)
    _exists(at, buffers.acts.shape[0], "activation")
    codes: Codes = buffers.acts.view(np.int8)[at]
    codes[~inside] = fields["pad_value"]
    return codes


def _exists(address: IntArray, words: int, what: str) -> None:
    if address.min() < 0 or address.max() >= words:
        raise ValueError(
            f"{what} words {address.min()} to {address.max()} do not exist: there are {words}"
        )


def _weights(fields: Fields, config: ArrayConfig, buffers: Buffers, words: int) -> Codes:
    """Return the weights of each (output block, word, d, lane)."""
    at = (
        fields["weight_start"]
        + np.arange(fields["out_blocks"])[:, None] * fields["weight_block"]
        + np.arange(words)[None] * fields["weight_step"]
    )
    _exists(at, buffers.weights.shape[0], "weight")
    words_read: Codes = buffers.weights.view(np.int8)[at]
    return words_read.reshape(*at.shape, config.depth, config.channels)


def _conv(fields: Fields, config: ArrayConfig, buffers: Buffers) -> IntArray:
    """Return the accumulators (output block, window, lane): a matrix product."""
    taps = _taps(fields)
    last = fields["in_blocks"] - 1
    inputs = [
        _block(fields, buffers, taps, block)[
            ..., : (fields["last_steps"] if block == last else fields["steps"]) * config.depth
        ]
        for block in range(last + 1)
    ]
    x = np.concatenate(inputs, axis=2).reshape(fields["pixels"], -1)
    terms = x.shape[1]
    weights = _weights(fields, config, buffers, terms // config.depth)
    w = weights.reshape(fields["out_blocks"], terms, config.channels)
    exact = np.float32 if terms <= FLOAT32_TERMS else np.float64
    sums = np.matmul(x.astype(exact)[None], w.astype(exact))
    return np.asarray(sums, np.int64)


def _depthwise(fields: Fields, config: ArrayConfig, buffers: Buffers) -> IntArray:
    taps = _taps(fields)
    weights = _weights(fields, config, buffers, taps[0].shape[1])[:, :, 0].astype(np.int32)
    return np.stack(
        [
            np.einsum(
                "mtk,tk->mk",
                _block(fields, buffers, taps, block).astype(np.int32),
                weights[block],
            ).astype(np.int64)
            for block in range(fields["out_blocks"])
        ]
    )


def _max(fields: Fields, config: ArrayConfig, buffers: Buffers) -> IntArray:
    taps = _taps(fields)
    blocks = range(fields["out_blocks"])
    return np.stack([_block(fields, buffers, taps, b).max(axis=1).astype(np.int64) for b in blocks])


def _add(fields: Fields, config: ArrayConfig, buffers: Buffers) -> IntArray:
    taps = _taps(fields)
    values = np.ascontiguousarray(buffers.table[:, :8]).view("<i4").astype(np.int64)
    sums = []
    for block in range(fields["out_blocks"]):
        codes = _block(fields, buffers, taps, block).astype(np.int64) + len(values) // 2
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
    _exists(at, buffers.params.shape[0], "parameter")
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
    _exists(out, buffers.acts.shape[0], "output")
    buffers.acts[out] = codes.astype(np.int8).view(np.uint8)
    return total, out
