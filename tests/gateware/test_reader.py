"""The command reader: programs from memory, sorted by engine."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from intaglio.gateware.load import word_beats
from intaglio.gateware.reader import CommandReader
from intaglio.spec.commands import AT_LEAST_ONE, COMMAND_BYTES, RECORDS, Memory, Opcode
from intaglio.spec.presets import PRESETS
from intaglio.spec.registers import Fault
from intaglio.spec.widths import kept

SIZE = 1 << 14
AT = 0x1F80  # the second command lies in the next 4 KiB
WHOLE = 30  # beats that are whole words of every memory of the configurations here


def program(rng: np.random.Generator, count: int) -> list[dict[str, int]]:
    made = []
    for _ in range(count):
        opcode = Opcode(int(rng.integers(1, 4)))
        values = {
            field.name: int(rng.integers(field.format.min, field.format.max + 1))
            for field in RECORDS[opcode].fields
        }
        values |= {name: 1 for name in AT_LEAST_ONE[opcode]}
        if opcode is Opcode.LOAD:
            values["row_beats"] = WHOLE * int(rng.integers(1, 1000))
        made.append(values | {"opcode": int(opcode)})
    return made


def as_bytes(commands: list[dict[str, int]]) -> bytes:
    return b"".join(RECORDS[Opcode(c["opcode"])].to_bytes(c) for c in commands)


def build(bench: Any, rng: np.random.Generator, preset: str, stall: float) -> tuple[Any, Any]:
    config = PRESETS[preset]
    dut = CommandReader(config)
    memory = bench.Memory(
        rng, bus_bytes=config.bus_bytes, size=SIZE, read=dut.bus, stall=stall, longest=16
    )
    return dut, memory


def place(memory: Any, commands: list[dict[str, int]]) -> None:
    data = np.frombuffer(as_bytes(commands), np.uint8)
    memory.bytes[AT : AT + data.size] = data


async def begin(ctx: Any, dut: Any, count: int) -> None:
    ctx.set(dut.address, AT)
    ctx.set(dut.count, count)
    ctx.set(dut.start, 1)
    await ctx.tick()
    ctx.set(dut.start, 0)


@pytest.mark.parametrize("preset", ["tiny", "default"])
@pytest.mark.parametrize("stall", [0.0, 0.5])
def test_commands_reach_their_engine(
    bench: Any, rng: np.random.Generator, preset: str, stall: float
) -> None:
    dut, memory = build(bench, rng, preset, stall)
    commands = program(rng, 20)
    place(memory, commands)
    got: dict[Opcode, list[Any]] = {opcode: [] for opcode in Opcode}

    async def drive(ctx: Any) -> None:
        await begin(ctx, dut, len(commands))
        await bench.until(ctx, dut.busy, 0)

    takers = [
        bench.taker(getattr(dut, opcode.name.lower()), got[opcode], rng, stall) for opcode in Opcode
    ]
    bench.run(dut, drive, models=(memory.run_read, *takers))
    assert sum(beats for _, _, beats in memory.reads) == 20 * COMMAND_BYTES // memory.bus_bytes
    for opcode, values in got.items():
        names = [field.name for field in RECORDS[opcode].fields]
        expected = [kept(opcode, c, PRESETS[preset]) for c in commands if c["opcode"] == opcode]
        assert [{name: v[name] for name in names} for v in values] == expected


def test_no_command_is_no_work(bench: Any, rng: np.random.Generator) -> None:
    dut, memory = build(bench, rng, "tiny", 0.0)

    async def drive(ctx: Any) -> None:
        await begin(ctx, dut, 0)
        for _ in range(10):
            assert not ctx.get(dut.busy)
            await ctx.tick()

    bench.run(dut, drive, models=(memory.run_read,))
    assert memory.reads == []


def test_reads_never_wait_for_a_queue(bench: Any, rng: np.random.Generator) -> None:
    dut, memory = build(bench, rng, "tiny", 0.0)
    place(memory, program(rng, 20))

    async def drive(ctx: Any) -> None:
        await begin(ctx, dut, 20)  # no engine takes a command
        for _ in range(400):
            await ctx.tick()
            assert ctx.get(dut.bus.r.ready)
        assert memory.quiet

    bench.run(dut, drive, models=(memory.run_read,))
    assert 0 < len(memory.reads) < 20


def bad_opcode(commands: list[dict[str, int]]) -> bytes:
    data = bytearray(as_bytes(commands))
    data[3 * COMMAND_BYTES] &= 0xF0
    return bytes(data)


def bad_count(opcode: Opcode, name: str) -> Any:
    def change(commands: list[dict[str, int]]) -> bytes:
        commands[3] = {n: 1 for n in AT_LEAST_ONE[opcode]} | {"opcode": int(opcode), name: 0}
        return as_bytes(commands)

    return change


def ragged(memory: Memory, beats: int) -> Any:
    def change(commands: list[dict[str, int]]) -> bytes:
        load = {"opcode": int(Opcode.LOAD), "memory": memory, "row_beats": beats, "rows": 1}
        commands[3] = load
        return as_bytes(commands)

    return change


ILLEGAL = {
    "opcode": bad_opcode,
    **{
        f"{opcode.name}-{name}": bad_count(opcode, name)
        for opcode, names in AT_LEAST_ONE.items()
        for name in names
    },
    "weights-3": ragged(Memory.WEIGHTS, 3),
    "params-4": ragged(Memory.PARAMS, 4),
    "params-6": ragged(Memory.PARAMS, 6),
    "params-1003": ragged(Memory.PARAMS, 1003),
    "table-1": ragged(Memory.TABLE, 1),
}


def test_the_words_of_the_tests_take_an_odd_and_an_even_number_of_beats() -> None:
    assert word_beats(PRESETS["tiny"]) == (1, 2, 5, 2)
    assert word_beats(PRESETS["default"]) == (1, 2, 3, 1)


@pytest.mark.parametrize("change", ILLEGAL.values(), ids=ILLEGAL.keys())
def test_illegal_command_then_good_program(
    bench: Any, rng: np.random.Generator, change: Any
) -> None:
    dut, memory = build(bench, rng, "tiny", 0.3)
    commands = program(rng, 8)
    good = as_bytes(commands)
    memory.bytes[AT : AT + len(good)] = np.frombuffer(change(list(commands)), np.uint8)
    got: list[Any] = []
    seen: list[Any] = []

    async def drive(ctx: Any) -> None:
        await begin(ctx, dut, 8)
        await bench.until(ctx, dut.fault.valid)
        seen.append(ctx.get(dut.fault))
        seen.append(len(got))
        await ctx.tick()
        ctx.set(dut.abort, 1)
        await ctx.tick()
        await bench.until(ctx, dut.busy, 0)
        assert memory.quiet
        assert not ctx.get(dut.fault.valid)
        await ctx.tick()
        ctx.set(dut.abort, 0)
        got.clear()
        memory.bytes[AT : AT + len(good)] = np.frombuffer(good, np.uint8)
        await begin(ctx, dut, 8)
        await bench.until(ctx, dut.busy, 0)

    takers = [bench.taker(getattr(dut, opcode.name.lower()), got, rng, 0.3) for opcode in Opcode]
    bench.run(dut, drive, models=(memory.run_read, *takers))
    fault, before = seen
    assert (fault.code, fault.command, fault.address) == (Fault.ILLEGAL_COMMAND, 3, 0)
    assert before <= 3
    assert len(got) == 8


def test_bus_error_then_good_program(bench: Any, rng: np.random.Generator) -> None:
    dut, memory = build(bench, rng, "tiny", 0.3)
    commands = program(rng, 8)
    place(memory, commands)
    bad = AT + 3 * COMMAND_BYTES + 40
    memory.bad_reads[bad] = 2
    faults: list[Any] = []
    got: list[Any] = []

    async def drive(ctx: Any) -> None:
        await begin(ctx, dut, 8)
        await bench.until(ctx, dut.fault.valid)
        await ctx.tick()
        ctx.set(dut.abort, 1)
        await ctx.tick()
        await bench.until(ctx, dut.busy, 0)
        await ctx.tick()
        ctx.set(dut.abort, 0)
        assert memory.quiet
        memory.bad_reads.clear()
        got.clear()
        await begin(ctx, dut, 8)
        await bench.until(ctx, dut.busy, 0)

    takers = [bench.taker(getattr(dut, opcode.name.lower()), got, rng) for opcode in Opcode]
    note = bench.pulses(dut.fault.valid, faults, dut.fault)
    bench.run(dut, drive, models=(memory.run_read, *takers, note))
    assert [(f.code, f.address) for f in faults] == [(Fault.READ_SLAVE, bad)]
    assert [command.opcode for command in got] == [command["opcode"] for command in commands]
