"""Rows of the multiply-accumulate array and of the vector unit."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from intaglio.bench.fixtures import ArrayFixture
from intaglio.bench.row import Row, Values
from intaglio.gateware.vector import VectorUnit
from intaglio.spec.config import CODES, ArrayConfig
from intaglio.spec.presets import PRESETS

TINY = PRESETS["tiny"]
DEFAULT = PRESETS["default"]
START, TILES, BLOCKS = 3, 5, 2


def _word(codes: Any) -> int:
    """Return int8 codes as the bits of a word, the first lowest."""
    return int.from_bytes(np.asarray(codes, np.int8).tobytes(), "little")


def _codes(rng: np.random.Generator, *shape: int) -> Any:
    """Return int8 codes, a quarter of them at the ends of the range."""
    codes = rng.integers(-128, 128, shape)
    ends = rng.integers(0, 8, shape)
    return np.where(ends == 0, -128, np.where(ends == 1, 127, codes))


def _tile(steps: list[int], count: int, end: bool) -> list[dict[str, int]]:
    """Return the taps of a tile whose words take `steps` array steps each."""
    last = len(steps) - 1
    return [
        {"first": int(n == 0), "last": int(n == last), "end": int(end), "steps": s, "count": count}
        for n, s in enumerate(steps)
    ]


def _steps(config: ArrayConfig, local: bool) -> list[int]:
    """Return the array steps of each word of a tile."""
    slots = config.channels // config.depth
    return [1] * 9 if local else [slots, max(slots - 1, 1), 1, slots]


def _array_inputs(config: ArrayConfig, local: bool, rng: np.random.Generator) -> Values:
    """Return weights and the words of short and long tiles, the last of each block partial."""
    steps = _steps(config, local)
    panel = sum(steps)
    weights = [
        {"address": START + n, "data": _word(_codes(rng, config.weight_bytes))}
        for n in range(BLOCKS * panel)
    ]
    if local:
        # The contract of local mode: weights of d >= 1 are 0.
        mask = (1 << (8 * config.channels)) - 1
        weights = [{**w, "data": w["data"] & mask} for w in weights]
    words = []
    for _ in range(BLOCKS):
        for tile in range(TILES):
            end = tile == TILES - 1
            count = max(config.pixels - 1, 1) if end else config.pixels
            for tap in _tile(steps, count, end):
                lanes = [_word(_codes(rng, config.channels)) for _ in range(config.pixels)]
                words.append({"tap": tap, "word": lanes})
    return {"weights": weights, "i": words}


def _array_golden(config: ArrayConfig, local: bool, inputs: Values) -> Values:
    """Sum the products in int64."""
    memory = {w["address"]: w["data"] for w in inputs["weights"]}
    out: list[list[int]] = []
    base = at = START
    acc = np.zeros((config.pixels, config.channels), np.int64)
    for words in inputs["i"]:
        tap = words["tap"]
        if tap["first"]:
            acc[:], at = 0, base
        act = np.array([_int8(word, config.channels) for word in words["word"]])
        for step in range(tap["steps"]):
            wgt = _int8(memory[at], config.weight_bytes).reshape(config.depth, config.channels)
            here = slice(step * config.depth, (step + 1) * config.depth)
            acc += act * wgt[0] if local else act[:, here] @ wgt
            at += 1
        if tap["last"]:
            flat = acc[: tap["count"]].reshape(-1, config.requant_lanes)
            out += [[int(value) for value in row] for row in flat]
            base = at if tap["end"] else base
    return {"o": out}


def _int8(word: int, count: int) -> Any:
    """Return the int8 codes of a word as int64."""
    return np.frombuffer(word.to_bytes(count, "little"), np.int8).astype(np.int64)


def _vector_inputs(config: ArrayConfig, taps: int, rng: np.random.Generator) -> Values:
    """Return a table and windows of `taps` words."""
    table = rng.integers(-(2**28), 2**28, (CODES, 2))
    entries = [{"address": n, "data": {"a": int(a), "b": int(b)}} for n, (a, b) in enumerate(table)]
    words = []
    for window in range(20):
        for tap in _tile([1] * taps, 1, window == 19):
            lanes = [_word(_codes(rng, config.channels)) for _ in range(config.pixels)]
            words.append({"tap": tap, "word": lanes})
    return {"entry": entries, "i": words}


def _vector_golden(config: ArrayConfig, adds: bool, inputs: Values) -> Values:
    """Take the maximum of each window, or look up its two words and add."""
    table = np.array([[e["data"]["a"], e["data"]["b"]] for e in inputs["entry"]])
    out: list[list[int]] = []
    window: list[Any] = []
    for words in inputs["i"]:
        window.append(_int8(words["word"][0], config.channels))
        if words["tap"]["last"]:
            first, last = window[0], window[-1]
            summed = table[first + 128, 0] + table[last + 128, 1]
            acc = summed if adds else np.max(window, axis=0)
            out += [[int(v) for v in row] for row in acc.reshape(-1, config.requant_lanes)]
            window = []
    return {"o": out}


ROWS = (
    *(
        Row(
            name=f"array-{'local' if local else 'broadcast'}-{config.name}",
            build=partial(ArrayFixture, config),
            settings={
                "local": int(local),
                "weight_start": START,
                "weight_step": 1,
                "weight_block": sum(_steps(config, local)),
            },
            inputs=partial(_array_inputs, config, local),
            golden=partial(_array_golden, config, local),
            first=("weights",),
            latency=None,
        )
        for config in (TINY, DEFAULT)
        for local in (False, True)
    ),
    *(
        Row(
            name=f"vector-{'add' if adds else 'max'}-{config.name}",
            build=partial(VectorUnit, config),
            settings={"adds": int(adds)},
            inputs=partial(_vector_inputs, config, 2 if adds else 5),
            golden=partial(_vector_golden, config, adds),
            first=("entry",),
            latency=None,
        )
        for config in (TINY, DEFAULT)
        for adds in (False, True)
    ),
)
