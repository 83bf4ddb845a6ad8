"""The register file through its bus; counters and trace."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from intaglio.gateware.counters import NAMES, Counters
from intaglio.gateware.registers import Registers
from intaglio.gateware.trace import Trace
from intaglio.spec.presets import PRESETS
from intaglio.spec.registers import (
    BY_NAME,
    COUNTERS,
    IDENTITY,
    REGISTERS,
    SPACE_BYTES,
    TRACE_BASE,
    TRACE_ENTRIES,
    VERSION,
    Access,
)

CONFIG = PRESETS["tiny"]
KEEPS = {"PROGRAM_COUNT": 0xFFFFFF, "IRQ_ENABLE": 3}  # bits of registers with fewer than 32


@pytest.fixture
def dut() -> Registers:
    return Registers(CONFIG)


def test_read_only_registers(bench: Any, dut: Any) -> None:
    async def drive(ctx: Any) -> None:
        ctx.set(dut.status, {"busy": 1, "error": 1})
        ctx.set(dut.fault, {"code": 3, "address": 0x12345678, "command": 77})
        counts = {name.lower(): 1000 + i for i, (name, _) in enumerate(COUNTERS)}
        ctx.set(dut.counts, counts)
        expected = {
            "IDENTITY": IDENTITY,
            "VERSION": VERSION,
            "DIGEST0": int(CONFIG.digest[:8], 16),
            "DIGEST1": int(CONFIG.digest[8:16], 16),
            "CONTROL": 0,
            "STATUS": 5,
            "IRQ_ENABLE": 0,
            "IRQ_STATUS": 0,
            "ERROR_CODE": 3,
            "ERROR_ADDRESS": 0x12345678,
            "ERROR_COMMAND": 77,
            **{f"COUNT_{name}": counts[name.lower()] for name, _ in COUNTERS},
        }
        for register in REGISTERS:
            value = expected.get(register.name, 0)
            if register.access is Access.READ_ONLY:
                assert await bench.lite_write(ctx, dut.bus, register.address, 0xFFFFFFFF) == 0
            got = await bench.lite_read(ctx, dut.bus, register.address)
            assert got == (value, 0), register.name

    bench.run(dut, drive)


def test_written_words_with_strobes(bench: Any, dut: Any, rng: np.random.Generator) -> None:
    async def drive(ctx: Any) -> None:
        for register in REGISTERS:
            if register.access is not Access.READ_WRITE:
                continue
            value = 0
            for _ in range(4):
                word, strobes = int(rng.integers(0, 1 << 32)), int(rng.integers(0, 16))
                mask = sum(0xFF << 8 * i for i in range(4) if strobes >> i & 1)
                value = (value & ~mask | word & mask) & KEEPS.get(register.name, 0xFFFFFFFF)
                skew = int(rng.integers(-3, 4))
                address = register.address
                resp = await bench.lite_write(ctx, dut.bus, address, word, strobes, skew)
                assert resp == 0
                assert await bench.lite_read(ctx, dut.bus, address) == (value, 0), register.name

    bench.run(dut, drive)


def test_values_reach_their_ports(bench: Any, dut: Any) -> None:
    async def drive(ctx: Any) -> None:
        ports = {
            "PROGRAM_ADDRESS": dut.program_address,
            "PROGRAM_COUNT": dut.program_count,
            **{f"REGION{i}_BASE": dut.bases[i] for i in range(4)},
        }
        for i, name in enumerate(ports):
            await bench.lite_write(ctx, dut.bus, BY_NAME[name].address, 0x1000 + i)
        assert [ctx.get(port) for port in ports.values()] == [0x1000 + i for i in range(6)]

    bench.run(dut, drive)


@pytest.mark.parametrize("address", [0x044, 0x07C, 0x0B8, 0x3FC, 0x800, SPACE_BYTES - 4])
def test_unknown_address_is_an_error(bench: Any, dut: Any, address: int) -> None:
    async def drive(ctx: Any) -> None:
        assert await bench.lite_read(ctx, dut.bus, address) == (0, 2)
        assert await bench.lite_write(ctx, dut.bus, address, 1) == 2

    bench.run(dut, drive)


def test_start_and_abort_are_pulses(bench: Any, dut: Any) -> None:
    starts: list[Any] = []
    aborts: list[Any] = []

    async def drive(ctx: Any) -> None:
        control = BY_NAME["CONTROL"].address
        await bench.lite_write(ctx, dut.bus, control, 1)
        assert (len(starts), len(aborts)) == (1, 0)
        await bench.lite_write(ctx, dut.bus, control, 2)
        assert (len(starts), len(aborts)) == (1, 1)
        await bench.lite_write(ctx, dut.bus, control, 3, strobes=0b1110)
        await bench.lite_write(ctx, dut.bus, control, 0xFFFFFFFC)
        assert (len(starts), len(aborts)) == (1, 1)

    models = (bench.pulses(dut.start, starts), bench.pulses(dut.abort, aborts))
    bench.run(dut, drive, models=models)


def test_interrupt(bench: Any, dut: Any) -> None:
    async def drive(ctx: Any) -> None:
        enable, status = BY_NAME["IRQ_ENABLE"].address, BY_NAME["IRQ_STATUS"].address
        ctx.set(dut.raise_done, 1)
        await ctx.tick()
        ctx.set(dut.raise_done, 0)
        assert not ctx.get(dut.irq)  # not enabled
        assert await bench.lite_read(ctx, dut.bus, status) == (1, 0)
        await bench.lite_write(ctx, dut.bus, enable, 3)
        assert ctx.get(dut.irq)
        await bench.lite_write(ctx, dut.bus, status, 2)  # another bit
        assert ctx.get(dut.irq)
        ctx.set(dut.raise_error, 1)
        await ctx.tick()
        ctx.set(dut.raise_error, 0)
        assert await bench.lite_read(ctx, dut.bus, status) == (3, 0)
        await bench.lite_write(ctx, dut.bus, status, 3)
        assert not ctx.get(dut.irq)
        assert await bench.lite_read(ctx, dut.bus, status) == (0, 0)

    bench.run(dut, drive)


def test_counters(bench: Any, rng: np.random.Generator) -> None:
    dut = Counters()
    counts = dict.fromkeys((name.lower() for name in NAMES), 0)

    async def drive(ctx: Any) -> None:
        for cycle in range(200):
            events = {name: int(rng.integers(0, 2)) for name in counts}
            enable = 20 <= cycle < 150
            ctx.set(dut.events, events)
            ctx.set(dut.enable, enable)
            await ctx.tick()
            for name in counts:
                counts[name] += events[name] * enable
        assert {name: ctx.get(dut.counts[name]) for name in counts} == counts
        ctx.set(dut.enable, 1)
        ctx.set(dut.clear, 1)
        await ctx.tick()
        assert ctx.get(dut.counts).as_bits() == 0

    bench.run(dut, drive)


def test_trace_through_the_registers(bench: Any, rng: np.random.Generator) -> None:
    dut = Trace()
    values = rng.integers(0, 1 << 32, TRACE_ENTRIES)

    async def drive(ctx: Any) -> None:
        for entry, value in enumerate(values):
            ctx.set(dut.mark, 1)
            ctx.set(dut.layer, entry)
            ctx.set(dut.cycles, int(value))
            await ctx.tick()
        ctx.set(dut.mark, 0)
        for entry in rng.permutation(TRACE_ENTRIES):
            ctx.set(dut.entry, int(entry))
            await ctx.tick()
            assert ctx.get(dut.value) == values[entry]

    bench.run(dut, drive)


def test_trace_window(bench: Any, dut: Any) -> None:
    async def memory(ctx: Any) -> None:  # answers a cycle later with a value made of the entry
        while True:
            _, _, entry = await ctx.tick().sample(dut.entry)
            ctx.set(dut.value, 0x10000 + entry)

    async def drive(ctx: Any) -> None:
        for entry in (0, 1, 77, TRACE_ENTRIES - 1):
            address = TRACE_BASE + 4 * entry
            assert await bench.lite_read(ctx, dut.bus, address) == (0x10000 + entry, 0)
        assert (await bench.lite_read(ctx, dut.bus, TRACE_BASE + 4 * TRACE_ENTRIES))[1] == 2

    bench.run(dut, drive, models=(memory,))
