"""The tracker: any order that the waits allow gives what the order of the stream gives."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from intaglio.compiler.hazard import Span, Tracker, spans_of
from intaglio.golden.machine import GoldenDevice
from intaglio.spec.commands import LOAD, PARAM, RECORDS, STORE, Memory, Opcode, Operation, Region
from intaglio.spec.config import ArrayConfig
from intaglio.spec.window import Window, pair_fields

CONFIG = ArrayConfig(
    name="hazard",
    pixels=2,
    channels=4,
    depth=2,
    requant_lanes=4,
    acts_kib=1,
    weights_kib=1,
    params_kib=1,
)
TENSOR_BEATS = 24
AREA = 12  # the first words of the buffer, so that commands meet often


# First byte of each kind of constants in their region, and the bytes of one choice.
PARAMS_AT, PARAMS_SIZE = 0, 36
WEIGHTS_AT, WEIGHTS_SIZE = 8 * PARAMS_SIZE, 8
TABLES_AT, TABLES_SIZE = WEIGHTS_AT + 8 * WEIGHTS_SIZE, 2048


def load(memory: Memory, address: int, words: int, source: int) -> tuple[Opcode, dict[str, int]]:
    beats = {Memory.ACTS: 1, Memory.WEIGHTS: 2, Memory.PARAMS: 9, Memory.TABLE: 2}[memory]
    offset = {
        Memory.ACTS: source * CONFIG.bus_bytes,
        Memory.PARAMS: PARAMS_AT + source * PARAMS_SIZE,
        Memory.WEIGHTS: WEIGHTS_AT + source * WEIGHTS_SIZE,
        Memory.TABLE: TABLES_AT + source * TABLES_SIZE,
    }[memory]
    return Opcode.LOAD, {
        "memory": memory,
        "region": Region.TENSORS if memory is Memory.ACTS else Region.CONSTANTS,
        "offset": offset,
        "row_beats": words * beats,
        "rows": 1,
        "address": address,
    }


acts = st.builds(
    lambda a, n, s: load(Memory.ACTS, a, n, s),
    st.integers(0, AREA - 4),
    st.integers(1, 4),
    st.integers(0, TENSOR_BEATS - 4),
)
constants = st.builds(
    lambda memory, a, s: load(memory, a, 1, s),
    st.sampled_from([Memory.WEIGHTS, Memory.PARAMS]),
    st.integers(0, 3),
    st.integers(0, 7),
)
tables = st.builds(lambda s: load(Memory.TABLE, 0, 256, s), st.integers(0, 2))
rows = st.builds(
    lambda a, gap, s, jump: (
        Opcode.LOAD,
        {
            **load(Memory.ACTS, a, 2, s)[1],
            "rows": 2,
            "row_stride": jump * CONFIG.bus_bytes,
            "address_stride": gap,
        },
    ),
    st.integers(0, AREA - 6),
    st.integers(2, 4),
    st.integers(0, TENSOR_BEATS - 8),
    st.integers(2, 6),
)
stores = st.builds(
    lambda a, n, t: (
        Opcode.STORE,
        {
            "region": Region.TENSORS,
            "offset": t * CONFIG.bus_bytes,
            "row_beats": n,
            "rows": 1,
            "address": a,
        },
    ),
    st.integers(0, AREA - 4),
    st.integers(1, 4),
    st.integers(0, TENSOR_BEATS - 4),
)


def windows(
    kind: Operation, base: int, out: int, word: int, pixels: int = 4
) -> tuple[Opcode, dict[str, int]]:
    if kind is Operation.ADD:
        geometry = pair_fields(base, (base + 5) % AREA, 2)
    else:
        window = Window(base, 2, 2, -1, 0, (2, 1), (1, 1), (1, 1), 2, 2)
        geometry = window.fields(kind, CONFIG) | {"pixels": pixels}
    return Opcode.COMPUTE, geometry | {
        "operation": kind,
        "rounding": 1,
        "paired": 0,
        "local": 0,
        "in_blocks": 1,
        "in_block": 4,
        "steps": 1,
        "last_steps": 1,
        "out_start": out,
        "out_row": 2,
        "out_block": 4,
        "out_blocks": 1,
        "out_skip": 0,
        "spread": 0,
        "spread_channel": 0,
        "listed": 0,
        "list_start": 0,
        "weight_start": word,
        "weight_step": 1,
        "weight_block": 2,
        "param_start": word,
        "param_block": 1,
        "low": -128,
        "high": 127,
    }


# Outputs stay clear of inputs: within a command there is no order of reads and writes.
computes = st.builds(
    windows,
    st.sampled_from(list(Operation)),
    st.integers(0, 7),
    st.integers(AREA, AREA + 4),
    st.integers(0, 2),
    st.integers(3, 4),
)
moved = st.builds(
    lambda command, at: (command[0], command[1] | {"address": at}),
    stores,
    st.integers(AREA, AREA + 4),
)
programs = st.lists(
    st.one_of(acts, rows, constants, tables, stores, computes, computes, moved),
    min_size=4,
    max_size=24,
)


def encode(program: list[tuple[Opcode, dict[str, int]]], *, waits: bool = True) -> bytes:
    tracker = Tracker(CONFIG, TENSOR_BEATS)
    data = b""
    for opcode, given_fields in program:
        names = {field.name for field in RECORDS[opcode].fields}
        fields = {**dict.fromkeys(names, 0), **given_fields, "opcode": int(opcode)}
        found = tracker.waits(opcode, fields)
        data += RECORDS[opcode].to_bytes(fields | (found if waits else {}))
    return data


def constants_region() -> np.ndarray:
    """Return parameters of scale 1, weights and tables, all small, so that outputs differ."""
    rng = np.random.default_rng(1)
    region = np.zeros(TABLES_AT + 3 * TABLES_SIZE, np.uint8)
    for word in range(8 * 4):
        values = {"bias": int(rng.integers(-9, 9)), "multiplier": 1 << 30, "shift": 1}
        at = PARAMS_AT + word * PARAM.bits // 8
        region[at : at + PARAM.bits // 8] = np.frombuffer(PARAM.to_bytes(values), np.uint8)
    weights = rng.integers(-1, 2, 8 * WEIGHTS_SIZE).astype(np.int8)
    region[WEIGHTS_AT:TABLES_AT] = weights.view(np.uint8)
    region[TABLES_AT:] = rng.integers(-60, 60, 3 * 512).astype("<i4").view(np.uint8)
    return region


CONSTANTS = constants_region()
# Every memory holds something, so that each command has an effect.
FILLED = [
    load(Memory.ACTS, 0, AREA, 0),
    load(Memory.TABLE, 0, 256, 0),
    *(load(memory, n, 1, n) for memory in (Memory.WEIGHTS, Memory.PARAMS) for n in range(4)),
]


def run(commands: bytes, order: np.random.Generator | None) -> tuple[bytes, bytes]:
    device = GoldenDevice(CONFIG, order=order)
    device.open({Region.CONSTANTS: CONSTANTS.size, Region.TENSORS: TENSOR_BEATS * CONFIG.bus_bytes})
    device.write(Region.CONSTANTS, 0, CONSTANTS)
    size = TENSOR_BEATS * CONFIG.bus_bytes
    device.write(Region.TENSORS, 0, np.arange(size, dtype=np.uint8))
    device.run(commands)
    return device.read(Region.TENSORS, 0, size).tobytes(), device.buffers.acts.tobytes()


@settings(max_examples=300, deadline=None, derandomize=True)
@given(programs, st.integers(0, 2**32 - 1))
def test_every_legal_order_gives_the_same_bytes(
    program: list[tuple[Opcode, dict[str, int]]], chance: int
) -> None:
    commands = encode(FILLED + program)
    assert run(commands, np.random.default_rng(chance)) == run(commands, None)


def test_without_waits_the_order_matters() -> None:
    program = [
        load(Memory.ACTS, 0, 4, 0),
        (Opcode.STORE, stored(0, 8)),
        load(Memory.ACTS, 0, 4, 12),
        (Opcode.STORE, stored(0, 16)),
    ]
    careful, careless = encode(program), encode(program, waits=False)
    seen = {run(careless, np.random.default_rng(chance)) for chance in range(20)}
    assert len(seen) > 1
    assert {run(careful, np.random.default_rng(chance)) for chance in range(20)} == {
        run(careful, None)
    }


def stored(address: int, target: int) -> dict[str, int]:
    return {
        "region": Region.TENSORS,
        "offset": target * CONFIG.bus_bytes,
        "row_beats": 4,
        "rows": 1,
        "address": address,
    }


@pytest.mark.parametrize(
    ("commands", "waits"),
    [
        # A read after a write of the same word, of a word beside it, and of the word before.
        ([("load", 0, 4), ("store", 3, 1)], (1, 0, 0)),
        ([("load", 0, 4), ("store", 4, 1)], (0, 0, 0)),
        ([("load", 1, 4), ("store", 0, 1)], (0, 0, 0)),
        # A write after a read, and after a write.
        ([("store", 2, 2), ("load", 0, 3)], (0, 0, 1)),
        ([("load", 2, 2), ("load", 0, 3)], (1, 0, 0)),
        # Two reads.
        ([("store", 2, 2), ("store", 2, 2)], (0, 0, 1)),
    ],
)
def test_waits_name_the_last_command_that_matters(
    commands: list[tuple[str, int, int]], waits: tuple[int, int, int]
) -> None:
    tracker = Tracker(CONFIG, TENSOR_BEATS)
    found = {}
    for kind, address, words in commands:
        opcode = Opcode.LOAD if kind == "load" else Opcode.STORE
        record = LOAD if kind == "load" else STORE
        fields = dict.fromkeys((field.name for field in record.fields), 0)
        target = 8 if kind == "store" else 0
        fields |= {
            "region": Region.TENSORS,
            "offset": target * CONFIG.bus_bytes,
            "row_beats": words,
            "rows": 1,
            "address": address,
        }
        found = tracker.waits(opcode, fields)
    assert tuple(found.values()) == waits


def test_an_image_reads_what_its_taps_reach_and_no_padding() -> None:
    fields = windows(Operation.CONV, 3, 20, 0)[1] | {"hold": 0, "precision": 0, "out_precision": 0}
    spans = spans_of(Opcode.COMPUTE, fields, CONFIG)
    assert spans == [
        Span(Memory.ACTS, 3, 2, 2, 2),
        Span(Memory.WEIGHTS, 0, 2, 1, 2),
        Span(Memory.PARAMS, 0, 1, 1, 1),
        Span(Memory.ACTS, 20, 2, 2, 2, writes=True),
    ]
    above = windows(Operation.CONV, 3, 20, 0)[1] | {"hold": 1, "y0": -9, "precision": 0}
    assert [span.place for span in spans_of(Opcode.COMPUTE, above, CONFIG)] == [Memory.WEIGHTS]
