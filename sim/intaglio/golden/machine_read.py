"""What COMPUTE reads of the activation buffer, and the sums of products."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from intaglio.golden.machine_lane import low_half
from intaglio.golden.machine_move import Buffers
from intaglio.spec.commands import Operation
from intaglio.spec.config import ArrayConfig
from intaglio.spec.formats import IntArray
from intaglio.spec.lane import Precision
from intaglio.spec.tap_list import Tap

Fields = Mapping[str, int]
Codes = npt.NDArray[np.int8]
Taps = tuple[IntArray, npt.NDArray[np.bool_]]


def taps_of(fields: Fields, listed: Sequence[Tap] = ()) -> Taps:
    """Return the word address of each (window, tap) for block 0, and whether it is in the image.

    Parameters
    ----------
    listed : sequence of Tap
        Taps of a list, in place of those of the window.
    """
    window = np.arange(fields["pixels"])[:, None]
    i, j = window // fields["out_w"], window % fields["out_w"]
    tap = np.arange(fields["kernel_h"] * fields["kernel_w"])[None]
    r, s = tap // fields["kernel_w"], tap % fields["kernel_w"]
    jump = r * fields["tap_y"] + s * fields["tap_x"]
    down, right = r * fields["dilation_y"], s * fields["dilation_x"]
    if listed:
        jump, down, right = np.array(listed).T[:, None]
    y = fields["y0"] + i * fields["stride_y"] + down
    x = fields["x0"] + j * fields["stride_x"] + right
    inside = (y >= 0) & (y < fields["in_h"]) & (x >= 0) & (x < fields["in_w"])
    address = fields["start"] + i * fields["window_y"] + j * fields["window_x"] + jump
    return np.where(inside, address, 0), inside


def read_block(
    fields: Fields,
    buffers: Buffers,
    taps: Taps,
    block: int,
) -> Codes:
    """Return the codes of each (window, tap, lane) for one channel block.

    Channels of 4 bits that are kept apart: two blocks share their words, and come as bytes.
    """
    address, inside = taps
    apart = fields["operation"] != Operation.CONV or fields["local"]
    narrow = fields["precision"] == Precision.BITS4 and apart
    plane = block // 2 if narrow else block
    at = np.where(inside, address + plane * fields["in_block"], 0)
    require_words(at, buffers.acts.shape[0], "activation")
    codes: Codes = buffers.acts.view(np.int8)[at]
    codes[~inside] = fields["pad_value"]
    if narrow:
        codes = codes >> 4 if block % 2 else low_half(codes)
    return codes


def require_words(address: IntArray, words: int, what: str) -> None:
    """Raise ValueError unless every address is one of `words` words."""
    if address.min() < 0 or address.max() >= words:
        raise ValueError(
            f"{what} words {address.min()} to {address.max()} do not exist: there are {words}"
        )


def channel_run(
    fields: Fields,
    config: ArrayConfig,
    buffers: Buffers,
    taps: Taps,
    first: int,
) -> Codes:
    """Return what each group reads: (window, tap x block x channel, group)."""
    group, last = fields["group"], fields["in_blocks"] - 1
    parts = []
    for block in range(last + 1):
        codes = read_block(fields, buffers, taps, first + block)
        codes = codes.reshape(*codes.shape[:2], -1, group)
        steps = fields["last_steps"] if block == last else fields["steps"]
        channel = np.arange(steps * config.depth) % group
        parts.append(codes[..., channel].transpose(0, 1, 3, 2))
    run = np.concatenate(parts, axis=2)
    return run.reshape(run.shape[0], -1, run.shape[3])


def paired_run(
    fields: Fields,
    config: ArrayConfig,
    buffers: Buffers,
    taps: Taps,
) -> Codes:
    """Return the runs of D taps side by side: (window, entry, 1)."""
    codes = wide_taps(fields, config, read_block(fields, buffers, taps, 0))
    windows, rows, requests = codes.shape[:3]
    runs = codes[..., : fields["channels"]].reshape(windows, rows, requests, -1)
    parts = [
        runs[:, :, n, : fields["last_steps" if n == requests - 1 else "steps"] * config.depth]
        for n in range(requests)
    ]
    return np.concatenate(parts, axis=2).reshape(windows, -1, 1)


def wide_taps(fields: Fields, config: ArrayConfig, codes: Codes) -> Codes:
    """Return (window, row, request, D, lane) of (window, tap, lane).

    A tap past the end of its row reads the pad value.
    """
    columns = fields["kernel_w"]
    missing = -columns % config.depth
    pad = fields["pad_value"]
    if fields["precision"] == Precision.BITS4 and fields["operation"] != Operation.CONV:
        pad = (pad & 0xF) - 16 * (pad >> 3 & 1)
    by_row = codes.reshape(codes.shape[0], -1, columns, config.channels)
    full = np.pad(by_row, ((0, 0), (0, 0), (0, missing), (0, 0)), constant_values=pad)
    return full.reshape(*by_row.shape[:2], -1, config.depth, config.channels)
