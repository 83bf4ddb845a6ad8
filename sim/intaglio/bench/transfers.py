"""What LOAD and STORE do on the bus, from their definitions, for the rows of the bench table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from intaglio.spec.commands import Memory
from intaglio.spec.config import ArrayConfig
from intaglio.spec.widths import word_address

PAGE_BYTES = 4096  # no burst crosses a multiple of this: AXI4 specification, A3.4.1
BASES = (0x10000, 0x20040, 0x7FF80, 0x40)
OKAY, EXCLUSIVE_OKAY, SLAVE_ERROR, DECODE_ERROR = range(4)


@dataclass(frozen=True)
class Burst:
    """A burst of `beats` beats; `last`: of its command."""

    address: int
    beats: int
    last: bool


def row_bursts(
    config: ArrayConfig, start: int, row_beats: int, rows: int, stride: int
) -> list[Burst]:
    """Return the bursts of rows: each ends with its row or before a multiple of the longest."""
    size = config.bus_bytes
    longest = min(config.burst_beats * size, PAGE_BYTES)
    bursts = []
    for row in range(rows):
        at, end = start + row * stride, start + row * stride + row_beats * size
        while at < end:
            to = min(end, (at // longest + 1) * longest)
            bursts.append(Burst(at, (to - at) // size, row == rows - 1 and to == end))
            at = to
    return bursts


def transfer_bursts(config: ArrayConfig, command: Mapping[str, int]) -> list[Burst]:
    """Return the bursts of a LOAD or STORE."""
    start = BASES[command["region"]] + command["offset"]
    shape = (command[name] for name in ("row_beats", "rows", "row_stride"))
    return row_bursts(config, start, *shape)


def word_addresses(config: ArrayConfig, command: Mapping[str, int], beats: int) -> list[int]:
    """Return the on-chip address of each word of `beats` beats."""
    words = word_address(config).max + 1
    return [
        (command["address"] + row * command["address_stride"] + word) % words
        for row in range(command["rows"])
        for word in range(command["row_beats"] // beats)
    ]


def beat_at(config: ArrayConfig, address: int) -> int:
    """Return what the memory holds at an address: bits that depend on all of the address."""
    rng = np.random.default_rng(address)
    return int.from_bytes(rng.bytes(config.bus_bytes), "little")


def random_transfer(rng: np.random.Generator, config: ArrayConfig, beats: int) -> dict[str, int]:
    """Return the fields of a transfer of words of `beats` beats, short and long rows alike."""
    words = word_address(config).max + 1
    most = int(rng.choice([2, 9, 60]))
    return {
        "region": int(rng.integers(len(BASES))),
        "offset": int(rng.integers(2 * PAGE_BYTES // config.bus_bytes)) * config.bus_bytes,
        "row_beats": int(rng.integers(1, most)) * beats,
        "rows": int(rng.integers(1, 4)),
        "row_stride": int(rng.integers(2 * PAGE_BYTES // config.bus_bytes)) * config.bus_bytes,
        "address": int(rng.integers(words)),
        "address_stride": int(rng.integers(words)),
    }


def beats_of(config: ArrayConfig, memory: int) -> int:
    """Return the bus beats of a word of an on-chip memory."""
    sizes = {
        Memory.ACTS: config.act_bytes,
        Memory.WEIGHTS: config.weight_bytes,
        Memory.PARAMS: config.param_bytes,
        Memory.TABLE: config.table_bytes,
    }
    return sizes[Memory(memory)] // config.bus_bytes
