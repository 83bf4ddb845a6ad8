"""Constants of a layer in the form that the array reads: weight, parameter and table words."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from intaglio.compiler.layer import Layer, Params
from intaglio.spec.config import CODES, ArrayConfig
from intaglio.spec.formats import ByteArray, IntArray
from intaglio.spec.tensor import blocks_of


@dataclass(frozen=True)
class Chunk:
    """Taps [r0, r1) x [s0, s1) and input blocks [b0, b1) of a convolution, summed in one go."""

    r0: int
    r1: int
    s0: int
    s1: int
    b0: int
    b1: int


@dataclass(frozen=True)
class Reduction:
    """How the array steps through the input channels of a layer.

    Parameters
    ----------
    blocks : int
        Input channel blocks that an output sums over.
    steps, last_steps : int
        Array steps of a full block and of the last one.
    """

    blocks: int
    steps: int
    last_steps: int

    @classmethod
    def of(cls, layer: Layer, config: ArrayConfig) -> Reduction:
        """Return the steps of `layer`: ceil(channels / D) in each block for CONV, else 1."""
        if not layer.sums_channels:
            return cls(1, 1, 1)
        blocks = blocks_of(layer.image[2], config.channels)
        rest = layer.image[2] - (blocks - 1) * config.channels
        return cls(blocks, config.channels // config.depth, -(-rest // config.depth))

    def last_of(self, chunk: Chunk) -> int:
        """Return the steps of the last block of a chunk."""
        return self.last_steps if chunk.b1 == self.blocks else self.steps

    def words(self, chunk: Chunk) -> int:
        """Return the weight words of one output block for `chunk`."""
        taps = (chunk.r1 - chunk.r0) * (chunk.s1 - chunk.s0)
        return taps * ((chunk.b1 - chunk.b0 - 1) * self.steps + self.last_of(chunk))


def whole_chunk(layer: Layer, reduction: Reduction) -> Chunk:
    """Return the chunk of all taps and input blocks."""
    return Chunk(0, layer.kernel[0], 0, layer.kernel[1], 0, reduction.blocks)


def pack_weights(layer: Layer, config: ArrayConfig, chunk: Chunk) -> ByteArray:
    """Return the weight words of `chunk`: one row of bytes for each output channel block.

    CONV: byte d*K + k of word (r, s, b, t) is the weight of output channel ob*K + k and input
    channel b*K + t*D + d; DEPTHWISE: byte k of word (r, s) is that of channel ob*K + k and the
    bytes above are 0. Without weights: one word of ones that serves every tap.
    """
    lanes, depth = config.channels, config.depth
    blocks = blocks_of(layer.out_image[2], lanes)
    if layer.weights is None:
        word = np.zeros((1, depth, lanes), np.uint8)
        word[:, 0] = 1
        return word.reshape(1, -1)
    if not layer.sums_channels:
        taps = layer.kernel[0] * layer.kernel[1]
        padded = np.zeros((taps, blocks * lanes), np.int8)
        padded[:, : layer.out_image[2]] = layer.weights.reshape(taps, -1)
        words = np.zeros((blocks, taps, depth, lanes), np.int8)
        words[:, :, 0] = padded.reshape(taps, blocks, lanes).transpose(1, 0, 2)
        return words.reshape(blocks, -1).view(np.uint8)
    reduction = Reduction.of(layer, config)
    part = layer.weights[:, chunk.r0 : chunk.r1, chunk.s0 : chunk.s1]
    out, rows, columns, inner = part.shape
    dense = np.zeros((blocks * lanes, rows, columns, reduction.blocks * lanes), np.int8)
    dense[:out, ..., :inner] = part
    end = (chunk.b1 - 1) * lanes + reduction.last_of(chunk) * depth
    steps = dense[..., chunk.b0 * lanes : end].reshape(blocks, lanes, rows, columns, -1, depth)
    ordered = np.ascontiguousarray(steps.transpose(0, 2, 3, 4, 5, 1))
    return ordered.reshape(blocks, -1).view(np.uint8)


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
