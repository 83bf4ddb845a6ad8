"""Cycle model: what a program takes, before any gate is simulated.

COMPUTE is counted exactly (:mod:`intaglio.spec.timing_compute`). Transfers are modelled as a
stream of beats behind a latency; the model leaves out how load, store and command reads share a
memory of limited bandwidth, so a program that is bound by memory takes longer than it says.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from intaglio.spec.commands import COMMAND_BYTES, Opcode, decode
from intaglio.spec.config import ArrayConfig
from intaglio.spec.device import RunStats
from intaglio.spec.timing_compute import compute_cycles

READ_CYCLES = 4  # a load command starts to its first beat, without the memory's latency
WRITE_CYCLES = 6  # a store command starts to its last acknowledgement, without beats and latency
DISPATCH_CYCLES = 2  # a command is complete to the start of one that waited for it
QUEUED = 4  # commands that wait for each engine


@dataclass(frozen=True)
class MemoryModel:
    """A memory: cycles to the first answer of a burst, bytes a cycle afterwards."""

    latency: int = 20
    bytes_per_cycle: float | None = None


def predict(commands: bytes, config: ArrayConfig, memory: MemoryModel | None = None) -> RunStats:
    """Return the cycles of a program and the cycle at which each marked layer is complete.

    Parameters
    ----------
    commands : bytes
        Command words.
    config : ArrayConfig
        The accelerator.
    memory : MemoryModel
        Default: the memory of simulated devices.
    """
    memory = memory or MemoryModel()
    rate = min(memory.bytes_per_cycle or config.bus_bytes, config.bus_bytes)
    beat = config.bus_bytes / rate
    finished: dict[Opcode, list[float]] = {opcode: [] for opcode in Opcode}
    begun: dict[Opcode, list[float]] = {opcode: [] for opcode in Opcode}
    marks: dict[int, int] = {}
    fetched = float(memory.latency + READ_CYCLES)
    known: dict[tuple[tuple[str, int], ...], int] = {}
    for opcode, fields in decode(commands):
        # The reader stops while the queue of the command's engine is full.
        queue = begun[opcode]
        if len(queue) >= QUEUED:
            fetched = max(fetched, queue[-QUEUED])
        fetched += COMMAND_BYTES / config.bus_bytes * beat
        start = max(fetched, _waited(fields, finished)) + DISPATCH_CYCLES
        done = finished[opcode][-1] if finished[opcode] else 0.0
        beats = fields.get("row_beats", 0) * fields.get("rows", 0) * beat
        if opcode is Opcode.LOAD:
            end = max(start + READ_CYCLES + memory.latency, done) + beats
        elif opcode is Opcode.STORE:
            end = max(start + WRITE_CYCLES + memory.latency, done) + beats
        else:
            shape = {
                k: v for k, v in fields.items() if not k.startswith(("wait_", "mark", "layer"))
            }
            key = tuple(shape.items())
            if key not in known:
                known[key] = compute_cycles(fields, config).total
            start = max(start, done + 1)
            end = start + known[key]
            if fields["mark"]:
                marks[fields["layer"]] = round(end)
        begun[opcode].append(start)
        finished[opcode].append(end)
    total = max((ends[-1] for ends in finished.values() if ends), default=0.0)
    return RunStats(cycles=round(total), counters={}, marks=marks)


def _waited(fields: Mapping[str, int], finished: Mapping[Opcode, list[float]]) -> float:
    """Return when all that a command waits for is complete."""
    times = [0.0]
    for opcode in Opcode:
        count = fields[f"wait_{opcode.name.lower()}"]
        if count:
            times.append(finished[opcode][count - 1])
    return max(times)
