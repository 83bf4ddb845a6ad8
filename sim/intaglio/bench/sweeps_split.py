"""Long runs of the outlier split: many scales and ranges, sums that meet both clamps and ties."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from intaglio.bench.columns import Columns
from intaglio.bench.row import Row, Values
from intaglio.bench.running import fields_of_inputs
from intaglio.gateware.split import SplitDot
from intaglio.spec.scale import Scale, multiplier
from intaglio.spec.split import merge

SUMS = 3000
"""Sums of a seed."""
SCALES = (  # inner, outer: powers of two meet ties, the others every bit of a multiplier
    (Scale(1 << 30, -4), Scale(1 << 30, -12)),
    (multiplier(0.0021), multiplier(0.0000317)),
    (Scale((1 << 31) - 1, -7), Scale((1 << 30) + 1, -14)),
    (Scale(0x55555555, -6), Scale(0x6AAAAAAA, -13)),
    (Scale(0x6AAAAAAA, -8), Scale(0x55555555, -11)),
    (Scale((1 << 31) - 1, 0), multiplier(0.5)),
)
OUTPUTS = ((5, -128, 127), (-128, -128, 127), (127, -77, 44), (0, 0, 127), (-37, -128, -1))
"""Zero point and range."""


def _inputs(columns: int, outputs: int, rng: np.random.Generator) -> Values:
    """Return sums of few and many payloads, with no, few, many and only outliers."""
    lengths = np.concatenate([[1], rng.integers(1, 8, SUMS)])
    count = int(lengths.sum())
    density = np.repeat(rng.choice([0.0, 0.05, 0.3, 1.0], len(lengths)), lengths)
    # Small sums decide on ties, large ones on clamps.
    reach = np.repeat(rng.choice([4, 40, 1 << 15], len(lengths)), lengths)[:, None]
    mask = rng.random((count, columns)) < density[:, None]
    wide = np.clip(rng.integers(-reach, reach, (count, columns)), -(1 << 15), (1 << 15) - 1)
    ends = rng.random((count, columns)) < 0.1
    wide = np.where(ends, np.where(wide < 0, -(1 << 15), (1 << 15) - 1), wide)
    act = np.where(mask, wide, np.clip(wide, -128, 127))
    last = np.zeros(count, np.int64)
    last[np.cumsum(lengths) - 1] = 1
    fields = {
        "act": act,
        "wgt": rng.integers(-128, 128, (count, outputs * columns)),
        "mask": mask @ (1 << np.arange(columns)),
        "first": np.concatenate([[1], last[:-1]]),
        "last": last,
    }
    return {"i": Columns(**fields)}


def _golden(
    columns: int,
    outputs: int,
    scales: tuple[Scale, Scale],
    output: tuple[int, int, int],
    inputs: Values,
) -> Values:
    fields: Any = fields_of_inputs(inputs)
    mask = fields["mask"][:, None] >> np.arange(columns) & 1
    wgt = fields["wgt"].reshape(-1, outputs, columns)
    starts = np.flatnonzero(fields["first"])
    codes = []
    for n in range(outputs):
        products = fields["act"] * wgt[:, n]
        inner = np.add.reduceat((products * (1 - mask)).sum(axis=1), starts)
        outer = np.add.reduceat((products * mask).sum(axis=1), starts)
        codes.append(merge(inner, outer, *scales, *output))
    return {"o": np.stack(codes, axis=1).reshape(-1).tolist()}


def split_row(columns: int, outputs: int, side: int, n: int) -> Row:
    """Return the row of one of the scales and output ranges."""
    inner, outer = SCALES[n % len(SCALES)]
    output = zero_point, low, high = OUTPUTS[n % len(OUTPUTS)]
    return Row(
        name=f"split-columns{columns}-outputs{outputs}-side{side}-scale{n}",
        build=partial(SplitDot, columns, outputs, side),
        settings={
            "multiplier": [inner.multiplier] * outputs,
            "shift": [inner.shift] * outputs,
            "side_multiplier": [outer.multiplier] * outputs,
            "side_shift": [outer.shift] * outputs,
            "zero_point": zero_point,
            "low": low,
            "high": high,
        },
        inputs=partial(_inputs, columns, outputs),
        golden=partial(_golden, columns, outputs, (inner, outer), output),
        backpressure=(0.5,),
    )


SWEEPS = tuple(split_row(8, 3, 1, n) for n in range(len(SCALES)))
"""A million payloads of each are worth comparing."""
