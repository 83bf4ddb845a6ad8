"""Rows of the window generator and of the gather on its banked buffer."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from intaglio.bench.fixtures import GatherFixture, WindowFixture
from intaglio.bench.row import Row, Values
from intaglio.spec.commands import TAP, Operation
from intaglio.spec.config import ArrayConfig
from intaglio.spec.presets import PRESETS
from intaglio.spec.window import Window, pair_fields, tile_pixels

TINY = PRESETS["tiny"]
DEFAULT = PRESETS["default"]
PAD = -3

# Strides, dilation, asymmetric padding, 1 x k, rows shorter than a tile, one window, even sizes.
WINDOWS = (
    Window(16, 6, 7, -1, -1, (3, 3), (1, 1), (1, 1), 6, 7),
    Window(0, 9, 9, 0, -2, (3, 5), (2, 2), (1, 1), 4, 5),
    Window(40, 8, 5, -2, -2, (2, 3), (1, 3), (2, 2), 9, 3),
    Window(7, 5, 3, 0, 0, (1, 1), (1, 1), (1, 1), 5, 3),
    Window(3, 4, 2, -3, 0, (4, 1), (3, 2), (1, 1), 3, 1),
    Window(100, 1, 11, 0, -1, (1, 4), (1, 2), (1, 3), 1, 2),
    Window(60, 7, 7, 0, 0, (7, 7), (1, 1), (1, 1), 1, 1),
)


def _commands(config: ArrayConfig) -> list[dict[str, int]]:
    """Return COMPUTE commands over every window, operation and number of blocks."""
    commands: list[dict[str, int]] = []
    for n, window in enumerate(WINDOWS):
        for operation in (Operation.CONV, Operation.DEPTHWISE, Operation.MAX):
            convolves = operation is Operation.CONV
            commands.append(
                {
                    **window.fields(operation, config),
                    "operation": int(operation),
                    "in_block": 130,
                    "in_blocks": 1 + n % 3 if convolves else 1,
                    "steps": 2 if convolves else 1,
                    "last_steps": 1,
                    "out_blocks": 1 + n % 2,
                }
            )
        paired = {"paired": 1, "in_blocks": 1, "steps": 3, "last_steps": 2, "local": n % 2}
        conv = window.fields(Operation.CONV, config)
        commands.append(
            {**conv, **paired, "operation": int(Operation.CONV), "in_block": 90, "out_blocks": 2}
        )
    pair = {"operation": int(Operation.ADD), "in_block": 20, "in_blocks": 1}
    commands.append({**pair_fields(4, 90, 9), **pair, "steps": 1, "last_steps": 1, "out_blocks": 2})
    return commands


def _window_golden(config: ArrayConfig, inputs: Values) -> Values:
    """Return the requests from the definition in :class:`Window`, window by window."""
    lists = [word["data"] for word in inputs.get("list", [])]
    requests = [r for command in inputs["i"] for r in _requests(config, command, lists)]
    return {"o": requests}


def _move(config: ArrayConfig, command: dict[str, int], lists: list[int], r: int, s: int) -> Any:
    """Return how many words, rows and columns tap (r, s) lies behind the first one."""
    if not command.get("listed"):
        right, down = s * command.get("dilation_x", 0), r * command.get("dilation_y", 0)
        return r * command.get("tap_y", 0) + s * command["tap_x"], down, right
    word, place = divmod(s, config.depth)
    entry = lists[command["list_start"] + word] >> place * TAP.bits & (1 << TAP.bits) - 1
    tap = TAP.from_bytes(entry.to_bytes(TAP.bits // 8, "little"))
    return tap["jump"], tap["y"], tap["x"]


def _requests(
    config: ArrayConfig, command: dict[str, int], lists: list[int]
) -> list[dict[str, Any]]:
    """Return the requests of one command."""
    operation = Operation(command.get("operation", 0))
    tile = tile_pixels(operation, config)
    paired, width = bool(command.get("paired")), command["kernel_w"]
    convolves = operation is Operation.CONV
    wide = config.depth if paired or not convolves else 1
    taps = [
        (r, s, b)
        for r in range(command["kernel_h"])
        for s in range(0, width, wide)
        for b in range(command["in_blocks"])
    ]
    requests = []
    for block in range(command["out_blocks"]):
        for first in range(0, command["pixels"], tile):
            count = min(tile, command["pixels"] - first)
            for n, (r, s, b) in enumerate(taps):
                ends = s + wide >= width if paired else b == command["in_blocks"] - 1
                tap = {
                    "first": int(n == 0),
                    "last": int(n == len(taps) - 1),
                    "end": int(first + tile >= command["pixels"]),
                    "steps": command["last_steps" if ends else "steps"],
                    "count": count,
                }
                address, inside = [], 0
                for lane in range(config.banks):
                    p, d = divmod(lane, config.depth)
                    i, j = divmod(first + p, command["out_w"])
                    y = command.get("y0", 0) + i * command["stride_y"]
                    x = command.get("x0", 0) + j * command["stride_x"]
                    jump, down, right = _move(config, command, lists, r, s + d)
                    y += down
                    x += right
                    good = 0 <= y < command["in_h"] and 0 <= x < command["in_w"]
                    good &= p < count and d < wide and s + d < width
                    inside |= good << lane
                    word = command["start"] + i * command["window_y"] + j * command["window_x"]
                    word += jump + b * command["in_block"]
                    if not convolves or command.get("local"):
                        word += block * command["in_block"]
                    # Outside the image the address means nothing; it follows the same sum.
                    address.append(word % (1 << (config.act_words - 1).bit_length()))
                requests.append({"tap": tap, "inside": inside, "address": address})
    return requests


def _gather_inputs(config: ArrayConfig, rng: np.random.Generator) -> Values:
    """Return a filled buffer, and requests without, with some and with nothing but conflicts."""
    words, lanes = 96, config.banks
    contents = [int.from_bytes(rng.bytes(config.act_bytes), "little") for _ in range(words)]
    load = [{"address": a, "data": word} for a, word in enumerate(contents)]
    requests = []
    for n in range(60):
        if n % 3 == 0:
            address = int(rng.integers(words - lanes)) + np.arange(lanes)
        elif n % 3 == 1:
            address = rng.integers(words, size=lanes)
        else:
            address = int(rng.integers(lanes)) + lanes * rng.integers(
                words // lanes - 1, size=lanes
            )
        tap = {"first": n & 1, "last": n % 5 == 0, "end": n % 7 == 0, "steps": n, "count": 1}
        inside = int(rng.integers(1 << lanes)) | (n % 2) * ((1 << lanes) - 1)
        requests.append(
            {
                "tap": {key: int(value) for key, value in tap.items()},
                "inside": inside,
                "address": [int(a) for a in address],
            }
        )
    fetch = [int(a) for a in rng.integers(words, size=100)]
    return {"load": load, "i": requests, "fetch": fetch}


def _gather_golden(config: ArrayConfig, inputs: Values) -> Values:
    """Index the buffer."""
    words = [word["data"] for word in inputs["load"]]
    pad = int.from_bytes(bytes([PAD & 0xFF]) * config.act_bytes, "little")
    out = [
        {
            "tap": request["tap"],
            "word": [
                words[a] if request["inside"] >> p & 1 else pad
                for p, a in enumerate(request["address"])
            ],
        }
        for request in inputs["i"]
    ]
    return {"o": out, "fetched": [words[a] for a in inputs["fetch"]]}


def _window_inputs(config: ArrayConfig, rng: np.random.Generator) -> Values:
    return {"i": _commands(config)}


def _list_inputs(config: ArrayConfig, rng: np.random.Generator) -> Values:
    """Return lists that fill their memory, DEPTHWISE commands that read them, and plain ones."""
    depth, plain = config.depth, _commands(config)
    lists: list[dict[str, int]] = []
    commands = []
    for n, count in enumerate((1, depth, 5 * depth, 8 * depth - 1, 2 * depth + 1)):
        window = WINDOWS[n]
        places = rng.integers(0, 7, (count, 2))
        taps = [{"jump": int(y * window.in_w + x), "y": int(y), "x": int(x)} for y, x in places]
        listed = {"listed": 1, "list_start": len(lists), "kernel_h": 1, "kernel_w": count}
        for first in range(0, count, depth):
            run = b"".join(TAP.to_bytes(tap) for tap in taps[first : first + depth])
            lists.append({"address": len(lists), "data": int.from_bytes(run, "little")})
        fields = window.fields(Operation.DEPTHWISE, config) | {
            **{"operation": int(Operation.DEPTHWISE), "in_blocks": 1, "in_block": 130},
            **{"steps": 1, "last_steps": 1, "out_blocks": 1 + n % 3},
        }
        commands += [fields | listed, plain[4 * n + 1]]
    return {"list": lists, "i": commands}


LISTS = (
    replace(TINY, name="tiny-lists", tap_list=64),
    replace(TINY, name="tiny-lists-single", depth=1, tap_list=32),
)
LIST_ROWS = tuple(
    Row(
        name=f"window-{config.name}",
        build=partial(WindowFixture, config),
        inputs=partial(_list_inputs, config),
        golden=partial(_window_golden, config),
        first=("list",),
        latency=None,
    )
    for config in LISTS
)
ROWS = LIST_ROWS + tuple(
    row
    for config in (TINY, DEFAULT)
    for row in (
        Row(
            name=f"window-{config.name}",
            build=partial(WindowFixture, config),
            inputs=partial(_window_inputs, config),
            golden=partial(_window_golden, config),
            latency=None,
        ),
        Row(
            name=f"gather-{config.name}",
            build=partial(GatherFixture, config),
            settings={"pad_value": PAD & 0xFF},
            inputs=partial(_gather_inputs, config),
            golden=partial(_gather_golden, config),
            first=("load",),
            latency=None,
        ),
    )
)
