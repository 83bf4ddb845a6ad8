"""Constants of a layer in the form that the array reads: weight, parameter and table words."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from intaglio.compiler.layer import Layer, Params
from intaglio.compiler.reduction import Chunk, Reduction
from intaglio.spec.commands import Operation
from intaglio.spec.config import CODES, ArrayConfig
from intaglio.spec.formats import ByteArray, IntArray
from intaglio.spec.tensor import blocks_of

Codes = npt.NDArray[np.int8]


def pack_weights(layer: Layer, config: ArrayConfig, chunk: Chunk) -> ByteArray:
    """Return the weight words of `chunk`, output channel block by output channel block.

    A word serves one array step: byte d*K + k is what lane k multiplies operand d with
    (:class:`intaglio.gateware.operands.OperandSelect`); where there is no such tap or channel it
    is 0. Without weights: one word of ones that serves every step.
    """
    lanes, depth = config.channels, config.depth
    if layer.weights is None:
        return np.ones(depth * lanes, np.uint8)
    if layer.operation is Operation.DEPTHWISE:
        return _depthwise(layer.weights, lanes, depth)
    reduction, folded = Reduction.of(layer, config), Reduction.folded(layer, config)
    out = layer.out_image[2]
    end = blocks_of(out, lanes) * lanes
    split = end - lanes if folded else end
    part = layer.weights[:, chunk.r0 : chunk.r1, chunk.s0 : chunk.s1]
    padded = np.zeros((end, *part.shape[1:]), np.int8)
    padded[:out] = part
    words = [_runs(padded[:split], reduction, chunk, lanes)] if split else []
    if folded:
        words.append(_runs(padded[split:], folded, chunk, lanes))
    return np.concatenate([w.reshape(-1) for w in words]).view(np.uint8)


def _depthwise(weights: Codes, lanes: int, depth: int) -> ByteArray:
    """Return the words of KH, KW, C weights: D columns of a row each."""
    rows, columns, channels = weights.shape
    blocks, requests = blocks_of(channels, lanes), -(-columns // depth)
    padded = np.zeros((rows, requests * depth, blocks * lanes), np.int8)
    padded[:, :columns, :channels] = weights
    words = padded.reshape(rows, requests, depth, blocks, lanes).transpose(3, 0, 1, 2, 4)
    return np.ascontiguousarray(words).reshape(-1).view(np.uint8)


def _runs(weights: Codes, reduction: Reduction, chunk: Chunk, lanes: int) -> Codes:
    """Return the words of O, KH, KW, C weights, O whole blocks: (block, word, D, K)."""
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
    ordered = runs.reshape(out // lanes, lanes, -1, depth).transpose(0, 2, 3, 1)
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


def pack_params(params: Params, channels: int, config: ArrayConfig) -> ByteArray:
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
