"""Rows of the small parts around the array: memory, cursor, operands, fold."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from intaglio.bench.fixtures import FoldFixture, ScratchpadFixture
from intaglio.bench.fixtures_stepped import stepped_row
from intaglio.bench.row import Row, Values
from intaglio.gateware.cursor import StepCursor
from intaglio.gateware.operands import OperandSelect, index_bits
from intaglio.spec.presets import PRESETS

TINY = PRESETS["tiny"]
DEEP = replace(TINY, channels=8, depth=4, requant_lanes=2)
FLAT = replace(TINY, requant_lanes=4)  # a window in one step
WORD_BITS, WORDS = 24, 50
Random = np.random.Generator


def _joined(values: list[int], bits: int) -> int:
    """Return values of `bits` bits side by side, the first lowest."""
    return sum(value << (bits * n) for n, value in enumerate(values))


def _scratchpad_inputs(rng: Random) -> Values:
    """Return writes to every word, some twice, and reads."""
    addresses = [*range(WORDS), *rng.integers(0, WORDS, 20).tolist()]
    writes = [{"address": a, "data": int(rng.integers(1 << WORD_BITS))} for a in addresses]
    return {"writes": writes, "i": rng.integers(0, WORDS, 200).tolist()}


def _scratchpad_golden(inputs: Values) -> Values:
    words = {write["address"]: write["data"] for write in inputs["writes"]}
    return {"o": [words[address] for address in inputs["i"]]}


def _cursor_inputs(rng: Random) -> Values:
    """Return the steps of runs of channels and of paired taps, with pauses."""
    steps = []
    for n in range(60):
        channels = n % DEEP.channels
        taps, rest = divmod(DEEP.depth, channels or 1)
        fields = {"paired": int(channels > 0), "channels": channels}
        fields |= {"pair_taps": taps, "pair_channels": rest}
        count = int(rng.integers(1, (channels or DEEP.channels // DEEP.depth) + 1))
        for step in range(count):
            pauses = int(rng.integers(3))
            steps += [fields | {"advance": 0, "restart": int(rng.integers(2))}] * pauses
            steps.append(fields | {"advance": 1, "restart": int(step == count - 1)})
    return {"i": steps}


def _cursor_golden(inputs: Values) -> Values:
    """Divide each entry of the run by the channels of a tap."""
    tap_bits, channel_bits = index_bits(DEEP)
    out, step = [], 0
    for now in inputs["i"]:
        run = [step * DEEP.depth + d for d in range(DEEP.depth)]
        places = [divmod(i, now["channels"]) if now["paired"] else (0, i) for i in run]
        out.append(
            {
                **{"first": int(step == 0), "step": step},
                "tap": _joined([tap for tap, _ in places], tap_bits),
                "channel": _joined([channel for _, channel in places], channel_bits),
            }
        )
        if now["advance"]:
            step = 0 if now["restart"] else step + 1
    return {"o": out}


def _operand_inputs(depthwise: int, group: int, rng: Random) -> Values:
    bits = [8 * DEEP.channels * DEEP.depth, *(n * DEEP.depth for n in index_bits(DEEP))]
    widths = dict(zip(("words", "tap", "channel"), bits, strict=True))
    steps = [
        {k: int.from_bytes(rng.bytes(64), "little") % (1 << b) for k, b in widths.items()}
        for _ in range(100)
    ]
    return {"i": [step | {"depthwise": depthwise, "group": group} for step in steps]}


def _operand_golden(inputs: Values) -> Values:
    """Index the words; the operands come two steps later."""
    depth, channels = DEEP.depth, DEEP.channels
    tap_bits, channel_bits = index_bits(DEEP)
    out = []
    for step in inputs["i"][: -OperandSelect.latency_cycles]:
        words = np.frombuffer(step["words"].to_bytes(depth * channels, "little"), np.uint8)
        words = words.reshape(depth, channels)
        group, acts = step["group"], np.zeros((channels, depth), np.int64)
        for d in range(depth):
            tap = step["tap"] >> (tap_bits * d) & ((1 << tap_bits) - 1)
            channel = step["channel"] >> (channel_bits * d) & ((1 << channel_bits) - 1)
            for k in range(channels):
                own = k // group * group + channel % group
                acts[k, d] = words[d, k] if step["depthwise"] else words[tap, own]
        out.append({"act": _joined(acts.reshape(-1).tolist(), 8)})
    return {"o": out}


def _fold_inputs(config: Any, rng: Random) -> Values:
    accs = rng.integers(-(2**29), 2**29, (40 * config.drain_steps, config.requant_lanes))
    return {"i": accs.tolist()}


def _fold_golden(config: Any, folds: bool, inputs: Values) -> Values:
    accs = np.array(inputs["i"])
    if folds:
        halves = accs.reshape(-1, 2, config.channels // 2)
        sums = halves.sum(axis=1)
        accs = np.concatenate([sums, np.zeros_like(sums)], axis=1)
    return {"o": accs.reshape(-1, config.requant_lanes).tolist()}


ROWS = (
    Row(
        name="scratchpad",
        build=partial(ScratchpadFixture, WORD_BITS, WORDS),
        inputs=_scratchpad_inputs,
        golden=_scratchpad_golden,
        first=("writes",),
        latency=None,
    ),
    stepped_row("step-cursor", partial(StepCursor, DEEP), _cursor_inputs, _cursor_golden),
    *(
        stepped_row(
            f"operands-{name}",
            partial(OperandSelect, DEEP),
            partial(_operand_inputs, depthwise, group),
            _operand_golden,
            skip=OperandSelect.latency_cycles,
        )
        for name, depthwise, group in (
            *(("depthwise", 1, 8), ("broadcast", 0, 8)),
            *(("groups-4", 0, 4), ("groups-2", 0, 2)),
        )
    ),
    *(
        Row(
            name=f"fold-{name}",
            build=partial(FoldFixture, config),
            settings={"fold": int(folds)},
            inputs=partial(_fold_inputs, config),
            golden=partial(_fold_golden, config, folds),
            latency=None,
        )
        for name, config, folds in (
            *(("off", TINY, False), ("tiny", TINY, True)),
            *(("deep", DEEP, True), ("flat", FLAT, True)),
        )
    ),
)
