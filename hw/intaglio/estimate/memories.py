"""Block RAMs and multipliers of an accelerator, exactly, from its dimensions."""

from __future__ import annotations

from dataclasses import dataclass

from intaglio.spec.commands import PARAM, TABLE
from intaglio.spec.config import CODES, ArrayConfig
from intaglio.spec.registers import REGISTER_BITS, TRACE_ENTRIES

# (bits, words) that one block of each family can be.
SHAPES: dict[str, tuple[tuple[int, int], ...]] = {
    "ecp5": ((36, 512), (18, 1024), (9, 2048), (4, 4096), (2, 8192), (1, 16384)),
    "gowin": ((36, 512), (18, 1024), (9, 2048), (4, 4096), (2, 8192), (1, 16384)),
    "ice40": ((16, 256), (8, 512), (4, 1024), (2, 2048)),
    "xilinx": ((72, 512), (36, 1024), (18, 2048), (9, 4096), (4, 8192), (2, 16384), (1, 32768)),
}
SHAPES["generic"] = SHAPES["ecp5"]
QUEUE_BYTES = 512  # commands that the reader holds
WIDEST_QUEUE = 8  # bytes of a beat up to which that queue is block RAM on ECP5
MULTIPLIERS_PER_LANE = 4  # a 32 by 31 bit product of a requantiser lane in 18 bit multipliers
# Multipliers that scale a tap's distance by its column: 2**n - 1 is not a shift.
COLUMN_MULTIPLIERS = {1: 0, 2: 1, 4: 4, 8: 12}


@dataclass(frozen=True)
class Ram:
    """`count` memories of `words` words of `bits` bits."""

    name: str
    count: int
    bits: int
    words: int

    def blocks(self, family: str) -> int:
        """Return the blocks of all of them: each in the shape that needs fewest."""
        return self.count * min(-(-self.bits // b) * -(-self.words // w) for b, w in SHAPES[family])


def memories(config: ArrayConfig) -> tuple[Ram, ...]:
    """Return the memories that are large enough for block RAM."""
    beat = 8 * config.bus_bytes
    found = [
        Ram("activations", config.banks, 8 * config.act_bytes, config.act_words // config.banks),
        Ram("weights", 1, 8 * config.weight_bytes, config.weight_words),
        Ram("parameters", 1, PARAM.bits * config.requant_lanes, config.param_words),
        Ram("sum tables", 2 * config.requant_lanes, TABLE.fields[0].format.bits, CODES),
        Ram("trace", 1, REGISTER_BITS, TRACE_ENTRIES),
    ]
    if config.bus_bytes <= WIDEST_QUEUE:
        found.append(Ram("command queue", 1, beat, QUEUE_BYTES // config.bus_bytes))
    return tuple(found)


def block_rams(config: ArrayConfig, family: str) -> int | None:
    """Return the block RAMs; None for a family whose blocks are not known."""
    if family not in SHAPES:
        return None
    return sum(ram.blocks(family) for ram in memories(config))


def multipliers(config: ArrayConfig) -> int | None:
    """Return the 18 by 18 bit multipliers; None for a depth whose count is not known."""
    columns = COLUMN_MULTIPLIERS.get(config.depth)
    if columns is None:
        return None
    return config.macs + MULTIPLIERS_PER_LANE * config.requant_lanes + columns
