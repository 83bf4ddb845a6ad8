"""The control with models of everything around it, as fixture `machine`."""

from __future__ import annotations

from functools import partial
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from intaglio.gateware.control import Control
from intaglio.spec.commands import AT_LEAST_ONE, RECORDS, Opcode
from intaglio.spec.presets import PRESETS
from intaglio.spec.registers import BY_NAME

CONFIG = PRESETS["tiny"]
SIZE = 1 << 16
PROGRAM, CONSTANTS, TENSORS = 0x8000, 0x1000, 0x4000
START, ABORT = 1, 2


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
    one = {name: 1 for name in AT_LEAST_ONE[Opcode.COMPUTE]}
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


@pytest.fixture
def control(bench: Any) -> SimpleNamespace:
    """Return what makes a machine, a program for it, and what memory holds afterwards."""
    return SimpleNamespace(Machine=partial(Machine, bench), program=program, expected=expected)
