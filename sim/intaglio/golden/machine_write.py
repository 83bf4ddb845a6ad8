"""What COMPUTE of the golden machine writes."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from intaglio.golden.machine_move import Buffers
from intaglio.golden.machine_read import require_words
from intaglio.spec.formats import IntArray
from intaglio.spec.lane import Precision


def write_outputs(codes: IntArray, fields: Mapping[str, int], buffers: Buffers) -> IntArray:
    """Write (block, window, lane) codes and return the word of each (block, window).

    Of 16 bits a window has two words, of which the first is returned; of 4 bits two blocks share
    their words. Lane n * (K / m) + c of channels that are spread m times is channel c * m + n.

    Raises
    ------
    ValueError
        If a word does not exist.
    """
    precision = Precision(fields["out_precision"])
    window = np.arange(fields["pixels"])
    row, column = window // fields["out_w"], window % fields["out_w"]
    block = np.arange(fields["out_blocks"])[:, None]
    plane = block // 2 if precision is Precision.BITS4 else block
    words = 2 if precision is Precision.BITS16 else 1
    out = fields["out_start"] + plane * fields["out_block"]
    out = out + row * fields["out_row"] + column * (words + fields["out_skip"])
    require_words(out + words - 1, buffers.acts.shape[0], "output")
    if fields["spread"]:
        by_copy = codes.reshape(*codes.shape[:2], fields["spread"], -1)
        codes = by_copy.swapaxes(2, 3).reshape(codes.shape)
    if precision is Precision.BITS8:
        buffers.acts[out] = codes.astype(np.int8).view(np.uint8)
    elif precision is Precision.BITS16:
        halves = np.ascontiguousarray(codes.astype("<i2")).view(np.uint8)
        halves = halves.reshape(*out.shape, words, -1)
        for n in range(words):
            buffers.acts[out + n] = halves[:, :, n]
    else:
        for n, at in enumerate(out):  # the second block of a word keeps the half of the first
            shift = 4 * (n % 2)
            kept = buffers.acts[at] & (0xF0 >> shift)
            buffers.acts[at] = kept | ((codes[n] & 0xF) << shift).astype(np.uint8)
    return out
