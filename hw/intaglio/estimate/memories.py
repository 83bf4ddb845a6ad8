"""Block RAMs and multipliers of an accelerator, exactly, from its dimensions."""

from __future__ import annotations

from dataclasses import dataclass

from intaglio.spec.commands import PARAM, RECORDS, TABLE, Opcode
from intaglio.spec.config import CODES, ArrayConfig
from intaglio.spec.registers import REGISTER_BITS, TRACE_ENTRIES
from intaglio.spec.widths import narrowed

# (bits, words) that one block of each family can be.
SHAPES: dict[str, tuple[tuple[int, int], ...]] = {
    "ecp5": ((36, 512), (18, 1024), (9, 2048), (4, 4096), (2, 8192), (1, 16384)),
    "gowin": ((36, 512), (18, 1024), (9, 2048), (4, 4096), (2, 8192), (1, 16384)),
    "ice40": ((16, 256), (8, 512), (4, 1024), (2, 2048)),
    "xilinx": ((72, 512), (36, 1024), (18, 2048), (9, 4096), (4, 8192), (2, 16384), (1, 32768)),
}
SHAPES["generic"] = SHAPES["ecp5"]
# Of a block: from Yosys' libraries. Of a choice: what all synthesised rows agree with.
BLOCK_WEIGHT, USUAL_BLOCK_WEIGHT = {"ice40": 64}, 128
CHOICE_WEIGHT = 2
QUEUE_BYTES = 512  # commands that the reader holds
LEAST_LANES = 4
# What the 32 by 31 bit product of a requantiser lane takes: four of 16 or 18 bits, each of which
# counts two 9-bit ones on Gowin.
MULTIPLIERS_PER_LANE = {"gowin": 8}
USUAL_MULTIPLIERS = 4


@dataclass(frozen=True)
class Ram:
    """`count` memories of `words` words of `bits` bits."""

    name: str
    count: int
    bits: int
    words: int

    def blocks(self, family: str) -> int:
        """Return the blocks of all of them, each in the shape that synthesis weighs least.

        A shape weighs its blocks, and for each bit what chooses among blocks of further words.
        """
        block = BLOCK_WEIGHT.get(family, USUAL_BLOCK_WEIGHT)
        weights = []
        for bits, words in SHAPES[family]:
            deep = -(-self.words // words)
            count = -(-self.bits // bits) * deep
            weights.append((block * count + CHOICE_WEIGHT * self.bits * (deep - 1), count))
        return self.count * min(weights)[1]


def memories(config: ArrayConfig) -> tuple[Ram, ...]:
    """Return the memories that are large enough for block RAM."""
    beat = 8 * config.bus_bytes
    found = [
        Ram("activations", config.banks, 8 * config.act_bytes, config.act_words // config.banks),
        Ram("weights", 1, 8 * config.weight_bytes, config.weight_words),
        Ram("parameters", 1, PARAM.bits * config.requant_lanes, config.param_words),
        Ram("sum tables", 2 * config.requant_lanes, TABLE.fields[0].format.bits, CODES),
    ]
    if config.counters:
        found.append(Ram("trace", 1, REGISTER_BITS, TRACE_ENTRIES))
    if config.command_queue:
        found.append(Ram("command bytes", 1, beat, QUEUE_BYTES // config.bus_bytes))
    return (*found, *command_queues(config)) if config.roomy else tuple(found)


def command_queues(config: ArrayConfig) -> tuple[Ram, ...]:
    """Return the queues of the three engines, which only a roomy part has in block RAM."""
    queued = config.command_queue
    if not queued:
        return ()
    return tuple(
        Ram(f"{o.name.lower()} commands", 1, _command_bits(o, config), queued) for o in Opcode
    )


def block_rams(config: ArrayConfig, family: str) -> int | None:
    """Return the block RAMs; None for a family whose blocks are not known."""
    if family not in SHAPES:
        return None
    return sum(ram.blocks(family) for ram in memories(config))


def multipliers(config: ArrayConfig, family: str) -> int:
    """Return the multipliers of an array of INT8 lanes, as `family` counts them."""
    per_lane = MULTIPLIERS_PER_LANE.get(family, USUAL_MULTIPLIERS)
    return config.macs + per_lane * config.requant_lanes


def _command_bits(opcode: Opcode, config: ArrayConfig) -> int:
    """Return the bits of a command that its engine reads.

    Synthesis keeps all of a COMPUTE, but with four lanes one that none reads, and the opcode of
    the others, which chose the engine.
    """
    bits = sum(field.format.bits for field in narrowed(RECORDS[opcode], config).fields)
    if opcode is Opcode.COMPUTE and config.channels > LEAST_LANES:
        return bits
    return bits - RECORDS[opcode].fields[0].format.bits
