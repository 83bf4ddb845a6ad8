"""Programs through the control: order, end, faults, interrupt, counters and trace."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from intaglio.gateware.control import Control
from intaglio.spec.commands import COMMAND_BYTES, RECORDS, Opcode
from intaglio.spec.presets import PRESETS
from intaglio.spec.registers import BY_NAME, COUNTERS, TRACE_BASE, Fault

CONFIG = PRESETS["tiny"]
SIZE = 1 << 16
PROGRAM, CONSTANTS, TENSORS = 0x8000, 0x1000, 0x4000
START, ABORT = 1, 2
DONE, ERROR = 2, 4


class Machine:
    """The control with a memory, a word array for the activation buffer and a lazy engine."""

    def __init__(self, bench: Any, rng: np.random.Generator, stall: float) -> None:
        self.bench, self.rng = bench, rng
        self.dut: Any = Control(CONFIG)
        self.memory = bench.Memory(
            rng,
            bus_bytes=CONFIG.bus_bytes,
            size=SIZE,
            read=self.dut.read,
            write=self.dut.write,
            stall=stall,
            longest=CONFIG.burst_beats,
        )
        self.write_memory = bench.Memory(
            rng, bus_bytes=CONFIG.bus_bytes, size=SIZE, write=self.dut.write, stall=stall
        )
        self.write_memory.bytes = self.memory.bytes
        self.stall = stall
        self.acts: dict[int, int] = {}
        self.computed: list[int] = []
        self.compute_cycles = (0, 20)

    async def engine(self, ctx: Any) -> None:
        """Compute: increment the word at `out_start` after a while."""
        dut = self.dut
        while True:
            ctx.set(dut.compute.ready, 1)
            _, _, valid, command = await ctx.tick().sample(dut.compute.valid, dut.compute.payload)
            if not valid:
                continue
            ctx.set(dut.compute.ready, 0)
            ctx.set(dut.compute_busy, 1)
            for _ in range(int(self.rng.integers(*self.compute_cycles))):
                await ctx.tick()
            self.acts[command.out_start] = (self.acts.get(command.out_start, 0) + 1) & 0xFFFFFFFF
            self.computed.append(command.layer)
            ctx.set(dut.compute_done, {"valid": 1, "mark": command.mark, "layer": command.layer})
            await ctx.tick()
            ctx.set(dut.compute_done, {})
            ctx.set(dut.compute_busy, 0)

    async def loads(self, ctx: Any) -> None:
        """Write words of the load engine."""
        port = self.dut.loads
        while True:
            ready = bool(self.rng.random() >= self.stall)
            ctx.set(port.ready, ready)
            _, _, valid, write = await ctx.tick().sample(port.valid, port.payload)
            if valid and ready and write.memory == 0:
                self.acts[write.address] = write.data & 0xFFFFFFFF

    async def fetches(self, ctx: Any) -> None:
        """Answer the store engine a cycle later."""
        dut = self.dut
        while True:
            ready = bool(self.rng.random() >= self.stall)
            ctx.set(dut.requests.ready, ready)
            _, _, valid, address = await ctx.tick().sample(dut.requests.valid, dut.requests.payload)
            ctx.set(dut.words.valid, int(valid and ready))
            if valid and ready:
                ctx.set(dut.words.payload, self.acts[address])

    def place(self, commands: list[dict[str, int]]) -> None:
        data = b"".join(RECORDS[Opcode(c["opcode"])].to_bytes(c) for c in commands)
        self.memory.bytes[PROGRAM : PROGRAM + len(data)] = np.frombuffer(data, np.uint8)

    async def write(self, ctx: Any, name: str, value: int) -> None:
        assert await self.bench.lite_write(ctx, self.dut.lite, BY_NAME[name].address, value) == 0

    async def read(self, ctx: Any, name: str) -> int:
        value, resp = await self.bench.lite_read(ctx, self.dut.lite, BY_NAME[name].address)
        assert resp == 0
        return int(value)

    async def start(self, ctx: Any, count: int) -> None:
        await self.write(ctx, "PROGRAM_ADDRESS", PROGRAM)
        await self.write(ctx, "PROGRAM_COUNT", count)
        await self.write(ctx, "REGION0_BASE", CONSTANTS)
        await self.write(ctx, "REGION1_BASE", TENSORS)
        await self.write(ctx, "IRQ_ENABLE", 3)
        await self.write(ctx, "CONTROL", START)

    async def end(self, ctx: Any) -> int:
        """Wait for the interrupt, clear it and return STATUS."""
        await self.bench.until(ctx, self.dut.irq)
        assert self.memory.quiet
        assert self.write_memory.quiet
        await self.write(ctx, "IRQ_STATUS", 3)
        assert not ctx.get(self.dut.irq)
        return await self.read(ctx, "STATUS")

    def run(self, drive: Any) -> None:
        models = (
            self.memory.run_read,
            self.write_memory.run_write,
            self.engine,
            self.loads,
            self.fetches,
        )
        self.bench.run(self.dut, drive, models=models)


def program(tiles: int, words: int = 12) -> list[dict[str, int]]:
    """Return a program that copies `tiles` tiles and adds 1 to the first word of each."""
    commands: list[dict[str, int]] = []
    one = {name: 1 for name in ("kernel_h", "kernel_w", "out_w", "pixels", "out_blocks")}
    for tile in range(tiles):
        half = tile % 2 * 0x100
        offset = tile * words * CONFIG.bus_bytes
        copy = {"row_beats": words, "rows": 1, "address": half, "offset": offset}
        commands += [
            {"opcode": Opcode.LOAD, "region": 0, "wait_store": max(tile - 1, 0), **copy},
            {
                "opcode": Opcode.COMPUTE,
                "wait_load": tile + 1,
                "out_start": half,
                "mark": 1,
                "layer": tile,
                **one,
            },
            {"opcode": Opcode.STORE, "region": 1, "wait_compute": tile + 1, **copy},
        ]
    return commands


def expected(memory: Any, tiles: int, words: int = 12) -> Any:
    """Return what memory holds after :func:`program`."""
    image = memory.bytes.copy()
    size = tiles * words * CONFIG.bus_bytes
    block = image[CONSTANTS : CONSTANTS + size].copy().view(np.uint32)
    block[::words] += 1
    image[TENSORS : TENSORS + size] = block.view(np.uint8)
    return image


@pytest.mark.parametrize("stall", [0.0, 0.3, 0.9])
def test_program_runs_to_its_end_twice(bench: Any, rng: np.random.Generator, stall: float) -> None:
    machine = Machine(bench, rng, stall)
    tiles, words = (6 if stall < 0.9 else 3), 12
    commands = program(tiles, words)
    machine.place(commands)
    image = expected(machine.memory, tiles, words)

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
                (await bench.lite_read(ctx, machine.dut.lite, TRACE_BASE + 4 * tile))[0]
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


def test_empty_program_is_done(bench: Any, rng: np.random.Generator) -> None:
    machine = Machine(bench, rng, 0.0)

    async def drive(ctx: Any) -> None:
        await machine.start(ctx, 0)
        assert await machine.end(ctx) == DONE

    machine.run(drive)
    assert machine.memory.reads == []


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
    bench: Any, rng: np.random.Generator, at: int, resp: int, code: Fault, stall: float
) -> None:
    machine = Machine(bench, rng, stall)
    tiles = 4
    commands = program(tiles)
    machine.place(commands)
    image = expected(machine.memory, tiles)

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


def test_abort_at_any_cycle(bench: Any, rng: np.random.Generator) -> None:
    machine = Machine(bench, rng, 0.2)
    tiles = 6
    commands = program(tiles)
    machine.place(commands)
    image = expected(machine.memory, tiles)
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


def test_fault_waits_for_the_compute_engine(bench: Any, rng: np.random.Generator) -> None:
    machine = Machine(bench, rng, 0.0)
    machine.compute_cycles = (1500, 1501)
    tiles = 6
    commands = program(tiles)
    machine.place(commands)
    image = expected(machine.memory, tiles)

    async def drive(ctx: Any) -> None:
        await machine.start(ctx, len(commands))
        await bench.until(ctx, machine.dut.compute_busy)
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
    bench: Any, rng: np.random.Generator
) -> None:
    machine = Machine(bench, rng, 0.0)
    tiles = 4
    commands = program(tiles)
    machine.place(commands)
    image = expected(machine.memory, tiles)

    async def drive(ctx: Any) -> None:
        await machine.write(ctx, "CONTROL", ABORT)
        assert await machine.read(ctx, "STATUS") == 0
        await machine.start(ctx, len(commands))
        await machine.write(ctx, "CONTROL", START)
        assert await machine.end(ctx) == DONE
        assert await machine.read(ctx, "COUNT_COMMANDS") == len(commands)
        np.testing.assert_array_equal(machine.memory.bytes, image)

    machine.run(drive)
