"""Layout of tensors: planes of channel blocks.

A tensor of H x W pixels and C channels is a list of words of K bytes. Block b holds channels
b*K .. b*K+K-1 of every pixel, row by row:

    word(b, y, x) = b * H * W + y * W + x        byte(c) = c % K

The layout is the same in memory and in the activation buffer, so that a transfer copies rows and
an address is a sum (decision 5). Channels past C in the last block hold what the last operator
made of zero weights; no one reads them.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def blocks_of(channels: int, word_bytes: int) -> int:
    """Return the channel blocks of `channels` channels."""
    return -(-channels // word_bytes)


def tensor_bytes(height: int, width: int, channels: int, word_bytes: int) -> int:
    """Return the bytes of a tensor in memory."""
    return blocks_of(channels, word_bytes) * height * width * word_bytes


def to_words(image: npt.NDArray[np.int8], word_bytes: int) -> npt.NDArray[np.uint8]:
    """Return the bytes of an H,W,C image in block layout; padding channels are 0."""
    height, width, channels = image.shape
    blocks = blocks_of(channels, word_bytes)
    padded = np.zeros((height, width, blocks * word_bytes), np.int8)
    padded[..., :channels] = image
    planes = padded.reshape(height, width, blocks, word_bytes).transpose(2, 0, 1, 3)
    return np.ascontiguousarray(planes).reshape(-1).view(np.uint8)


def from_words(
    data: npt.NDArray[np.uint8], height: int, width: int, channels: int, word_bytes: int
) -> npt.NDArray[np.int8]:
    """Return the H,W,C image that `data` holds in block layout."""
    blocks = blocks_of(channels, word_bytes)
    planes = data.view(np.int8).reshape(blocks, height, width, word_bytes)
    image = planes.transpose(1, 2, 0, 3).reshape(height, width, blocks * word_bytes)
    return np.ascontiguousarray(image[..., :channels])
