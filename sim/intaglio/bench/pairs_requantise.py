"""Rows of the requantiser: every mode, with solved ties, and the drain around it."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from intaglio.bench.fixtures import DrainFixture
from intaglio.bench.row import Row, Values
from intaglio.bench.stimulus import beside, edges, sensitive, ties, uniform
from intaglio.gateware.requantise import Requantise
from intaglio.spec.commands import PARAM
from intaglio.spec.formats import INT32, IntArray
from intaglio.spec.presets import PRESETS
from intaglio.spec.quant import Rounding, requantise
from intaglio.spec.scale import Scale, fp32_scale, multiplier, q15

CONFIG = replace(PRESETS["tiny"], roundings=tuple(Rounding))
ZERO_POINT, LOW, HIGH = 3, -128, 127
# Real scales: ordinary, near one half and one, a power of two, above one, tiny, zero.
REALS = (0.0123, 0.1, 0.25, 0.49999, 0.7, 1.0, 1.9, 37.5, 3e-7, 0.0)


def _scales(rounding: Rounding) -> list[Scale]:
    """Return the scales that the rows of a mode use."""
    if rounding is Rounding.FP32_RNE:
        return [fp32_scale(real) for real in REALS if real]
    made = [multiplier(real) for real in REALS]
    extreme = [Scale(2**31 - 1, -31), Scale(2**30, 30), Scale(2**31 - 1, 0)]
    return [q15(s) for s in made] if rounding is Rounding.I64_Q15 else made + extreme


def _accs(rng: np.random.Generator, scale: Scale, rounding: Rounding) -> IntArray:
    """Return accumulators that decide: corners, ties and their neighbours, then chance."""
    return np.concatenate(
        [
            edges(INT32),
            beside(ties(scale, rounding)),
            sensitive(rng, scale, rounding, 40),
            uniform(rng, INT32, 10),
        ]
    )


def _inputs(rounding: Rounding, rng: np.random.Generator) -> Values:
    """Return payloads of Q accumulators, each lane with a scale of its own."""
    lanes = CONFIG.requant_lanes
    cases: list[tuple[int, dict[str, int]]] = []
    for scale in _scales(rounding):
        for acc in _accs(rng, scale, rounding):
            bias = int(rng.integers(-(2**20), 2**20))
            # The bias comes out of the accumulator, so that the sum is what was solved for.
            acc_in = int(np.clip(acc - bias, INT32.min, INT32.max))
            cases.append((acc_in, _param(int(acc) - acc_in, scale)))
    cases += cases[: -len(cases) % lanes]
    groups = [cases[at : at + lanes] for at in range(0, len(cases), lanes)]
    return {"i": [{"acc": [a for a, _ in g], "param": [p for _, p in g]} for g in groups]}


def _param(bias: int, scale: Scale) -> dict[str, int]:
    """Return the PARAM record of one channel."""
    return {"bias": bias, "multiplier": scale.multiplier, "shift": scale.shift}


def _golden(rounding: Rounding, inputs: Values) -> Values:
    """Apply the definition to every lane."""
    return {"o": [_codes(rounding, payload["acc"], payload["param"]) for payload in inputs["i"]]}


def _codes(rounding: Rounding, accs: list[int], params: list[dict[str, int]]) -> list[int]:
    """Return the requantised codes of one payload."""
    sums = np.array([acc + param["bias"] for acc, param in zip(accs, params, strict=True)])
    multipliers = [param["multiplier"] for param in params]
    shifts = [param["shift"] for param in params]
    codes = requantise(sums, multipliers, shifts, rounding, ZERO_POINT, LOW, HIGH)
    return [int(code) for code in codes]


def _drain_command(spread: int) -> dict[str, int]:
    """Return a COMPUTE command with gaps in and between its output rows, and two blocks."""
    return {
        "rounding": int(Rounding.DOUBLE),
        "zero_point": ZERO_POINT & 0xFFFF,
        "low": LOW & 0xFFFF,
        "high": HIGH,
        "out_w": 3,
        "pixels": 12,
        "out_blocks": 2,
        "out_start": 5,
        "out_row": 17,
        "out_skip": 2,
        "spread": spread,
        "out_block": 100,
        "param_start": 2,
        "param_block": CONFIG.drain_steps,
    }


def _drain_inputs(spread: int, rng: np.random.Generator) -> Values:
    """Return parameter words and the accumulators of every window."""
    command = _drain_command(spread)
    steps, lanes = CONFIG.drain_steps, CONFIG.requant_lanes
    words = command["param_start"] + command["out_blocks"] * steps
    params: list[dict[str, Any]] = []
    for address in range(words):
        records = [_param(int(rng.integers(-999, 999)), multiplier(0.01)) for _ in range(lanes)]
        data = sum(PARAM.pack(record) << (PARAM.bits * q) for q, record in enumerate(records))
        params.append({"address": address, "data": data})
    payloads = command["out_blocks"] * command["pixels"] * steps
    accs = rng.integers(-20000, 20000, (payloads, lanes))
    return {"params": params, "i": [[int(acc) for acc in row] for row in accs]}


def _drain_golden(spread: int, inputs: Values) -> Values:
    """Return the words written, from the formulas of addresses and of channels."""
    command, steps, lanes = _drain_command(spread), CONFIG.drain_steps, CONFIG.requant_lanes
    part = CONFIG.channels // (spread or 1)
    writes = []
    for block in range(command["out_blocks"]):
        for window in range(command["pixels"]):
            word = 0
            for step in range(steps):
                at = (block * command["pixels"] + window) * steps + step
                data = inputs["params"][command["param_start"] + block * steps + step]["data"]
                records = [
                    PARAM.unpack((data >> (PARAM.bits * q)) & ((1 << PARAM.bits) - 1))
                    for q in range(lanes)
                ]
                codes = _codes(Rounding.DOUBLE, inputs["i"][at], records)
                for q, code in enumerate(codes):
                    copy, channel = divmod(step * lanes + q, part)
                    word |= (code & 0xFF) << (8 * (channel * (spread or 1) + copy))
            row, column = divmod(window, command["out_w"])
            address = command["out_start"] + block * command["out_block"]
            address += row * command["out_row"] + column * (1 + command["out_skip"])
            writes.append({"address": address, "data": word})
    return {"o": writes}


ROWS = (
    *(
        Row(
            name=f"requantise-{rounding.name.lower().replace('_', '-')}",
            build=partial(Requantise, CONFIG),
            settings={
                "rounding": int(rounding),
                "zero_point": ZERO_POINT,
                "low": LOW & 0xFFFF,
                "high": HIGH,
            },
            inputs=partial(_inputs, rounding),
            golden=partial(_golden, rounding),
        )
        for rounding in Rounding
    ),
    *(
        Row(
            name="drain-spread" if spread else "drain",
            build=partial(DrainFixture, CONFIG),
            settings={"command": _drain_command(spread)},
            inputs=partial(_drain_inputs, spread),
            golden=partial(_drain_golden, spread),
            first=("params",),
            latency=None,
        )
        for spread in (0, 4)
    ),
)
