"""The load engine against a memory model."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from intaglio.gateware.load import LoadEngine, word_beats
from intaglio.spec.commands import Memory
from intaglio.spec.config import ArrayConfig
from intaglio.spec.presets import PRESETS
from intaglio.spec.registers import Fault

SIZE = 1 << 16
BASES = [0x1000, 0x2000, 0, 0]


def commands(rng: np.random.Generator, config: ArrayConfig, count: int) -> list[dict[str, int]]:
    """Return random commands that stay in memory."""
    made = []
    for _ in range(count):
        memory = int(rng.integers(0, len(Memory)))
        beats = word_beats(config)[memory]
        words, rows = int(rng.integers(1, 40)), int(rng.integers(1, 5))
        made.append(
            {
                "region": int(rng.integers(0, 2)),
                "memory": memory,
                "offset": int(rng.integers(0, 4096 // config.bus_bytes)) * config.bus_bytes,
                "row_beats": words * beats,
                "rows": rows,
                "row_stride": int(rng.integers(0, 1024)) * config.bus_bytes,
                "address": int(rng.integers(0, 1000)),
                "address_stride": int(rng.integers(0, 1000)),
            }
        )
    return made


def golden(
    memory: Any, config: ArrayConfig, command: dict[str, int]
) -> list[tuple[int, int, bytes]]:
    """Return the (memory, address, bytes) that `command` writes."""
    words = []
    size = word_beats(config)[command["memory"]] * config.bus_bytes
    for row in range(command["rows"]):
        at = BASES[command["region"]] + command["offset"] + row * command["row_stride"]
        for word in range(command["row_beats"] * config.bus_bytes // size):
            address = command["address"] + row * command["address_stride"] + word
            data = memory.bytes[at + word * size : at + (word + 1) * size].tobytes()
            words.append((command["memory"], address, data))
    return words


def as_words(got: list[Any], config: ArrayConfig) -> list[tuple[int, int, bytes]]:
    words = []
    for write in got:
        size = word_beats(config)[write.memory] * config.bus_bytes
        data = int(write.data) & ((1 << 8 * size) - 1)
        words.append((int(write.memory), int(write.address), data.to_bytes(size, "little")))
    return words


@pytest.mark.parametrize("preset", ["tiny", "default"])
@pytest.mark.parametrize("stall", [0.0, 0.3, 0.9])
def test_words_are_those_of_memory(
    bench: Any, rng: np.random.Generator, preset: str, stall: float
) -> None:
    config = replace(PRESETS[preset], outstanding=3)
    dut = LoadEngine(config)
    memory = bench.Memory(
        rng,
        bus_bytes=config.bus_bytes,
        size=1 << 18,
        read=dut.bus,
        stall=stall,
        longest=config.burst_beats,
    )
    todo = commands(rng, config, 8)
    got: list[Any] = []
    done: list[Any] = []

    async def drive(ctx: Any) -> None:
        ctx.set(dut.bases, BASES)
        for command in todo:
            await bench.put(ctx, dut.commands, command)
        await bench.until(ctx, dut.busy, 0)

    bench.run(
        dut,
        drive,
        models=(
            memory.run_read,
            bench.taker(dut.writes, got, rng, stall),
            bench.pulses(dut.done, done),
        ),
    )
    assert as_words(got, config) == [w for c in todo for w in golden(memory, config, c)]
    assert len(done) == len(todo)
    assert memory.most <= config.outstanding
    assert memory.quiet


def test_one_beat_a_cycle(bench: Any, rng: np.random.Generator) -> None:
    config = PRESETS["default"]
    dut = LoadEngine(config)
    memory = bench.Memory(rng, bus_bytes=config.bus_bytes, size=SIZE, read=dut.bus)
    got: list[Any] = []
    cycles: list[int] = []

    async def drive(ctx: Any) -> None:
        command = {"memory": 0, "row_beats": 300, "rows": 4, "row_stride": 8192}
        await bench.put(ctx, dut.commands, command)
        cycles.append(await bench.until(ctx, dut.done))

    bench.run(dut, drive, models=(memory.run_read, bench.taker(dut.writes, got, rng)))
    assert len(got) == 0 or len(got) >= 1199
    assert cycles[0] <= 1200 + 5


@pytest.mark.parametrize(
    ("resp", "code"), [(2, Fault.READ_SLAVE), (3, Fault.READ_DECODE)], ids=["slave", "decode"]
)
def test_error_then_good_command(
    bench: Any, rng: np.random.Generator, resp: int, code: Fault
) -> None:
    config = PRESETS["tiny"]
    dut = LoadEngine(config)
    memory = bench.Memory(rng, bus_bytes=config.bus_bytes, size=SIZE, read=dut.bus, stall=0.3)
    memory.bad_reads[0x140] = resp
    got: list[Any] = []
    faults: list[Any] = []
    good = {"memory": 1, "offset": 0x800, "row_beats": 40, "rows": 2, "row_stride": 0x300}

    async def drive(ctx: Any) -> None:
        bad = {"memory": 1, "row_beats": 400, "rows": 3, "row_stride": 0x1000}
        await bench.put(ctx, dut.commands, bad)
        await bench.until(ctx, dut.fault.valid)
        await ctx.tick()
        ctx.set(dut.abort, 1)
        await bench.until(ctx, dut.busy, 0)
        await ctx.tick()
        assert memory.quiet
        ctx.set(dut.abort, 0)
        got.clear()
        await bench.put(ctx, dut.commands, good)
        await bench.until(ctx, dut.busy, 0)

    bench.run(
        dut,
        drive,
        models=(
            memory.run_read,
            bench.taker(dut.writes, got, rng, 0.3),
            bench.pulses(dut.fault.valid, faults, dut.fault),
        ),
    )
    assert [(f.code, f.address) for f in faults] == [(code, 0x140)]
    whole = {"region": 2, "address": 0, "address_stride": 0, **good}
    assert as_words(got, config) == golden(memory, config, whole)


def test_abort_at_any_cycle(bench: Any, rng: np.random.Generator) -> None:
    config = PRESETS["tiny"]
    dut = LoadEngine(config)
    memory = bench.Memory(rng, bus_bytes=config.bus_bytes, size=SIZE, read=dut.bus, stall=0.2)
    got: list[Any] = []
    command = {"memory": 2, "region": 2, "offset": 64, "row_beats": 50, "rows": 2}
    command |= {"row_stride": 0x200, "address": 3, "address_stride": 99}

    async def drive(ctx: Any) -> None:
        for wait in range(0, 60, 3):
            await bench.put(ctx, dut.commands, command)
            for _ in range(wait):
                await ctx.tick()
            ctx.set(dut.abort, 1)
            await ctx.tick()
            await bench.until(ctx, dut.busy, 0)
            assert memory.quiet
            await ctx.tick()
            ctx.set(dut.abort, 0)
            got.clear()
            await bench.put(ctx, dut.commands, command)
            await bench.until(ctx, dut.busy, 0)
            await ctx.tick()
            assert as_words(got, config) == golden(memory, config, command)

    models = (memory.run_read, bench.taker(dut.writes, got, rng, 0.1))
    bench.run(dut, drive, models=models)
