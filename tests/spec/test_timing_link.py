"""Streams that share a memory, and programs that wait for it."""

from __future__ import annotations

import pytest

from intaglio.spec.commands import RECORDS, Memory, Opcode, Region
from intaglio.spec.presets import PRESETS
from intaglio.spec.timing import predict
from intaglio.spec.timing_link import NEVER, Link, MemoryModel, Stream

CONFIG = PRESETS["bench256"]
BUS = CONFIG.bus_bytes


@pytest.mark.parametrize(
    ("memory", "streams", "rates"),
    [
        (MemoryModel(), (1, 0), (1.0, 1.0)),
        (MemoryModel(), (1, 1), (0.5, 0.5)),
        (MemoryModel(), (2, 1), (0.25, 0.5)),
        (MemoryModel(bytes_per_cycle=32), (1, 1), (1.0, 1.0)),
        (MemoryModel(bytes_per_cycle=8), (1, 0), (0.5, 0.5)),
        (MemoryModel(bytes_per_cycle=8), (1, 1), (0.25, 0.25)),
        (MemoryModel(width=8), (1, 1), (0.25, 0.25)),
        (MemoryModel(width=8, bytes_per_cycle=16), (1, 1), (0.5, 0.5)),
        (MemoryModel(width=64, bytes_per_cycle=64), (1, 1), (1.0, 1.0)),
    ],
)
def test_each_stream_gets_its_share(
    memory: MemoryModel, streams: tuple[int, int], rates: tuple[float, float]
) -> None:
    assert Link(memory, BUS).rates(reads=streams[0], writes=streams[1]) == rates


def test_a_stream_slows_another_while_both_run() -> None:
    link = Link(MemoryModel(), BUS)
    read, write = Stream(0.0, 100.0), Stream(50.0, 20.0)
    now = link.advance(0.0, [read], [write])
    assert (now, read.beats, write.beats) == (50.0, 50.0, 20.0)
    now = link.advance(now, [read], [write])
    assert (now, read.beats, write.beats) == (90.0, 30.0, 0.0)
    assert link.advance(now, [read], []) == 120.0
    assert link.advance(120.0, [], []) == NEVER


def transfer(opcode: Opcode, beats: int, **waits: int) -> bytes:
    fields = dict.fromkeys((field.name for field in RECORDS[opcode].fields), 0) | {
        "opcode": int(opcode),
        "region": int(Region.TENSORS),
        "row_beats": beats,
        "rows": 1,
        **({"memory": int(Memory.ACTS)} if opcode is Opcode.LOAD else {}),
        **waits,
    }
    return RECORDS[opcode].to_bytes(fields)


def test_loads_and_stores_share_the_memory() -> None:
    load, store = transfer(Opcode.LOAD, 1000), transfer(Opcode.STORE, 1000)
    alone = [predict(commands, CONFIG).cycles or 0 for commands in (load, store)]
    both = predict(load + store, CONFIG).cycles or 0
    assert 1000 < min(alone) and max(alone) < 1080
    assert 2000 < both < 2100
    wide = predict(load + store, CONFIG, MemoryModel(bytes_per_cycle=32)).cycles or 0
    assert wide < 1100


def test_a_store_waits_for_its_load() -> None:
    commands = transfer(Opcode.LOAD, 500) + transfer(Opcode.STORE, 500, wait_load=1)
    assert 1050 < (predict(commands, CONFIG).cycles or 0) < 1120


def test_the_reader_waits_for_room_in_a_queue() -> None:
    """The fifth load behind a long one is fetched only when the first of them has begun."""
    commands = transfer(Opcode.STORE, 3000)
    commands += b"".join(transfer(Opcode.LOAD, 1, wait_store=1) for _ in range(6))
    slow = predict(commands + transfer(Opcode.STORE, 1), CONFIG).cycles or 0
    fast = predict(commands[:128] + transfer(Opcode.STORE, 1), CONFIG).cycles or 0
    assert fast < 3100 < slow
