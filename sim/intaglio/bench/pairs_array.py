"""Rows of the multiply-accumulate array and of the vector unit."""

from __future__ import annotations

from dataclasses import dataclass
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


@dataclass(frozen=True)
class Mode:
    """How the elements of a row share the words of a request."""

    name: str
    depthwise: bool = False
    group: int = 0  # 0: all K channels
    channels: int = 0  # above 0: paired taps of so many channels
    spread: int = 0  # depthwise: outputs of a channel, of the upper half of the channels

    def steps(self, config: ArrayConfig) -> list[int]:
        """Return the array steps of each request of a tile."""
        if self.depthwise:
            return [1] * 9
        if self.channels:
            return [self.channels, self.channels, -(-self.channels // config.depth)]
        slots = max((self.group or config.channels) // config.depth, 1)
        return [slots, max(slots - 1, 1), 1, slots]

    def settings(self, config: ArrayConfig) -> dict[str, int]:
        """Return the fields of COMPUTE."""
        taps, channels = divmod(config.depth, self.channels or 1)
        return {
            "depthwise": int(self.depthwise),
            "group": self.group or config.channels,
            "spread": self.spread,
            "spread_channel": config.channels // 2 if self.spread else 0,
            "paired": int(self.channels > 0),
            "channels": self.channels,
            "pair_taps": taps,
            "pair_channels": channels,
            "weight_start": START,
            "weight_step": 1,
            "weight_block": sum(self.steps(config)),
        }

    def operands(self, config: ArrayConfig, words: Any, step: int) -> Any:
        """Return operand (d, k) of a step, from the codes (tap, channel) of one pixel."""
        lane, depth = np.arange(config.channels), config.depth
        group = self.group or config.channels
        chosen = []
        for d in range(depth):
            entry = step * depth + d
            if self.spread:
                part = config.channels // self.spread
                chosen.append(words[d, config.channels // 2 + lane % part])
            elif self.depthwise:
                chosen.append(words[d])
            elif self.channels:
                tap, channel = divmod(entry, self.channels)
                chosen.append(np.full(len(lane), words[tap % depth, channel]))
            else:
                chosen.append(words[0, lane // group * group + entry % group])
        return np.stack(chosen)


def _array_inputs(config: ArrayConfig, mode: Mode, rng: np.random.Generator) -> Values:
    """Return weights and the words of short and long tiles, the last of each block partial."""
    steps = mode.steps(config)
    weights = [
        {"address": START + n, "data": _word(_codes(rng, config.weight_bytes))}
        for n in range(BLOCKS * sum(steps))
    ]
    words = []
    for _ in range(BLOCKS):
        for tile in range(TILES):
            end = tile == TILES - 1
            count = max(config.pixels - 1, 1) if end else config.pixels
            for tap in _tile(steps, count, end):
                lanes = [_word(_codes(rng, config.channels)) for _ in range(config.banks)]
                words.append({"tap": tap, "word": lanes})
    return {"weights": weights, "i": words}


def _array_golden(config: ArrayConfig, mode: Mode, inputs: Values) -> Values:
    """Sum the products in int64."""
    memory = {w["address"]: w["data"] for w in inputs["weights"]}
    out: list[list[int]] = []
    base = at = START
    acc = np.zeros((config.pixels, config.channels), np.int64)
    for words in inputs["i"]:
        tap = words["tap"]
        if tap["first"]:
            acc[:], at = 0, base
        codes = np.array([_int8(word, config.channels) for word in words["word"]])
        codes = codes.reshape(config.pixels, config.depth, -1)
        for step in range(tap["steps"]):
            wgt = _int8(memory[at], config.weight_bytes).reshape(config.channels, config.depth).T
            for p in range(config.pixels):
                acc[p] += (mode.operands(config, codes[p], step) * wgt).sum(axis=0)
            at += 1
        if tap["last"]:
            flat = acc[: tap["count"]].reshape(-1, config.requant_lanes)
            out += [[int(value) for value in row] for row in flat]
            base = at if tap["end"] else base
    return {"o": out}


def _int8(word: int, count: int) -> Any:
    """Return the int8 codes of a word as int64."""
    return np.frombuffer(word.to_bytes(count, "little"), np.int8).astype(np.int64)


def _vector_inputs(config: ArrayConfig, requests: int, rng: np.random.Generator) -> Values:
    """Return a table and windows of `requests` requests."""
    table = rng.integers(-(2**28), 2**28, (CODES, 2))
    entries = [{"address": n, "data": {"a": int(a), "b": int(b)}} for n, (a, b) in enumerate(table)]
    words = []
    for window in range(20):
        for tap in _tile([1] * requests, 1, window == 19):
            lanes = [_word(_codes(rng, config.channels)) for _ in range(config.banks)]
            words.append({"tap": tap, "word": lanes})
    return {"entry": entries, "i": words}


def _vector_golden(config: ArrayConfig, adds: bool, inputs: Values) -> Values:
    """Take the maximum of each window, or look up its two words and add."""
    table = np.array([[e["data"]["a"], e["data"]["b"]] for e in inputs["entry"]])
    out: list[list[int]] = []
    window: list[Any] = []
    for words in inputs["i"]:
        window += [_int8(word, config.channels) for word in words["word"][: config.depth]]
        if words["tap"]["last"]:
            first, last = window[0], window[1]
            summed = table[first + 128, 0] + table[last + 128, 1]
            acc = summed if adds else np.max(window, axis=0)
            out += [[int(v) for v in row] for row in acc.reshape(-1, config.requant_lanes)]
            window = []
    return {"o": out}


MODES = (
    Mode("broadcast"),
    Mode("depthwise", depthwise=True),
    Mode("spread", depthwise=True, spread=4),
    Mode("groups", group=2),
    Mode("paired", channels=3),
    Mode("paired-single", channels=1),
)

ROWS = (
    *(
        Row(
            name=f"array-{mode.name}-{config.name}",
            build=partial(ArrayFixture, config),
            settings=mode.settings(config),
            inputs=partial(_array_inputs, config, mode),
            golden=partial(_array_golden, config, mode),
            first=("weights",),
            latency=None,
        )
        for config in (TINY, DEFAULT)
        for mode in MODES
    ),
    *(
        Row(
            name=f"vector-{'add' if adds else 'max'}-{config.name}",
            build=partial(VectorUnit, config),
            settings={"adds": int(adds)},
            inputs=partial(_vector_inputs, config, 1 if adds else 3),
            golden=partial(_vector_golden, config, adds),
            first=("entry",),
            latency=None,
        )
        for config in (TINY, DEFAULT)
        for adds in (False, True)
    ),
)
