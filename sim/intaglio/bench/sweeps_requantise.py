"""Long runs of the requantiser: solved ties and their neighbours of many scales, every mode."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from intaglio.bench.columns import Columns
from intaglio.bench.residues import powers, residual_cases
from intaglio.bench.row import Row, Values
from intaglio.bench.running import fields_of_inputs
from intaglio.bench.stimulus import beside, edges, sensitive, ties, uniform
from intaglio.gateware.requantise import Requantise
from intaglio.spec.formats import INT32, IntArray
from intaglio.spec.presets import PRESETS
from intaglio.spec.quant import Rounding, requantise
from intaglio.spec.scale import Scale, fp32_scale, multiplier, q15

CONFIG = replace(PRESETS["tiny"], roundings=tuple(Rounding))
WIDE = replace(CONFIG, act_bits=16)
LANES = CONFIG.requant_lanes
SCALES = 150
"""Scales of one seed."""
CHANCE = 1500
"""Accumulators by chance of each."""
NARROW_OUTPUT, WIDE_OUTPUT = (3, -128, 127), (0, -32768, 32767)
"""Zero point and range of the output."""


def _scales(rounding: Rounding, count: int, rng: np.random.Generator) -> list[Scale]:
    """Return scales of every magnitude, powers of two, and the ends of multiplier and shift."""
    reals = [*(2.0 ** rng.uniform(-24, 5, count)), *(2.0**n for n in range(-9, 4))]
    if rounding is Rounding.FP32_RNE:
        return [fp32_scale(float(real)) for real in reals]
    made = [multiplier(float(real)) for real in (*reals, 0.0)]
    if rounding is Rounding.I64_Q15:
        return [q15(scale) for scale in made]
    return [*made, Scale(2**31 - 1, -31), Scale(2**30, 30), Scale(2**31 - 1, 0)]


def _inputs(
    rounding: Rounding, reach: int, scales: int, chance: int, rng: np.random.Generator
) -> Values:
    """Return accumulators that decide: corners, ties and their neighbours, then chance."""
    accs, multipliers, shifts = [], [], []
    for scale in _scales(rounding, scales, rng):
        here = np.concatenate(
            [
                edges(INT32),
                beside(ties(scale, rounding)),
                sensitive(rng, scale, rounding, chance, reach),
                uniform(rng, INT32, chance // 15),
            ]
        )
        accs.append(here)
        multipliers.append(np.full(len(here), scale.multiplier))
        shifts.append(np.full(len(here), scale.shift))
    return _payloads(rng, *(np.concatenate(part) for part in (accs, multipliers, shifts)))


def _residues(rounding: Rounding, count: int, rng: np.random.Generator) -> Values:
    """Return products a bit away from a tie, and products of one bit."""
    near, single = residual_cases(rounding, count, rng), powers(rounding, count // 2, rng)
    return _payloads(rng, *(np.concatenate(part) for part in zip(near, single, strict=True)))


def _payloads(
    rng: np.random.Generator, sums: IntArray, factors: IntArray, places: IntArray
) -> Values:
    """Return them in any order, a lane each."""
    order = rng.permutation(len(sums) - len(sums) % LANES)
    sums, factors, places = (part[order].reshape(-1, LANES) for part in (sums, factors, places))
    # The bias comes out of the accumulator, so that the sum is what was solved for.
    acc = np.clip(sums - rng.integers(-(2**20), 2**20, sums.shape), INT32.min, INT32.max)
    param = {"bias": sums - acc, "multiplier": factors, "shift": places}
    return {"i": Columns(acc=acc, param=param)}


def _golden(rounding: Rounding, output: tuple[int, int, int], inputs: Values) -> Values:
    fields: Any = fields_of_inputs(inputs)
    param = fields["param"]
    codes: Any = requantise(
        fields["acc"] + param["bias"], param["multiplier"], param["shift"], rounding, *output
    )
    return {"o": codes}


def requantise_row(
    rounding: Rounding,
    wide: bool = False,
    output: tuple[int, int, int] | None = None,
    scales: int = SCALES,
    chance: int = CHANCE,
) -> Row:
    """Return the row of a rounding mode, with 8 or 16 bits of output.

    Parameters
    ----------
    rounding : Rounding
    wide : bool
        16 bits.
    output : (int, int, int), optional
        Zero point and range.
    scales, chance : int
        Scales of a seed, and accumulators of each whose results are mostly within the range.
    """
    usual = WIDE_OUTPUT if wide else NARROW_OUTPUT
    output = zero_point, low, high = output or usual
    mode = rounding.name.lower().replace("_", "-")
    return Row(
        name=f"requantise-{mode}-{'int16' if wide else 'int8'}",
        build=partial(Requantise, WIDE if wide else CONFIG),
        settings={
            "rounding": int(rounding),
            "zero_point": zero_point & 0xFFFF,
            "low": low & 0xFFFF,
            "high": high & 0xFFFF,
        },
        inputs=partial(_inputs, rounding, max(-low - 1, high) + 32, scales, chance),
        golden=partial(_golden, rounding, output),
        backpressure=(0.5,),
    )


def residue_row(rounding: Rounding, output: tuple[int, int, int], count: int = 1000) -> Row:
    """Return the row of products that lie a bit away from a tie, of `count` of them."""
    return replace(
        requantise_row(rounding, False, output), inputs=partial(_residues, rounding, count)
    )


SWEEPS = tuple(requantise_row(rounding, wide) for wide in (False, True) for rounding in Rounding)
"""A million payloads of each are worth comparing."""
