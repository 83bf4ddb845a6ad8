"""Faults and aborts of the control, and the good program after them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from intaglio.spec.commands import COMMAND_BYTES
from intaglio.spec.registers import Fault

PROGRAM, CONSTANTS, TENSORS = 0x8000, 0x1000, 0x4000
START, ABORT = 1, 2
DONE, ERROR = 2, 4


FAULTS = {
    "load-slave": (CONSTANTS + 3 * 12 * 4, 2, Fault.READ_SLAVE),
    "load-decode": (CONSTANTS + 3 * 12 * 4, 3, Fault.READ_DECODE),
    "reader-slave": (PROGRAM + 5 * COMMAND_BYTES + 12, 2, Fault.READ_SLAVE),
    "reader-decode": (PROGRAM + 5 * COMMAND_BYTES + 12, 3, Fault.READ_DECODE),
    "store-slave": (TENSORS + 2 * 12 * 4, 2, Fault.WRITE_SLAVE),
    "store-decode": (TENSORS + 2 * 12 * 4, 3, Fault.WRITE_DECODE),
    "illegal": (PROGRAM + 4 * COMMAND_BYTES, 0, Fault.ILLEGAL_COMMAND),
}


@pytest.mark.parametrize("stall", [0.0, 0.4])
@pytest.mark.parametrize(("at", "resp", "code"), FAULTS.values(), ids=FAULTS.keys())
def test_fault_then_good_program(
    control: SimpleNamespace,
    rng: np.random.Generator,
    at: int,
    resp: int,
    code: Fault,
    stall: float,
) -> None:
    machine = control.Machine(rng, stall)
    tiles = 4
    commands = control.program(tiles)
    machine.place(commands)
    image = control.expected(machine.memory, tiles)

    async def drive(ctx: Any) -> None:
        opcode = int(machine.memory.bytes[at])
        if code is Fault.ILLEGAL_COMMAND:
            machine.memory.bytes[at] = 0xF0
        machine.memory.bad_reads[at] = machine.write_memory.bad_writes[at] = resp
        await machine.start(ctx, len(commands))
        assert await machine.end(ctx) == ERROR
        assert await machine.read(ctx, "ERROR_CODE") == code
        illegal = code is Fault.ILLEGAL_COMMAND
        address = await machine.read(ctx, "ERROR_ADDRESS")
        bursts = {burst[1] for burst in machine.memory.reads}
        assert address == (0 if illegal else at) or (address in bursts and 0 < at - address < 64)
        assert await machine.read(ctx, "ERROR_COMMAND") == (4 if illegal else 0)
        machine.memory.bytes[at] = opcode
        machine.memory.bad_reads.clear()
        machine.write_memory.bad_writes.clear()
        await machine.start(ctx, len(commands))
        assert await machine.end(ctx) == DONE
        assert await machine.read(ctx, "ERROR_CODE") == Fault.NONE
        np.testing.assert_array_equal(machine.memory.bytes, image)

    machine.run(drive)


def test_abort_at_any_cycle(control: SimpleNamespace, rng: np.random.Generator) -> None:
    machine = control.Machine(rng, 0.2)
    tiles = 6
    commands = control.program(tiles)
    machine.place(commands)
    image = control.expected(machine.memory, tiles)
    ends: list[int] = []

    async def drive(ctx: Any) -> None:
        for wait in range(0, 700, 61):
            machine.memory.bytes[TENSORS : TENSORS + tiles * 48] = 0
            await machine.start(ctx, len(commands))
            for _ in range(wait):
                await ctx.tick()
            await machine.write(ctx, "CONTROL", ABORT)
            status = await machine.end(ctx)
            ends.append(status)
            code = await machine.read(ctx, "ERROR_CODE")
            assert code == (Fault.ABORTED if status == ERROR else Fault.NONE)
            if wait % 2 == 0:
                await machine.start(ctx, len(commands))
                assert await machine.end(ctx) == DONE
                np.testing.assert_array_equal(machine.memory.bytes, image)

    machine.run(drive)
    assert ERROR in ends


def test_fault_waits_for_the_compute_engine(
    control: SimpleNamespace, rng: np.random.Generator
) -> None:
    machine = control.Machine(rng, 0.0)
    machine.compute_cycles = (1500, 1501)
    tiles = 6
    commands = control.program(tiles)
    machine.place(commands)
    image = control.expected(machine.memory, tiles)

    async def drive(ctx: Any) -> None:
        await machine.start(ctx, len(commands))
        await machine.bench.until(ctx, machine.dut.compute_busy)
        for _ in range(700):  # the queues fill behind it
            await ctx.tick()
        await machine.write(ctx, "CONTROL", ABORT)
        for _ in range(100):
            await ctx.tick()
        assert ctx.get(machine.dut.abort)
        assert not ctx.get(machine.dut.irq)
        assert await machine.end(ctx) == ERROR
        assert len(machine.computed) == 1
        machine.compute_cycles = (0, 20)
        await machine.start(ctx, len(commands))
        assert await machine.end(ctx) == DONE
        np.testing.assert_array_equal(machine.memory.bytes, image)

    machine.run(drive)


def test_start_while_busy_and_abort_while_idle_are_ignored(
    control: SimpleNamespace, rng: np.random.Generator
) -> None:
    machine = control.Machine(rng, 0.0)
    tiles = 4
    commands = control.program(tiles)
    machine.place(commands)
    image = control.expected(machine.memory, tiles)

    async def drive(ctx: Any) -> None:
        await machine.write(ctx, "CONTROL", ABORT)
        assert await machine.read(ctx, "STATUS") == 0
        await machine.start(ctx, len(commands))
        await machine.write(ctx, "CONTROL", START)
        assert await machine.end(ctx) == DONE
        assert await machine.read(ctx, "COUNT_COMMANDS") == len(commands)
        np.testing.assert_array_equal(machine.memory.bytes, image)

    machine.run(drive)
