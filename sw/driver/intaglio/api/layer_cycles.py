"""Cycles of each layer as the cycle model has them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from intaglio.spec.commands import COMMAND_BYTES
from intaglio.spec.config import ArrayConfig
from intaglio.spec.program import Job, Program
from intaglio.spec.registers import TRACE_ENTRIES
from intaglio.spec.timing import MemoryModel, predict

if TYPE_CHECKING:
    from intaglio.bench.library import MemorySettings


def model_cycles(
    program: Program, config: ArrayConfig, memory: MemorySettings | None = None
) -> Mapping[int, int]:
    """Return layer index to cycles for one input, counted as the gates count them.

    A layer's cycles run from the end of the layer before it to its own; the last layer of a job
    has all that is left.
    """
    settings = memory_model(memory)
    found: dict[int, int] = {}
    for job in (step for step in program.steps if isinstance(step, Job)):
        first = job.first * COMMAND_BYTES
        commands = program.commands[first : first + job.count * COMMAND_BYTES]
        stats = predict(commands, config, settings, program.constants)
        start = 0
        for layer in job.layers:
            last = layer == job.layers[-1]
            end = (stats.cycles or 0) if last else stats.marks.get(layer % TRACE_ENTRIES, start)
            found[layer] = end - start
            start = end
    return found


def memory_model(memory: MemorySettings | None) -> MemoryModel:
    """Return a simulated device's memory as the cycle model sees it."""
    if memory is None:
        return MemoryModel()
    return MemoryModel(memory.latency, memory.bytes_per_cycle, memory.width)
