"""Rows of the parts that move data: bursts, on-chip addresses, load and store engine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from intaglio.bench.fixtures_bus import LoadFixture, StoreFixture
from intaglio.bench.row import Row, Values
from intaglio.bench.transfers import (
    BASES,
    DECODE_ERROR,
    OKAY,
    SLAVE_ERROR,
    beat_at,
    beats_of,
    random_transfer,
    row_bursts,
    transfer_bursts,
    word_addresses,
)
from intaglio.gateware.axi import LOAD_ID
from intaglio.gateware.bursts import Bursts
from intaglio.gateware.walk import Walk
from intaglio.spec.commands import Memory
from intaglio.spec.config import ArrayConfig
from intaglio.spec.presets import PRESETS
from intaglio.spec.registers import Fault

TINY = PRESETS["tiny"]
# The longest burst is more than 4 KiB here, so that the boundary alone cuts.
PAGES = replace(TINY, channels=32, burst_beats=256)
SINGLE = replace(TINY, burst_beats=1)
PLAN = ("memory", "address", "address_stride", "row_beats", "rows")
Random = np.random.Generator


def _loads(config: ArrayConfig, rng: Random, count: int) -> list[dict[str, int]]:
    """Return LOADs to every memory in turn."""
    loads = []
    for n in range(count):
        memory = n % len(Memory)
        loads.append({"memory": memory, **random_transfer(rng, config, beats_of(config, memory))})
    return loads


def _burst_inputs(config: ArrayConfig, rng: Random) -> Values:
    rows = []
    for _ in range(40):
        fields = random_transfer(rng, config, 1)
        fields["address"] = fields["offset"] + BASES[fields["region"]]
        rows.append({k: fields[k] for k in ("address", "row_beats", "rows", "row_stride")})
    return {"i": rows}


def _burst_golden(config: ArrayConfig, inputs: Values) -> Values:
    bursts = [
        burst
        for rows in inputs["i"]
        for burst in row_bursts(
            config, rows["address"], rows["row_beats"], rows["rows"], rows["row_stride"]
        )
    ]
    return {"o": [{"addr": b.address, "len": b.beats - 1, "last": int(b.last)} for b in bursts]}


def _walk_inputs(rng: Random) -> Values:
    return {"i": [{k: load[k] for k in PLAN} for load in _loads(TINY, rng, 24)]}


def _walk_golden(inputs: Values) -> Values:
    out = []
    for plan in inputs["i"]:
        beats = beats_of(TINY, plan["memory"])
        words = [
            {"memory": plan["memory"], "address": address, "beats": beats - 1}
            for address in word_addresses(TINY, plan, beats)
        ]
        out += [*words[:-1], words[-1] | {"last": 1}]
    return {"o": out}


def _responses(rng: Random, count: int, errors: float) -> list[int]:
    """Return responses, a fraction of them errors."""
    chances = [1 - errors, errors / 2, errors / 2]
    return [int(r) for r in rng.choice([OKAY, SLAVE_ERROR, DECODE_ERROR], count, p=chances)]


def _load_inputs(config: ArrayConfig, rng: Random) -> Values:
    commands = _loads(config, rng, 12)
    bursts = [burst for command in commands for burst in transfer_bursts(config, command)]
    beats = []
    for burst in bursts:
        for n, resp in enumerate(_responses(rng, burst.beats, 0.1)):
            word = beat_at(config, burst.address + n * config.bus_bytes)
            last = int(n == burst.beats - 1)
            beats.append({"id": LOAD_ID, "data": word, "resp": resp, "last": last})
    return {"commands": commands, "beats": beats}


def _load_golden(config: ArrayConfig, inputs: Values) -> Values:
    """Gather the bytes of each word from memory, row by row."""
    bursts, writes, faults = [], [], []
    answers = iter(inputs["beats"])
    for command in inputs["commands"]:
        beats = beats_of(config, command["memory"])
        size = beats * config.bus_bytes
        chunks = []
        for row in range(command["rows"]):
            at = BASES[command["region"]] + command["offset"] + row * command["row_stride"]
            chunks += [at + n * size for n in range(command["row_beats"] // beats)]
        for address, at in zip(word_addresses(config, command, beats), chunks, strict=True):
            parts = [beat_at(config, at + n * config.bus_bytes) for n in range(beats)]
            word = sum(part << (8 * config.bus_bytes * n) for n, part in enumerate(parts))
            writes.append({"memory": command["memory"], "address": address, "data": word})
        for burst in transfer_bursts(config, command):
            bursts.append({"id": LOAD_ID, "addr": burst.address, "len": burst.beats - 1})
            codes = [_code(next(answers)["resp"], True) for _ in range(burst.beats)]
            faults += [{"code": code, "address": burst.address} for code in codes if code]
    done = [n + 1 for n in range(len(inputs["commands"]))]
    return {"bursts": bursts, "writes": writes, "done": done, "faults": faults}


def _code(resp: int, reads: bool) -> int:
    """Return the Fault of a response, NONE for a good one."""
    kinds = {
        SLAVE_ERROR: (Fault.WRITE_SLAVE, Fault.READ_SLAVE),
        DECODE_ERROR: (Fault.WRITE_DECODE, Fault.READ_DECODE),
    }
    return int(kinds[resp][reads]) if resp in kinds else int(Fault.NONE)


def _store_inputs(config: ArrayConfig, rng: Random) -> Values:
    commands = [random_transfer(rng, config, 1) for _ in range(12)]
    words = [beat_at(config, a) for command in commands for a in word_addresses(config, command, 1)]
    acks = []
    for command in commands:
        bursts = transfer_bursts(config, command)
        # A command whose last burst fails is not done, so the last one is good here.
        acks += [*_responses(rng, len(bursts) - 1, 0.5), OKAY]
    return {"commands": commands, "words": words, "acks": acks}


def _store_golden(config: ArrayConfig, inputs: Values) -> Values:
    """Scatter the words over the bursts of their rows."""
    requests = [a for command in inputs["commands"] for a in word_addresses(config, command, 1)]
    words = iter(beat_at(config, a) for a in requests)
    bursts = [b for command in inputs["commands"] for b in transfer_bursts(config, command)]
    beats = [
        {"data": next(words), "last": int(n == burst.beats - 1)}
        for burst in bursts
        for n in range(burst.beats)
    ]
    codes = [_code(resp, False) for resp in inputs["acks"]]
    return {
        "requests": requests,
        "bursts": [{"addr": burst.address, "len": burst.beats - 1} for burst in bursts],
        "beats": beats,
        "done": [n + 1 for n in range(len(inputs["commands"]))],
        "faults": [
            {"code": code, "address": burst.address}
            for code, burst in zip(codes, bursts, strict=True)
            if code
        ],
    }


def _engine(name: str, config: ArrayConfig, build: Callable[..., Any], stimulus: Any) -> Row:
    """Return the row of an engine on a bus."""
    inputs, golden = stimulus
    return Row(
        name=name,
        build=partial(build, config),
        settings={"bases": list(BASES)},
        inputs=partial(inputs, config),
        golden=partial(golden, config),
        latency=None,
    )


ROWS = (
    *(
        Row(
            name=name,
            build=partial(Bursts, config),
            inputs=partial(_burst_inputs, config),
            golden=partial(_burst_golden, config),
            latency=None,
        )
        for name, config in (("bursts", TINY), ("bursts-4-kib", PAGES), ("bursts-single", SINGLE))
    ),
    Row(
        name="walk",
        build=partial(Walk, TINY, [beats_of(TINY, memory) for memory in Memory]),
        inputs=_walk_inputs,
        golden=_walk_golden,
        latency=None,
    ),
    _engine("load-engine", TINY, LoadFixture, (_load_inputs, _load_golden)),
    _engine("store-engine", TINY, StoreFixture, (_store_inputs, _store_golden)),
)
