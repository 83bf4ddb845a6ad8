"""Rows become legal bursts that cover them exactly."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from intaglio.gateware.bursts import Bursts
from intaglio.gateware.walk import Walk
from intaglio.spec.presets import PRESETS


@pytest.mark.parametrize(
    ("preset", "burst_beats"), [("tiny", 1), ("tiny", 16), ("tiny", 256), ("default", 256)]
)
def test_bursts_cover_rows(
    bench: Any, rng: np.random.Generator, preset: str, burst_beats: int
) -> None:
    config = replace(PRESETS[preset], burst_beats=burst_beats)
    dut = Bursts(config)
    size = config.bus_bytes
    got: list[Any] = []
    expected: list[tuple[int, int]] = []

    async def drive(ctx: Any) -> None:
        for _ in range(12):
            rows = int(rng.integers(1, 4))
            beats = int(rng.integers(1, 600)) if rng.random() < 0.3 else int(rng.integers(1, 9))
            start, stride = (int(rng.integers(0, 1 << 14)) * size for _ in range(2))
            expected.extend(
                (start + row * stride + beat * size, row == rows - 1 and beat == beats - 1)
                for row in range(rows)
                for beat in range(beats)
            )
            await bench.put(
                ctx,
                dut.i,
                {"address": start, "row_beats": beats, "rows": rows, "row_stride": stride},
            )
        await bench.until(ctx, dut.busy, 0)

    bench.run(dut, drive, models=(bench.taker(dut.o, got, rng, stall=0.3),))
    beats = []
    for burst in got:
        count = burst.len + 1
        assert count <= burst_beats
        assert burst.addr // 4096 == (burst.addr + count * size - 1) // 4096
        beats += [
            (burst.addr + i * size, bool(burst.last and i == count - 1)) for i in range(count)
        ]
    assert beats == expected


def test_burst_each_cycle(bench: Any, rng: np.random.Generator) -> None:
    dut = Bursts(PRESETS["tiny"])
    got: list[Any] = []

    async def drive(ctx: Any) -> None:
        rows = {"address": 0, "row_beats": 3, "rows": 40, "row_stride": 64}
        await bench.put(ctx, dut.i, rows)
        # A cycle for each burst, and one more until the last one has left its register.
        assert await bench.until(ctx, dut.busy, 0) == 41

    bench.run(dut, drive, models=(bench.taker(dut.o, got, rng),))
    assert len(got) == 40


@pytest.mark.parametrize("memory", [0, 1, 2, 3])
def test_walk_gives_addresses(bench: Any, rng: np.random.Generator, memory: int) -> None:
    steps = (1, 4, 3, 2)
    dut = Walk(PRESETS["tiny"], steps)
    got: list[Any] = []
    words, rows, address, stride = 5, 3, 1000, 77

    async def drive(ctx: Any) -> None:
        plan = {
            "memory": memory,
            "address": address,
            "address_stride": stride,
            "row_beats": words * steps[memory],
            "rows": rows,
        }
        await bench.put(ctx, dut.i, plan)
        await bench.until(ctx, dut.i.ready)

    bench.run(dut, drive, models=(bench.taker(dut.o, got, rng, stall=0.3),))
    assert [w.address for w in got] == [
        address + r * stride + w for r in range(rows) for w in range(words)
    ]
    assert [w.last for w in got] == [0] * (words * rows - 1) + [1]
    assert {w.beats for w in got} == {steps[memory] - 1}
