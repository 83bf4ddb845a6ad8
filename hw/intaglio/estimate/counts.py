"""What a layer's commands do to each part of the accelerator: accesses, bytes and steps."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields

from intaglio.spec.commands import COMMAND_BYTES, Memory, Opcode, Operation
from intaglio.spec.config import ArrayConfig
from intaglio.spec.timing import shape_of
from intaglio.spec.timing_compute import compute_cycles, gather_passes, gather_reads
from intaglio.spec.timing_link import MemoryModel

Command = tuple[Opcode, Mapping[str, int]]
LEVELS = ("dram", "activations", "weights", "parameters", "tables")


@dataclass
class Counts:
    """Sums over the commands of a layer.

    Parameters
    ----------
    steps, vector_steps : int
        Cycles in which the array, or the vector unit, takes something.
    passes : int
        Accesses of the gather to all banks.
    outputs : int
        Channel codes that leave the requantiser.
    drain : int
        Cycles of the requantiser.
    act_reads, act_writes, weight_reads, weight_writes : int
        Words of the buffers, including what transfers read and write.
    param_reads, param_writes, table_reads, table_writes : int
        The same of the small memories.
    read_bytes, write_bytes, constant_bytes, command_bytes : int
        Of external memory; `constant_bytes` is part of `read_bytes`, commands are apart.
    commands : int
        Commands.
    """

    steps: int = 0
    vector_steps: int = 0
    passes: int = 0
    outputs: int = 0
    drain: int = 0
    act_reads: int = 0
    act_writes: int = 0
    weight_reads: int = 0
    weight_writes: int = 0
    param_reads: int = 0
    param_writes: int = 0
    table_reads: int = 0
    table_writes: int = 0
    read_bytes: int = 0
    write_bytes: int = 0
    constant_bytes: int = 0
    command_bytes: int = 0
    commands: int = 0

    def add(self, other: Counts) -> None:
        """Add every count of `other`."""
        for field in fields(self):
            setattr(self, field.name, getattr(self, field.name) + getattr(other, field.name))

    @property
    def dram_bytes(self) -> int:
        """Bytes between the accelerator and external memory, commands included."""
        return self.read_bytes + self.write_bytes + self.command_bytes

    def level_bytes(self, config: ArrayConfig) -> dict[str, int]:
        """Return the bytes moved in or out of each memory level of :data:`LEVELS`."""
        return {
            "dram": self.dram_bytes,
            "activations": (self.act_reads + self.act_writes) * config.act_bytes,
            "weights": (self.weight_reads + self.weight_writes) * config.weight_bytes,
            "parameters": (self.param_reads + self.param_writes) * config.param_bytes,
            "tables": (self.table_reads + self.table_writes) * config.table_bytes,
        }

    def needs(self, config: ArrayConfig, memory: MemoryModel) -> dict[str, float]:
        """Return for how many cycles each unit is needed, were it never to wait.

        ``array``, ``vector``, ``activations`` (bank passes), ``requantise`` and ``memory``. The
        greatest is the layer's waterline at effective rates.
        """
        given = (memory.bytes_per_cycle, memory.width, config.bus_bytes)
        rate = min(value for value in given if value is not None)
        return {
            "array": self.steps,
            "vector": self.vector_steps,
            "activations": self.passes,
            "requantise": self.drain,
            "memory": self.dram_bytes / rate,
        }

    def bound(self, config: ArrayConfig, memory: MemoryModel) -> str:
        """Return the unit that is needed for the most cycles: a key of :meth:`needs`."""
        needs = self.needs(config, memory)
        return max(needs, key=lambda name: needs[name])


def count_layers(commands: Iterable[Command], config: ArrayConfig) -> dict[int, Counts]:
    """Return layer index to the counts of its commands."""
    found: dict[int, Counts] = {}
    known: dict[object, Counts] = {}
    for opcode, values in commands:
        counts = found.setdefault(values["layer"], Counts())
        if opcode is Opcode.COMPUTE:
            shape = shape_of(values)
            if shape not in known:
                known[shape] = _compute(values, config)
            counts.add(known[shape])
        else:
            counts.add(_transfer(opcode, values, config))
    return found


def _transfer(opcode: Opcode, values: Mapping[str, int], config: ArrayConfig) -> Counts:
    beats = values["row_beats"] * values["rows"]
    size = beats * config.bus_bytes
    counts = Counts(command_bytes=COMMAND_BYTES, commands=1)
    if opcode is Opcode.STORE:
        counts.write_bytes, counts.act_reads = size, beats
        return counts
    counts.read_bytes = size
    memory = Memory(values["memory"])
    if memory is Memory.ACTS:
        counts.act_writes = beats
        return counts
    counts.constant_bytes = size
    if memory is Memory.WEIGHTS:
        counts.weight_writes = size // config.weight_bytes
    elif memory is Memory.PARAMS:
        counts.param_writes = size // config.param_bytes
    else:
        counts.table_writes = size // config.table_bytes
    return counts


def _compute(values: Mapping[str, int], config: ArrayConfig) -> Counts:
    operation = Operation(values["operation"])
    blocks = values["out_blocks"]
    steps = compute_cycles(values, config).steps
    again = 1
    if operation is Operation.CONV and not values["paired"]:
        again = values["in_blocks"]
    on_array = operation in (Operation.CONV, Operation.DEPTHWISE)
    counts = Counts(command_bytes=COMMAND_BYTES, commands=1)
    counts.passes = int(gather_passes(values, config).sum()) * again * blocks
    counts.act_reads = gather_reads(values, config) * blocks
    if on_array:
        counts.steps = steps
        counts.weight_reads = steps
    else:
        counts.vector_steps = steps
    if operation is Operation.ADD:
        counts.table_reads = 2 * values["pixels"] * blocks * config.drain_steps
    if not values["hold"]:
        windows = values["pixels"] * blocks
        counts.outputs = windows * config.channels
        counts.drain = windows * config.drain_steps
        counts.param_reads = windows * config.drain_steps
        counts.act_writes = windows
    return counts
