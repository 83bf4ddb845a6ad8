"""Rows of shift-add products: every code against the corners of the activation, then chance."""

from __future__ import annotations

from functools import partial

import numpy as np

from intaglio.bench.columns import Columns
from intaglio.bench.row import Row, Values
from intaglio.bench.stimulus import edges
from intaglio.gateware.pipeline import Streamed
from intaglio.gateware.shift_add import ShiftProduct
from intaglio.golden.products import floored_shift_products, shift_products
from intaglio.spec.codes_shift import FORMATS, ShiftFormat
from intaglio.spec.formats import INT8, INT16, INT32, IntFormat, unsigned

COUNT = 1000


def _inputs(form: ShiftFormat, act: IntFormat, count: int, rng: np.random.Generator) -> Values:
    """Return `count` pairs: every code with every corner, then chance."""
    codes = np.arange(1 << form.bits)
    corners = np.array([(a, c) for a in edges(act) for c in codes])
    more = max(count - len(corners), 0)
    acts = np.concatenate([corners[:, 0], rng.integers(act.min, act.max + 1, more)])
    wgts = np.concatenate([corners[:, 1], rng.integers(0, 1 << form.bits, more)])
    return {"i": Columns(act=acts[:, None], wgt=wgts[:, None])}


def _golden(form: ShiftFormat, floor: bool, inputs: Values) -> Values:
    sets = inputs["i"].fields  # type: ignore[attr-defined]
    multiply = floored_shift_products if floor else shift_products
    return {"o": Columns(product=multiply(sets["act"], sets["wgt"], form))}


def shift_row(form: ShiftFormat, act: IntFormat, floor: bool = False, count: int = COUNT) -> Row:
    """Return the row of one pair of formats."""
    return Row(
        name=f"shift-add-{form}-{act}{'-floor' if floor else ''}",
        build=lambda: Streamed(ShiftProduct(form, act, floor)),
        inputs=partial(_inputs, form, act, count),
        golden=partial(_golden, form, floor),
        backpressure=(0.0, 0.5),
    )


BY_NAME = {form.name: form for form in FORMATS}
ROWS = (
    shift_row(BY_NAME["pow2_5"], INT8),
    shift_row(BY_NAME["pow2_5"], INT32, floor=True),
    shift_row(BY_NAME["apot_5"], INT16),
    shift_row(BY_NAME["mask"], INT8),
)
SWEEPS = tuple(
    shift_row(form, act, floor, 100_000)
    for form in FORMATS
    for act, floor in ((INT8, False), (unsigned(8), False), (INT16, True))
)
"""Every format, for :func:`intaglio.bench.vectors.sweep`."""
