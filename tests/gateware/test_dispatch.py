"""Commands wait for what they name; two masters share the read port."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from intaglio.gateware.arbiter import ReadArbiter
from intaglio.gateware.dispatch import Dispatch
from intaglio.spec.commands import Opcode
from intaglio.spec.presets import PRESETS

NAMES = [opcode.name.lower() for opcode in Opcode]


def test_a_command_starts_when_its_waits_are_met(bench: Any, rng: np.random.Generator) -> None:
    dut = Dispatch()
    total = 60
    stream: list[tuple[str, dict[str, int]]] = []
    given = dict.fromkeys(NAMES, 0)
    for _ in range(total):
        name = str(rng.choice(NAMES))
        waits = {f"wait_{k}": int(rng.integers(0, given[k] + 1)) for k in NAMES}
        stream.append((name, {**waits, "layer": given[name]}))
        given[name] += 1
    complete = dict.fromkeys(NAMES, 0)
    started: dict[str, list[int]] = {name: [] for name in NAMES}

    def engine(name: str) -> Any:
        async def serve(ctx: Any) -> None:  # takes commands at any time, completes them in order
            port = getattr(dut, f"{name}_out")
            ctx.set(port.ready, 1)
            wait = 0
            while True:
                wait -= 1
                done = complete[name] < len(started[name]) and wait <= 0
                ctx.set(dut.done[name], done)
                _, _, valid, command = await ctx.tick().sample(port.valid, port.payload)
                if valid:
                    waits = {k: command[f"wait_{k}"] for k in NAMES}
                    assert all(complete[k] >= waits[k] for k in NAMES), (name, waits, complete)
                    started[name].append(command.layer)
                if done:
                    complete[name] += 1
                    wait = int(rng.integers(0, 20))

        return serve

    async def drive(ctx: Any) -> None:
        for name, command in stream:
            await bench.put(ctx, getattr(dut, name), command)
        await bench.until(ctx, dut.total, total)

    bench.run(dut, drive, models=tuple(engine(name) for name in NAMES))
    assert started == {name: list(range(count)) for name, count in given.items()}


def test_flush_and_clear(bench: Any) -> None:
    dut = Dispatch()

    async def drive(ctx: Any) -> None:
        ctx.set(dut.done, {"load": 1, "compute": 1, "store": 1})
        await ctx.tick()
        ctx.set(dut.done, {})
        assert ctx.get(dut.total) == 3
        for _ in range(3):
            await bench.put(ctx, dut.load, {"wait_store": 2})
        ctx.set(dut.flush, 1)
        await ctx.tick()
        ctx.set(dut.flush, 0)
        ctx.set(dut.clear, 1)
        await ctx.tick()
        ctx.set(dut.clear, 0)
        assert ctx.get(dut.total) == 0
        ctx.set(dut.done.store, 1)
        await ctx.tick().repeat(2)
        ctx.set(dut.done.store, 0)
        for _ in range(5):
            assert not ctx.get(dut.load_out.valid)
            await ctx.tick()
        await bench.put(ctx, dut.load, {"wait_store": 2})
        assert await bench.until(ctx, dut.load_out.valid) <= 2

    bench.run(dut, drive)


@pytest.mark.parametrize("stall", [0.0, 0.5])
def test_arbiter_keeps_both_masters_apart(
    bench: Any, rng: np.random.Generator, stall: float
) -> None:
    config = PRESETS["tiny"]
    dut = ReadArbiter(config)
    memory = bench.Memory(rng, bus_bytes=4, size=1 << 14, read=dut.bus, stall=stall)
    masters = {0: dut.reader, 1: dut.load}
    got: dict[int, list[Any]] = {0: [], 1: []}
    asked: dict[int, list[tuple[int, int]]] = {0: [], 1: []}

    def drive(number: int) -> Any:
        async def ask(ctx: Any) -> None:
            for _ in range(20):
                burst = int(rng.integers(0, 256)) * 64, int(rng.integers(1, 17))
                asked[number].append(burst)
                for _ in range(int(rng.integers(0, 9))):
                    await ctx.tick()
                payload = {"id": number, "addr": burst[0], "len": burst[1] - 1}
                await bench.put(ctx, masters[number].ar, payload)
            for _ in bench.cycles():
                if len(got[number]) == sum(beats for _, beats in asked[number]):
                    break
                await ctx.tick()

        return ask

    takers = [bench.taker(masters[n].r, got[n], rng, stall) for n in masters]
    bench.run(dut, drive(0), drive(1), models=(memory.run_read, *takers))
    for number, beats in got.items():
        assert [burst[1:] for burst in memory.reads if burst[0] == number] == asked[number]
        image = memory.bytes.view(np.uint32)
        expected = [int(image[at // 4 + i]) for at, count in asked[number] for i in range(count)]
        assert [int(beat.data) for beat in beats] == expected
