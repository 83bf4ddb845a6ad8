"""Sparse pointwise weights as a stream: non-zeros by blocks of outputs, with steps of the input."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from intaglio.spec.errors import Finding, ModelError
from intaglio.spec.formats import IntArray

BLOCKS = (1, 2, 4)


@dataclass(frozen=True)
class SparseWeights:
    """Weights outputs x inputs of which most are 0.

    A block is `block` neighbouring outputs. Of each, the input channels in which any of its
    weights is not 0 are listed; their weights are stored, those of all outputs of the block. From
    one channel to the next the input pointer moves by a signed step; the last step of the stream
    rewinds it to the first channel.

    Parameters
    ----------
    shape : (int, int)
        Outputs and inputs.
    block : int
        Outputs of a block: 1, 2 or 4.
    counts : blocks
        Channels listed for each block; 0 is allowed.
    values : sum(counts) x block
        Weights.
    first : int
        The channel that the pointer starts at.
    steps : sum(counts)
        What is added to the pointer after each channel.

    Source: Fast Sparse ConvNets, the layout of XNNPACK's sparse matrix kernels.
    """

    shape: tuple[int, int]
    block: int
    counts: IntArray
    values: IntArray
    first: int
    steps: IntArray


def encode(weights: npt.ArrayLike, block: int) -> SparseWeights:
    """Return the stream of weights outputs x inputs.

    Raises
    ------
    ModelError
        E305: `block` is none of 1, 2 and 4, or does not divide the outputs.
    """
    w = np.asarray(weights, np.int64)
    if block not in BLOCKS or w.shape[0] % block:
        raise ModelError(
            Finding(
                "E305",
                f"{w.shape[0]} outputs are no blocks of {block}",
                where="block",
                have=f"{w.shape[0]} outputs, blocks of {block}",
                need="1, 2 or 4, a divisor of the outputs",
                help="use blocks of 1, which divide all",
            )
        )
    parts = w.reshape(-1, block, w.shape[1])
    used = (parts != 0).any(axis=1)
    channels = np.concatenate([np.flatnonzero(row) for row in used])
    values = np.concatenate([part[:, row].T for part, row in zip(parts, used, strict=True)])
    steps = np.diff(channels, append=channels[:1])
    first = int(channels[0]) if channels.size else 0
    return SparseWeights(
        (w.shape[0], w.shape[1]), block, used.sum(axis=1), values, first, steps.astype(np.int64)
    )


def decode(stream: SparseWeights) -> IntArray:
    """Return the weights outputs x inputs."""
    dense = np.zeros((stream.shape[0] // stream.block, stream.block, stream.shape[1]), np.int64)
    channel, at = stream.first, 0
    for number, count in enumerate(stream.counts.tolist()):
        for _ in range(count):
            dense[number, :, channel] = stream.values[at]
            channel, at = channel + int(stream.steps[at]), at + 1
    return dense.reshape(stream.shape)


def cycles(stream: SparseWeights, pixels: int, lanes: int, overhead: int = 2) -> int:
    """Return ceil(pixels / lanes) * sum over blocks of (count + overhead).

    Parameters
    ----------
    pixels : int
        Of the image.
    lanes : int
        Pixels that a sequencer takes at once.
    overhead : int
        Cycles of a block beside its channels: bias and output.
    """
    return -(-pixels // lanes) * int((stream.counts + overhead).sum())
