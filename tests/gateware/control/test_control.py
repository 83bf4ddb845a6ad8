"""Programs through the control: order, end, interrupt, counters and trace."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from intaglio.spec.commands import COMMAND_BYTES
from intaglio.spec.presets import PRESETS
from intaglio.spec.registers import COUNTERS, TRACE_BASE

CONFIG = PRESETS["tiny"]
PROGRAM, CONSTANTS, TENSORS = 0x8000, 0x1000, 0x4000
DONE, ERROR = 2, 4


@pytest.mark.parametrize("stall", [0.0, 0.3, 0.9])
def test_program_runs_to_its_end_twice(
    control: SimpleNamespace, rng: np.random.Generator, stall: float
) -> None:
    machine = control.Machine(rng, stall)
    tiles, words = (6 if stall < 0.9 else 3), 12
    commands = control.program(tiles, words)
    machine.place(commands)
    image = control.expected(machine.memory, tiles, words)

    async def drive(ctx: Any) -> None:
        for _ in range(2):
            machine.memory.bytes[TENSORS:PROGRAM] = image[0x100] ^ 0xFF
            await machine.start(ctx, len(commands))
            assert await machine.end(ctx) == DONE
            size = tiles * words * CONFIG.bus_bytes
            np.testing.assert_array_equal(
                machine.memory.bytes[TENSORS : TENSORS + size], image[TENSORS : TENSORS + size]
            )
            counts = {name: await machine.read(ctx, f"COUNT_{name}") for name, _ in COUNTERS}
            assert counts["COMMANDS"] == len(commands)
            assert counts["WRITE_BEATS"] == tiles * words
            per_command = COMMAND_BYTES // CONFIG.bus_bytes
            assert counts["READ_BEATS"] == tiles * words + len(commands) * per_command
            marks = [
                (await machine.bench.lite_read(ctx, machine.dut.lite, TRACE_BASE + 4 * tile))[0]
                for tile in range(tiles)
            ]
            assert marks == sorted(marks)
            assert 0 < marks[0]
            assert marks[-1] < counts["CYCLES"]
            for name in ("COMPUTE", "LOAD", "STORE"):
                assert 0 < counts[f"{name}_CYCLES"] < counts["CYCLES"]
            # Counters stand still after the end.
            assert await machine.read(ctx, "COUNT_CYCLES") == counts["CYCLES"]

    machine.run(drive)


def test_empty_program_is_done(control: SimpleNamespace, rng: np.random.Generator) -> None:
    machine = control.Machine(rng, 0.0)

    async def drive(ctx: Any) -> None:
        await machine.start(ctx, 0)
        assert await machine.end(ctx) == DONE

    machine.run(drive)
    assert machine.memory.reads == []
