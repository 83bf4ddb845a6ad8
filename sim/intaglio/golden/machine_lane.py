"""Operands of the golden machine: numbers in words of activations and of weights."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from intaglio.spec.config import ArrayConfig
from intaglio.spec.formats import BYTE, ByteArray, IntArray

Codes = npt.NDArray[np.int8]
Numbers = npt.NDArray[Any]


def weight_values(words: ByteArray, config: ArrayConfig, bits: int) -> Numbers:
    """Return the weights of (..., bytes) words for activations of `bits`: (..., operand, lane)."""
    lane = config.lanes
    count = lane.operands(bits)
    form = lane.weight_format(bits)
    if (str(form), bits) == ("int8", BYTE):  # each byte is a weight
        plain = words[..., : config.channels * count].view(np.int8)
        return plain.reshape(*words.shape[:-1], config.channels, count).swapaxes(-1, -2)
    used = np.unpackbits(words, axis=-1, bitorder="little")[..., : config.channels * lane.lane_bits]
    used = used.reshape(*words.shape[:-1], config.channels, count, lane.lane_bits // count)
    codes = used @ (1 << np.arange(used.shape[-1]))
    return form.decode(codes).swapaxes(-1, -2)


def side_bits(words: ByteArray, config: ArrayConfig) -> ByteArray:
    """Return the side bits of (..., bytes) words: (..., side_bits)."""
    lane = config.lanes
    bits = np.unpackbits(words, axis=-1, bitorder="little")
    first = config.channels * lane.lane_bits
    return bits[..., first : first + lane.side_bits]


def act_values(run: Codes, bits: int) -> Numbers:
    """Return the activations of `bits` in bytes along axis 1; with 4 bits the low half first."""
    if bits == BYTE:
        return run
    shape = run.shape
    if bits == 4:
        halves = np.stack([low_half(run), run >> 4], axis=2)
        return halves.reshape(shape[0], -1, *shape[2:])
    pairs = run.reshape(shape[0], -1, 2, *shape[2:])
    low = pairs[:, :, 0].view(np.uint8).astype(np.int16)
    return low | (pairs[:, :, 1].astype(np.int16) << 8)


def paired_words(codes: Codes) -> Numbers:
    """Return the channels of 16 bits in (..., D, bytes), two words to a block."""
    words = np.ascontiguousarray(codes)
    return words.reshape(*words.shape[:-2], words.shape[-2] // 2, -1).view("<i2")


def low_half(codes: Codes) -> Codes:
    """Return the signed numbers in the low halves of bytes."""
    return np.asarray((codes << 4).astype(np.int8) >> 4, np.int8)


def products(acts: Numbers, weights: Numbers) -> IntArray:
    """Return sum_i acts[m, i, g] * weights[i, lane], g the group of the lane: matrix products."""
    windows, terms, groups = acts.shape
    lanes = weights.shape[1] // groups
    most = (int(np.abs(side.astype(np.int64)).max(initial=0)) for side in (acts, weights))
    exact: type[Any] = _exact(terms * next(most) * next(most))
    first = acts.transpose(2, 0, 1).astype(exact)
    second = weights.reshape(terms, groups, lanes).transpose(1, 0, 2).astype(exact)
    sums = np.matmul(first, second).transpose(1, 0, 2)
    return np.asarray(sums, np.int64).reshape(windows, -1)


def _exact(bound: int) -> type[Any]:
    """Return a type in which every partial sum within `bound` is exact."""
    if bound <= 1 << 24:
        return np.float32
    return np.float64 if bound <= 1 << 53 else np.int64
