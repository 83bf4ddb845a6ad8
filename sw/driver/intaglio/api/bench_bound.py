"""What limits a layer: the unit that its commands keep busy longest."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from intaglio.spec.commands import COMMAND_BYTES, Memory, Opcode, Operation
from intaglio.spec.config import ArrayConfig
from intaglio.spec.timing import MemoryModel
from intaglio.spec.timing_compute import compute_cycles, gather_passes

Command = tuple[Opcode, Mapping[str, int]]


def demands(
    commands: Iterable[Command], config: ArrayConfig, memory: MemoryModel
) -> dict[str, float]:
    """Return the cycles that each unit is needed for.

    ``array``: steps of the array. ``vector``: windows' taps of pools and sums. ``activations``:
    passes of the gather over the banks. ``drain``: accumulators through the requantiser.
    ``weights``: transfers of constants. ``memory``: all transfers and the commands themselves.
    """
    found = dict.fromkeys(("array", "vector", "activations", "drain", "weights", "memory"), 0.0)
    given = (memory.bytes_per_cycle, memory.width, config.bus_bytes)
    rate = min(value for value in given if value is not None)
    known: dict[tuple[tuple[str, int], ...], dict[str, float]] = {}
    for opcode, fields in commands:
        found["memory"] += COMMAND_BYTES / rate
        if opcode is Opcode.COMPUTE:
            shape = ((k, v) for k, v in fields.items() if not k.startswith(("wait_", "mark")))
            key = tuple(shape)
            if key not in known:
                known[key] = _compute(fields, config)
            for name, cycles in known[key].items():
                found[name] += cycles
            continue
        beats = fields["row_beats"] * fields["rows"] * config.bus_bytes / rate
        found["memory"] += beats
        if opcode is Opcode.LOAD and fields["memory"] != Memory.ACTS:
            found["weights"] += beats
    return found


def bound_of(
    commands: Iterable[Command], config: ArrayConfig, memory: MemoryModel, *, resident: bool
) -> str:
    """Return the unit of the greatest demand.

    Parameters
    ----------
    resident : bool
        Activations are in the buffer: of memory, only constants after the first COMPUTE count.
    """
    chosen = list(commands)
    if resident:
        starts = (at for at, (opcode, _) in enumerate(chosen) if opcode is Opcode.COMPUTE)
        chosen = chosen[next(starts, 0) :]
    found = demands(chosen, config, memory)
    found.pop("memory" if resident else "weights")
    return max(found, key=lambda name: found[name])


def _compute(fields: Mapping[str, int], config: ArrayConfig) -> dict[str, float]:
    operation = Operation(fields["operation"])
    on_array = operation in (Operation.CONV, Operation.DEPTHWISE)
    passes = int(gather_passes(fields, config).sum()) * fields["out_blocks"]
    if operation is Operation.CONV and not fields["paired"]:
        passes *= fields["in_blocks"]
    outputs = 0 if fields["hold"] else fields["pixels"] * fields["out_blocks"]
    return {
        "array" if on_array else "vector": compute_cycles(fields, config).steps,
        "activations": passes,
        "drain": outputs * config.drain_steps,
    }
