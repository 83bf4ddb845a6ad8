"""The store engine against a memory model."""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from intaglio.gateware.store import StoreEngine
from intaglio.spec.presets import PRESETS
from intaglio.spec.registers import Fault

SIZE = 1 << 17
BASES = [0x1000, 0x3000, 0, 0]
WORDS = 1024


class Buffer:
    """Activation buffer that answers after a while."""

    def __init__(self, dut: Any, rng: np.random.Generator, word_bytes: int, latency: int) -> None:
        self.dut, self.rng, self.latency = dut, rng, latency
        self.words = rng.integers(0, 256, (WORDS, word_bytes), np.uint8)

    async def run(self, ctx: Any) -> None:
        requests, words = self.dut.requests, self.dut.words
        pending: deque[tuple[int, int]] = deque()
        cycle = 0
        stall = 0.3 if self.latency > 1 else 0.0
        while True:
            ctx.set(requests.ready, bool(self.rng.random() >= stall))
            due = bool(pending) and pending[0][0] <= cycle
            ctx.set(words.valid, due)
            if due:
                word = self.words[pending.popleft()[1]].tobytes()
                ctx.set(words.payload, int.from_bytes(word, "little"))
            _, _, valid, ready, address, room = await ctx.tick().sample(
                requests.valid, requests.ready, requests.payload, words.ready
            )
            assert room or not due, "the engine asked for more than it has room for"
            if valid and ready:
                wait = int(self.rng.integers(1, self.latency + 1))
                pending.append((cycle + wait, address))
            cycle += 1


def expect(image: Any, buffer: Buffer, command: dict[str, int]) -> None:
    """Do to `image` what `command` does to memory."""
    size = buffer.words.shape[1]
    for row in range(command["rows"]):
        at = BASES[command["region"]] + command["offset"] + row * command["row_stride"]
        first = command["address"] + row * command["address_stride"]
        words = buffer.words[first : first + command["row_beats"]]
        image[at : at + words.size] = words.reshape(-1)
        assert words.size == size * command["row_beats"]


def commands(rng: np.random.Generator, size: int, count: int) -> list[dict[str, int]]:
    return [
        {
            "region": int(rng.integers(0, 2)),
            "offset": int(rng.integers(0, 4096 // size)) * size,
            "row_beats": int(rng.integers(1, 60)),
            "rows": int(rng.integers(1, 5)),
            "row_stride": int(rng.integers(0, 1024)) * size,
            "address": int(rng.integers(0, 400)),
            "address_stride": int(rng.integers(0, 100)),
        }
        for _ in range(count)
    ]


@pytest.mark.parametrize("preset", ["tiny", "default"])
@pytest.mark.parametrize(("stall", "latency"), [(0.0, 1), (0.3, 5), (0.9, 12)])
def test_memory_holds_the_words(
    bench: Any, rng: np.random.Generator, preset: str, stall: float, latency: int
) -> None:
    config = replace(PRESETS[preset], outstanding=3)
    dut = StoreEngine(config)
    memory = bench.Memory(
        rng,
        bus_bytes=config.bus_bytes,
        size=SIZE,
        write=dut.bus,
        stall=stall,
        longest=config.burst_beats,
    )
    buffer = Buffer(dut, rng, config.bus_bytes, latency)
    todo = commands(rng, config.bus_bytes, 8)
    image = memory.bytes.copy()
    done: list[Any] = []

    async def drive(ctx: Any) -> None:
        ctx.set(dut.bases, BASES)
        for command in todo:
            expect(image, buffer, command)
            await bench.put(ctx, dut.commands, command)
        await bench.until(ctx, dut.busy, 0)
        assert memory.quiet

    models = (memory.run_write, buffer.run, bench.pulses(dut.done, done))
    bench.run(dut, drive, models=models)
    np.testing.assert_array_equal(memory.bytes, image)
    assert len(done) == len(todo)


def test_one_beat_a_cycle(bench: Any, rng: np.random.Generator) -> None:
    config = PRESETS["default"]
    dut = StoreEngine(config)
    memory = bench.Memory(rng, bus_bytes=config.bus_bytes, size=SIZE, write=dut.bus)
    buffer = Buffer(dut, rng, config.bus_bytes, 1)

    async def drive(ctx: Any) -> None:
        command = {"row_beats": 300, "rows": 4, "row_stride": 8192, "address_stride": 200}
        await bench.put(ctx, dut.commands, command)
        assert await bench.until(ctx, dut.done) <= 1200 + 10

    bench.run(dut, drive, models=(memory.run_write, buffer.run))


@pytest.mark.parametrize("at", [0x40, 0x2300], ids=["first", "last"])
@pytest.mark.parametrize(
    ("resp", "code"), [(2, Fault.WRITE_SLAVE), (3, Fault.WRITE_DECODE)], ids=["slave", "decode"]
)
def test_error_then_good_command(
    bench: Any, rng: np.random.Generator, resp: int, code: Fault, at: int
) -> None:
    config = PRESETS["tiny"]
    dut = StoreEngine(config)
    memory = bench.Memory(rng, bus_bytes=config.bus_bytes, size=SIZE, write=dut.bus, stall=0.3)
    buffer = Buffer(dut, rng, config.bus_bytes, 3)
    memory.bad_writes[at] = resp
    faults: list[Any] = []
    done: list[Any] = []
    good = {"region": 1, "offset": 0x800, "row_beats": 40, "rows": 2, "row_stride": 0x300}
    good |= {"address": 7, "address_stride": 50}

    async def drive(ctx: Any) -> None:
        ctx.set(dut.bases, BASES)
        bad = {"region": 2, "row_beats": 200, "rows": 3, "row_stride": 0x1000}
        await bench.put(ctx, dut.commands, bad)
        await bench.until(ctx, dut.fault.valid)
        await ctx.tick()
        ctx.set(dut.abort, 1)
        await bench.until(ctx, dut.busy, 0)
        await ctx.tick()
        assert memory.quiet
        assert not done
        ctx.set(dut.abort, 0)
        image = memory.bytes.copy()
        expect(image, buffer, good)
        await bench.put(ctx, dut.commands, good)
        await bench.until(ctx, dut.busy, 0)
        np.testing.assert_array_equal(memory.bytes, image)

    models = (
        memory.run_write,
        buffer.run,
        bench.pulses(dut.fault.valid, faults, dut.fault),
        bench.pulses(dut.done, done),
    )
    bench.run(dut, drive, models=models)
    assert [(f.code, f.address) for f in faults] == [(code, at)]
    assert len(done) == 1


def test_abort_at_any_cycle_completes_bursts(bench: Any, rng: np.random.Generator) -> None:
    config = PRESETS["tiny"]
    dut = StoreEngine(config)
    memory = bench.Memory(rng, bus_bytes=config.bus_bytes, size=SIZE, write=dut.bus, stall=0.2)
    buffer = Buffer(dut, rng, config.bus_bytes, 4)
    command = {"region": 0, "offset": 32, "row_beats": 60, "rows": 2, "row_stride": 0x200}
    command |= {"address": 100, "address_stride": 99}
    partial: list[int] = []

    async def drive(ctx: Any) -> None:
        ctx.set(dut.bases, BASES)
        before = memory.bytes.copy()
        whole = before.copy()
        expect(whole, buffer, command)
        for wait in range(0, 90, 3):
            memory.bytes[:] = before
            await bench.put(ctx, dut.commands, command)
            for _ in range(wait):
                await ctx.tick()
            ctx.set(dut.abort, 1)
            await ctx.tick()
            await bench.until(ctx, dut.busy, 0)
            assert memory.quiet
            await ctx.tick()
            ctx.set(dut.abort, 0)
            # What was written is what belongs there; the rest is as it was.
            assert ((memory.bytes == whole) | (memory.bytes == before)).all()
            partial.append(int((memory.bytes != before).sum()))
            await bench.put(ctx, dut.commands, command)
            await bench.until(ctx, dut.busy, 0)
            np.testing.assert_array_equal(memory.bytes, whole)

    bench.run(dut, drive, models=(memory.run_write, buffer.run))
    assert len(set(partial)) > 3  # the aborts came at different places
