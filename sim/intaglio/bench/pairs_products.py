"""Rows of integer products: corners of every operand against each other, then chance."""

from __future__ import annotations

from functools import partial
from itertools import product as combinations

import numpy as np

from intaglio.bench.columns import Columns
from intaglio.bench.row import Row, Values
from intaglio.bench.stimulus import edges
from intaglio.gateware.packed import PackedProduct
from intaglio.gateware.pipeline import Streamed
from intaglio.gateware.product import OperatorProduct, Product, RowsProduct
from intaglio.golden.products import products
from intaglio.spec.formats import IntArray, IntFormat
from intaglio.spec.operands import INTEGER_OPERANDS, operands
from intaglio.spec.packing import PACKINGS

COUNT = 1500
MOST_CORNERS = 700


def _corners(rng: np.random.Generator, unit: Product) -> tuple[IntArray, IntArray]:
    """Return operand sets made of edges: all of them, or as many as there is room for."""
    least, most = unit.weights
    acts = edges(unit.operands.act)
    wgts = [w for w in edges(unit.operands.wgt) if w >= least] + [least]
    if unit.terms > 1:
        acts, wgts = acts[[0, -1]], [least, most]
    kinds = [acts.tolist()] * unit.pixels + [wgts] * unit.channels
    sets = np.array(list(combinations(*kinds)), np.int64)
    sets = np.unique(sets, axis=0)
    if len(sets) > MOST_CORNERS:
        sets = sets[rng.choice(len(sets), MOST_CORNERS, replace=False)]
    # The same extremes in every term: the greatest sums.
    act = np.tile(sets[:, : unit.pixels], unit.terms)
    return act, np.tile(sets[:, unit.pixels :], unit.terms)


def draw_operands(unit: Product, count: int, rng: np.random.Generator) -> Values:
    """Return `count` operand sets: corners, then chance."""
    act, wgt = _corners(rng, unit)
    more = max(count - len(act), 0)
    least, most = unit.weights
    form: IntFormat = unit.operands.act
    rest_act = rng.integers(form.min, form.max + 1, (more, act.shape[1]))
    rest_wgt = rng.integers(least, most + 1, (more, wgt.shape[1]))
    return {
        "i": Columns(
            act=np.concatenate([act, rest_act])[:count], wgt=np.concatenate([wgt, rest_wgt])[:count]
        )
    }


def _golden(unit: Product, inputs: Values) -> Values:
    """Multiply and sum in int64."""
    sets = inputs["i"].fields  # type: ignore[attr-defined]
    return {"o": Columns(product=products(sets["act"], sets["wgt"], unit.surpluses, unit.terms))}


def product_row(name: str, unit: Product, count: int = COUNT) -> Row:
    """Return the row of a product with `count` operand sets."""
    return Row(
        name=name,
        build=partial(Streamed, unit),
        inputs=partial(draw_operands, unit, count),
        golden=partial(_golden, unit),
        backpressure=(0.0, 0.5),
    )


def _packed() -> list[tuple[str, Product]]:
    """Return every packing with one term, and the parts' own adders at their limit."""
    units = [(f"multiply-{name}", PackedProduct(form)) for name, form in PACKINGS.items()]
    for name in ("dsp48e1-int4-full", "dsp48e2-int8-narrow", "ecp5-w4a8-narrow"):
        terms = PACKINGS[name].accumulations
        units.append((f"multiply-{name}-terms{terms}", PackedProduct(PACKINGS[name], terms)))
    return [*units]


UNITS: dict[str, Product] = {
    **{f"multiply-{name}": OperatorProduct(operands(name)) for name in INTEGER_OPERANDS},
    **{f"multiply-rows-{name}": RowsProduct(operands(name)) for name in INTEGER_OPERANDS},
    **dict(_packed()),
}
QUICK = (
    "multiply-int8",
    "multiply-rows-w4a8",
    "multiply-ecp5-int8-full",
    "multiply-ecp5-int4-full",
    "multiply-dsp48e1-int4-full-terms7",
    "multiply-ecp5-w4a8-narrow-terms9",
)
ROWS = tuple(product_row(name, UNITS[name]) for name in QUICK)
SWEEPS = tuple(product_row(name, unit, 100_000) for name, unit in UNITS.items())
"""Every product, for :func:`intaglio.bench.vectors.sweep`."""
