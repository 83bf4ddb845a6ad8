"""Rows of power codes: all pairs of codes, then sums, both orders against the same values."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from intaglio.bench.row import Row, Values
from intaglio.gateware.power import PowerDot, PowerPostDot, PowerPreDot
from intaglio.golden.power import dot
from intaglio.spec.codes_power import FORMATS, PowerFormat

TERMS = 64


def _all_pairs(form: PowerFormat, rng: np.random.Generator) -> Values:
    """Return every pair of codes as a sum of its own, in random order."""
    codes = range(1 << form.bits)
    pairs = rng.permutation(np.array([(a, w) for a in codes for w in codes]))
    marks = {"first": 1, "last": 1}
    return {"i": [{"act": [int(a)], "wgt": [int(w)], **marks} for a, w in pairs]}


def draw_sums(form: PowerFormat, lanes: int, rng: np.random.Generator) -> Values:
    """Return the longest sum of greatest products, then sums of chance."""
    beats: list[dict[str, Any]] = []
    lowest = 1 << (form.bits - 1)
    for n in range(80):
        length = (1, TERMS // lanes)[n] if n < 2 else int(rng.integers(1, 9))
        codes = rng.integers(0, 1 << form.bits, (length, 2, lanes))
        if n == 1:
            codes[:] = lowest
        for at, (act, wgt) in enumerate(codes.tolist()):
            marks = {"first": int(at == 0), "last": int(at == length - 1)}
            beats.append({"act": act, "wgt": wgt, **marks})
    return {"i": beats}


def _golden(form: PowerFormat, inputs: Values) -> Values:
    """Return the sum of each group of payloads."""
    done, total = [], 0
    for beat in inputs["i"]:
        total += int(dot(beat["act"], beat["wgt"], form))
        if beat["last"]:
            done.append(total)
            total = 0
    return {"o": done}


def _row(kind: type[PowerDot], order: str, form: PowerFormat, lanes: int) -> Row:
    sums = partial(draw_sums, form, lanes) if lanes > 1 else partial(_all_pairs, form)
    return Row(
        name=f"power-{order}-{form}-lanes{lanes}",
        build=partial(kind, form, lanes, TERMS),
        inputs=sums,
        golden=partial(_golden, form),
        backpressure=(0.0, 0.4),
    )


BY_NAME = {form.name: form for form in FORMATS}
ROWS = (
    _row(PowerPreDot, "pre", BY_NAME["power4_p2"], 1),
    _row(PowerPostDot, "post", BY_NAME["power4_p2"], 1),
    _row(PowerPreDot, "pre", BY_NAME["power4_p20over11_f8"], 4),
    _row(PowerPostDot, "post", BY_NAME["power8_p3"], 4),
)
