"""Rows of the parts that find the words of a window: taps, places of lanes, banks."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from intaglio.bench.fixtures_stepped import stepped_row
from intaglio.bench.pairs_window import WINDOWS
from intaglio.bench.row import Values
from intaglio.gateware.gather import BankSelect
from intaglio.gateware.lane_place import LanePlaces
from intaglio.gateware.taps import TapLoop
from intaglio.spec.commands import Operation
from intaglio.spec.presets import PRESETS

TINY = PRESETS["tiny"]
DEEP = replace(TINY, channels=8, depth=4)
Random = np.random.Generator


def _tap_inputs(rng: Random) -> Values:
    """Return loops of every window, over one and over several blocks, wide and not."""
    steps = []
    for n, window in enumerate(WINDOWS):
        for wide in (0, 1):
            command = {
                **window.fields(Operation.CONV, DEEP),
                "in_block": 130 + n,
                "in_blocks": 1 if wide else 1 + n % 3,
            }
            columns = -(-command["kernel_w"] // (DEEP.depth if wide else 1))
            count = command["kernel_h"] * columns * command["in_blocks"] * 2
            for _ in range(count):
                pauses = int(rng.random() < 0.2)
                steps += [{"command": command, "wide": wide, "advance": 0}] * pauses
                steps.append({"command": command, "wide": wide, "advance": 1})
    return {"i": steps}


def _tap_golden(inputs: Values) -> Values:
    """Enumerate three nested loops."""
    out, at = [], 0
    for step in inputs["i"]:
        command, wide = step["command"], step["wide"]
        width, blocks = command["kernel_w"], command["in_blocks"]
        loops = [
            (r, s, b)
            for r in range(command["kernel_h"])
            for s in range(0, width, DEEP.depth if wide else 1)
            for b in range(blocks)
        ]
        r, s, b = loops[at]
        ends = s + (DEEP.depth if wide else 1) >= width
        present = [int((wide or d == 0) and s + d < width) for d in range(DEEP.depth)]
        out.append(
            {
                **{"first": int(at == 0), "last": int(at == len(loops) - 1)},
                **{"last_block": int(b == blocks - 1), "last_column": int(ends)},
                "present": sum(one << d for d, one in enumerate(present)),
                "y": r * command["dilation_y"],
                "x": s * command["dilation_x"],
                "jump": r * command["tap_y"] + s * command["tap_x"] + b * command["in_block"],
            }
        )
        at = (at + step["advance"]) % len(loops)
    return {"o": out}


def _lane_inputs(rng: Random) -> Values:
    """Return, for each window, a restart, the wait for it, and twice its tiles with pauses."""
    steps = []
    for window in WINDOWS:
        # The tile before is still to be seen at a restart, from x0: so that is always the same.
        command = replace(window, x0=-2).fields(Operation.CONV, TINY)
        rest = {"command": command, "restart": 0, "next_tile": 0, "first_tile": 0}
        steps += [rest | {"restart": 1}, *[rest] * TINY.pixels]
        tiles = -(-command["pixels"] // TINY.pixels)
        for move in (*["next_tile"] * (tiles - 1), "first_tile", *["next_tile"] * tiles):
            steps += [*[rest] * int(rng.integers(3)), rest | {move: 1}]
    return {"i": steps}


def _lane_golden(inputs: Values) -> Values:
    """Place each window of the tile by its number."""
    out: list[dict[str, Any]] = []
    command: dict[str, int] = {}
    tile = wait = 0
    for step in inputs["i"]:
        windows = [divmod(tile * TINY.pixels + p, command.get("out_w", 1)) for p in range(2)]
        if wait:
            out.append({"ready": 0})
        elif command:
            sides = ((command[f"{k}0"], command[f"stride_{k}"]) for k in "yx")
            (y0, dy), (x0, dx) = sides
            jumps = (command["window_y"], command["window_x"])
            out.append(
                {
                    "ready": 1,
                    "y": [y0 + i * dy for i, _ in windows],
                    "x": [x0 + j * dx for _, j in windows],
                    "word": [command["start"] + i * jumps[0] + j * jumps[1] for i, j in windows],
                }
            )
        if step["restart"]:
            command, tile, wait = step["command"], 0, TINY.pixels
        elif wait:
            wait -= 1
        else:
            tile = 0 if step["first_tile"] else tile + step["next_tile"]
    return {"o": out}


def _bank_inputs(rng: Random) -> Values:
    """Return lanes that wait for few rows, so that they meet, and for any."""
    lanes, steps = TINY.banks, []
    for n in range(300):
        reach = (lanes * 2, TINY.act_words)[n % 2]
        address = rng.integers(0, reach, lanes).tolist()
        steps.append({"waiting": int(rng.integers(1 << lanes)), "address": address})
    return {"i": steps}


def _bank_golden(inputs: Values) -> Values:
    """Serve the lowest waiting lane of each bank, and all that want the same word row."""
    lanes, out = TINY.banks, []
    for step in inputs["i"]:
        waiting = [p for p in range(lanes) if step["waiting"] >> p & 1]
        rows: dict[int, int] = {}
        for p in waiting:
            row, bank = divmod(step["address"][p], lanes)
            rows.setdefault(bank, row)
        places = {p: divmod(step["address"][p], lanes) for p in waiting}
        granted = [p for p, (row, bank) in places.items() if rows[bank] == row]
        out.append(
            {
                "grant": sum(1 << p for p in granted),
                "bank_used": sum(1 << bank for bank in rows),
                "bank_row": [rows.get(bank, 0) for bank in range(lanes)],
            }
        )
    return {"o": out}


ROWS = (
    stepped_row("tap-loop", partial(TapLoop, DEEP), _tap_inputs, _tap_golden),
    stepped_row(
        "lane-places",
        partial(LanePlaces, TINY),
        _lane_inputs,
        _lane_golden,
        skip=1,
        when="ready",
    ),
    stepped_row("bank-select", partial(BankSelect, TINY), _bank_inputs, _bank_golden),
)
