"""Rows of the core: whole COMPUTE commands between loaded and fetched words."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from intaglio.bench.fixtures import CoreFixture
from intaglio.bench.row import Row, Values
from intaglio.golden.machine import GoldenDevice
from intaglio.spec.commands import COMPUTE, LOAD, PARAM, STORE, Memory, Opcode, Operation, Region
from intaglio.spec.config import CODES, ArrayConfig
from intaglio.spec.lane import Precision
from intaglio.spec.presets import PRESETS
from intaglio.spec.quant import IDENTITY, Rounding
from intaglio.spec.scale import multiplier, q15
from intaglio.spec.tensor import pixel_words
from intaglio.spec.widths import kept, narrowed
from intaglio.spec.window import Window, pair_fields

IN_WORDS, OUT_WORDS = 200, 900  # where outputs begin, where they end
BLOCK = 60  # words from one channel block to the next


def _commands(config: ArrayConfig) -> list[dict[str, int]]:
    """Return one command of each operation, and a sum split over two commands."""
    slots = config.channels // config.depth
    common = {
        "opcode": int(Opcode.COMPUTE),
        "rounding": int(Rounding.DOUBLE),
        "in_block": BLOCK,
        "zero_point": -4,
        "low": -100,
        "high": 120,
        "pad_value": 7,
        "param_block": config.drain_steps,
        "weight_step": 1,
    }
    image = Window(3, 7, 8, -1, -1, (3, 3), (1, 1), (1, 1), 7, 8)
    strided = Window(0, 9, 6, 0, -1, (3, 2), (2, 2), (1, 1), 4, 3)
    single = Window(5, 4, 4, 0, 0, (2, 2), (2, 2), (1, 1), 1, 1)
    conv = {**common, "operation": int(Operation.CONV), "in_blocks": 2, "steps": slots}
    conv |= {"last_steps": max(slots // 2, 1), "out_blocks": 2, "weight_block": 12 * slots}
    local = {**common, "in_blocks": 1, "steps": 1, "last_steps": 1, "out_blocks": 2}
    depthwise = {**local, "operation": int(Operation.DEPTHWISE), "weight_block": 6}
    maximum = {**local, "operation": int(Operation.MAX)}
    add = {**local, "operation": int(Operation.ADD), "rounding": int(Rounding.SINGLE_UP)}
    group = {**local, "operation": int(Operation.CONV), "local": 1, "group": 2}
    group |= {"weight_block": 9}
    fold = {**conv, "group": config.channels // 2, "fold": 1, "out_blocks": 1}
    fold |= {"steps": max(slots // 2, 1), "last_steps": 1}
    taps, channels = divmod(config.depth, 3)
    paired = {**conv, "in_blocks": 1, "paired": 1, "channels": 3, "steps": 3}
    paired |= {"last_steps": -(-3 // config.depth), "pair_taps": taps, "pair_channels": channels}
    half = {**conv, **single.fields(Operation.CONV, config), "out_blocks": 1}
    commands = [
        conv | image.fields(Operation.CONV, config),
        conv | strided.fields(Operation.CONV, config),
        image.fields(Operation.CONV, config) | group,
        strided.fields(Operation.CONV, config) | fold,
        paired | image.fields(Operation.CONV, config),
        depthwise | image.fields(Operation.DEPTHWISE, config),
        maximum | strided.fields(Operation.MAX, config),
        add | pair_fields(2, 100, 20),
        half | {"hold": 1},
        half | {"accumulate": 1, "weight_start": 5},
    ]
    return placed(commands)


def placed(commands: list[dict[str, int]]) -> list[dict[str, int]]:
    """Return commands that write words of their own, so that none hides what another wrote."""
    place = IN_WORDS
    for command in commands:
        bits = Precision(command.get("out_precision", 0)).bits
        row = command["out_w"] * pixel_words(bits)
        size = command["pixels"] * pixel_words(bits)
        command.update(out_start=place, out_row=row, out_block=size)
        place += size * command["out_blocks"]
    if place > OUT_WORDS:
        raise ValueError("the outputs of the core's commands do not fit their space")
    return commands


def _inputs(
    config: ArrayConfig, commands: list[dict[str, int]], factor: float, rng: np.random.Generator
) -> Values:
    """Return words for every memory, the commands, and the reads of all that was written."""
    writes = [
        {"memory": int(memory), "address": address, "data": data}
        for memory, words in _memories(config, factor, rng).items()
        for address, data in enumerate(words)
    ]
    return {
        "writes": writes,
        "commands": [_pack(command, config) for command in commands],
        "fetch": list(range(OUT_WORDS)),
    }


def _pack(command: dict[str, int], config: ArrayConfig) -> int:
    """Return the bits of a command that the gates keep."""
    return narrowed(COMPUTE, config).pack(kept(Opcode.COMPUTE, command, config))


def _unpack(word: int, config: ArrayConfig) -> dict[str, int]:
    """Return the fields of those bits; differences of places are the shorter way round."""
    record, half = narrowed(COMPUTE, config), config.act_words // 2
    fields = record.unpack(word)
    for whole, part in zip(COMPUTE.fields, record.fields, strict=True):
        if whole.format.signed and not part.format.signed and fields[part.name] >= half:
            fields[part.name] -= config.act_words
    return fields


def _memories(
    config: ArrayConfig, factor: float, rng: np.random.Generator
) -> dict[Memory, list[int]]:
    """Return the contents of each on-chip memory; outputs are scaled by `factor`."""
    acts = rng.integers(0, 256, (OUT_WORDS, config.act_bytes), np.uint8)
    weights = rng.integers(0, 256, (26 * config.channels, config.weight_bytes), np.uint8)
    params = []
    for word in range(2 * config.drain_steps):
        records = [
            {
                "bias": int(rng.integers(-5000, 5000)),
                "multiplier": (
                    scale := IDENTITY if word == 0 and q == 0 else q15(multiplier(factor))
                ).multiplier,
                "shift": scale.shift,
            }
            for q in range(config.requant_lanes)
        ]
        params.append(sum(PARAM.pack(r) << (PARAM.bits * q) for q, r in enumerate(records)))
    word = (1 << config.lanes.word_bits) - 1
    table = rng.integers(-20000, 20000, (CODES, 2)).astype(np.int32)
    return {
        Memory.ACTS: [int.from_bytes(row.tobytes(), "little") for row in acts],
        Memory.WEIGHTS: [int.from_bytes(row.tobytes(), "little") & word for row in weights],
        Memory.PARAMS: params,
        Memory.TABLE: [int.from_bytes(row.tobytes(), "little") for row in table],
    }


def _golden(config: ArrayConfig, inputs: Values) -> Values:
    """Execute the same commands on the golden device."""
    device = GoldenDevice(config)
    widths = {
        Memory.ACTS: config.act_bytes,
        Memory.WEIGHTS: config.weight_bytes,
        Memory.PARAMS: config.param_bytes,
        Memory.TABLE: config.table_bytes,
    }
    program, image = b"", b""
    for memory, width in widths.items():
        words = [w["data"] for w in inputs["writes"] if w["memory"] == memory]
        load = _transfer(Opcode.LOAD, len(image), len(words) * width // config.bus_bytes)
        program += LOAD.to_bytes(load | {"memory": int(memory)})
        image += b"".join(word.to_bytes(width, "little") for word in words)
    program += b"".join(COMPUTE.to_bytes(_unpack(word, config)) for word in inputs["commands"])
    program += STORE.to_bytes(_transfer(Opcode.STORE, len(image), OUT_WORDS))
    size = OUT_WORDS * config.act_bytes
    device.open({int(Region.TENSORS): len(image) + size})
    device.write(int(Region.TENSORS), 0, np.frombuffer(image, np.uint8))
    device.run(program)
    out = device.read(int(Region.TENSORS), len(image), size).reshape(OUT_WORDS, -1)
    return {"fetched": [int.from_bytes(row.tobytes(), "little") for row in out]}


def _transfer(opcode: Opcode, offset: int, beats: int) -> dict[str, int]:
    """Return the fields of a transfer of one row, from or to word 0."""
    fields: dict[str, Any] = {"opcode": int(opcode), "region": int(Region.TENSORS)}
    return fields | {"offset": offset, "row_beats": beats, "rows": 1}


def core_row(name: str, config: ArrayConfig, commands: list[dict[str, int]], factor: float) -> Row:
    """Return a row that runs `commands` on the core."""
    return Row(
        name=name,
        build=partial(CoreFixture, config),
        settings={"expected": len(commands)},
        inputs=partial(_inputs, config, commands, factor),
        golden=partial(_golden, config),
        first=("writes",),
        latency=None,
    )


ROWS = tuple(
    core_row(f"core-{config.name}", config, _commands(config), 0.004)
    for config in (PRESETS["tiny"], PRESETS["default"])
)
