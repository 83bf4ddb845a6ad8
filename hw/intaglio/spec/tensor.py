"""Layout of tensors: planes of channel blocks.

A tensor of H x W pixels and C channels is a list of words of K bytes. Of 8 bits, block b holds
channels b*K .. b*K+K-1 of every pixel, row by row:

    word(b, y, x) = b * H * W + y * W + x        byte(c) = c % K

Of 16 bits, the lower half of a block's channels and the upper half are two neighbouring words,
each channel two bytes, the low one first. Of 4 bits, a word holds two blocks, the first in the low
halves of its bytes, the second in the high ones.

The layout is the same in memory and in the activation buffer, so that a transfer copies rows and
an address is a sum (decision 5). Channels past C in the last block hold what the last operator
made of zero weights; no one reads them.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from intaglio.spec.formats import BYTE


def blocks_of(channels: int, word_bytes: int) -> int:
    """Return the channel blocks of `channels` channels."""
    return -(-channels // word_bytes)


def pixel_words(bits: int) -> int:
    """Return the neighbouring words of a pixel: 2 of 16 bits, else 1."""
    return max(bits // BYTE, 1)


def planes_of(channels: int, word_bytes: int, bits: int = BYTE) -> int:
    """Return the planes of words: one for each block, of 4 bits one for each two."""
    return blocks_of(channels, word_bytes * (2 if bits == 4 else 1))


def tensor_bytes(height: int, width: int, channels: int, word_bytes: int, bits: int = BYTE) -> int:
    """Return the bytes of a tensor in memory."""
    planes = planes_of(channels, word_bytes, bits)
    return planes * height * width * pixel_words(bits) * word_bytes


def to_words(image: npt.NDArray[Any], word_bytes: int, bits: int = BYTE) -> npt.NDArray[np.uint8]:
    """Return the bytes of an H,W,C image in block layout; padding channels are 0."""
    height, width, channels = image.shape
    planes = planes_of(channels, word_bytes, bits)
    inner = word_bytes * (2 if bits == 4 else 1)
    padded = np.zeros((height, width, planes * inner), np.int16)
    padded[..., :channels] = image
    blocks = padded.reshape(height, width, planes, inner).transpose(2, 0, 1, 3)
    if bits == 16:
        return np.ascontiguousarray(blocks).reshape(-1).view(np.uint8)
    if bits == 4:
        blocks = (blocks[..., :word_bytes] & 0xF) | (blocks[..., word_bytes:] << 4)
    return np.ascontiguousarray(blocks).reshape(-1).astype(np.uint8)


def from_words(
    data: npt.NDArray[np.uint8],
    height: int,
    width: int,
    channels: int,
    word_bytes: int,
    bits: int = BYTE,
) -> npt.NDArray[Any]:
    """Return the H,W,C image that `data` holds: int16 codes of 16 bits, else int8."""
    planes = planes_of(channels, word_bytes, bits)
    codes: npt.NDArray[Any] = data.view(np.int16 if bits == 16 else np.int8)
    codes = codes.reshape(planes, height, width, -1)
    if bits == 4:
        low = (codes << 4).astype(np.int8) >> 4
        codes = np.concatenate([low, codes >> 4], axis=-1)
    image = codes.transpose(1, 2, 0, 3).reshape(height, width, -1)
    return np.ascontiguousarray(image[..., :channels])
