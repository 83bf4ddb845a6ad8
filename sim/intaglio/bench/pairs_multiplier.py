"""Rows of the multiplier block with its registers."""

from __future__ import annotations

from functools import partial

import numpy as np

from intaglio.bench.columns import Columns
from intaglio.bench.row import Row, Values
from intaglio.bench.stimulus import edges
from intaglio.gateware.multiplier import PARTS, Multiplier
from intaglio.gateware.pipeline import Streamed
from intaglio.gateware.wide_multiplier import WideMultiplier
from intaglio.spec.formats import INT8, IntFormat, signed, unsigned

WIDE = signed(18)
COUNT = 600


def _inputs(a: IntFormat, b: IntFormat, count: int, rng: np.random.Generator) -> Values:
    """Return every pair of edges, then chance."""
    pairs = np.array([(x, y) for x in edges(a) for y in edges(b)], np.int64)
    rest = np.stack([rng.integers(form.min, form.max + 1, count) for form in (a, b)], axis=1)
    both = np.concatenate([pairs, rest])
    return {"i": Columns(a=both[:, 0], b=both[:, 1])}


def _golden(inputs: Values) -> Values:
    sets = inputs["i"].fields  # type: ignore[attr-defined]
    return {"o": Columns(product=sets["a"] * sets["b"])}


def multiplier_row(a: IntFormat, b: IntFormat, part: str, count: int = COUNT) -> Row:
    """Return the row of a multiplier of `part`."""
    return Row(
        name=f"multiplier-{part}-{a}-{b}",
        build=lambda: Streamed(Multiplier(a, b, part)),
        inputs=partial(_inputs, a, b, count),
        golden=_golden,
        backpressure=(0.0, 0.5),
    )


def _wide(part: str, count: int) -> Row:
    """Return the row of a multiplier of several blocks."""
    factors = unsigned(40), unsigned(20)
    return Row(
        name=f"wide-multiplier-{part}",
        build=lambda: Streamed(WideMultiplier(40, 20, part)),
        inputs=partial(_inputs, *factors, count),
        golden=_golden,
        backpressure=(0.0, 0.5),
    )


ROWS = (
    _wide("ecp5", COUNT),
    multiplier_row(INT8, INT8, "generic"),
    multiplier_row(WIDE, WIDE, "ecp5"),
    multiplier_row(signed(16), unsigned(8), "ecp5"),
)
SWEEPS = tuple(multiplier_row(INT8, INT8, part, 100_000) for part in PARTS)
"""Each part, for :func:`intaglio.bench.vectors.sweep`."""
