"""Rows of the outlier split: no, some and all columns outliers, ties of both requantisers."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from intaglio.bench.row import Row, Values
from intaglio.gateware.split import SplitDot
from intaglio.golden.split import split_sums
from intaglio.spec.scale import Scale, multiplier
from intaglio.spec.split import merge

ZERO_POINT, LOW, HIGH = 5, -128, 127
# Powers of two, so that chance meets ties; then scales of networks; one that saturates terms.
INNER = (Scale(1 << 30, -6), multiplier(0.0021), Scale((1 << 31) - 1, 0))
OUTER = (Scale(1 << 30, -13), multiplier(0.0000317), multiplier(0.5))


def _beats(
    columns: int, outputs: int, count: int, density: float, rng: np.random.Generator
) -> list[dict[str, Any]]:
    """Return the payloads of one sum."""
    beats = []
    for at in range(count):
        mask = rng.random(columns) < density
        wide = rng.integers(-(2**15), 2**15, columns)
        narrow = rng.integers(-128, 128, columns)
        ends = rng.integers(0, 12, columns)
        wide = np.where(ends == 0, -(2**15), np.where(ends == 1, 2**15 - 1, wide))
        narrow = np.where(ends == 0, -128, np.where(ends == 1, 127, narrow))
        beats.append(
            {
                "act": np.where(mask, wide, narrow).tolist(),
                "wgt": rng.integers(-128, 128, outputs * columns).tolist(),
                "mask": int(sum(int(bit) << k for k, bit in enumerate(mask))),
                "first": int(at == 0),
                "last": int(at == count - 1),
            }
        )
    return beats


def _inputs(columns: int, outputs: int, rng: np.random.Generator) -> Values:
    """Return sums of few and of many payloads, with few and with many outliers."""
    beats = _beats(columns, outputs, 1, 0.0, rng)
    for n in range(150):
        density = (0.0, 0.05, 0.3, 1.0)[n % 4]
        beats += _beats(columns, outputs, int(rng.integers(1, 8)), density, rng)
    return {"i": beats}


def _golden(columns: int, outputs: int, inputs: Values) -> Values:
    """Return the codes of every sum."""
    codes: list[int] = []
    inner, outer = np.zeros((2, outputs), np.int64)
    for beat in inputs["i"]:
        mask = [beat["mask"] >> k & 1 for k in range(columns)]
        wgt = np.array(beat["wgt"]).reshape(outputs, columns).T
        first, second = split_sums(beat["act"], wgt, mask)
        inner, outer = inner + first, outer + second
        if beat["last"]:
            codes += [
                int(merge(inner[n], outer[n], INNER[n], OUTER[n], ZERO_POINT, LOW, HIGH))
                for n in range(outputs)
            ]
            inner, outer = np.zeros((2, outputs), np.int64)
    return {"o": codes}


def _row(columns: int, outputs: int, side: int) -> Row:
    return Row(
        name=f"split-columns{columns}-outputs{outputs}-side{side}",
        build=partial(SplitDot, columns, outputs, side),
        settings={
            "multiplier": [scale.multiplier for scale in INNER[:outputs]],
            "shift": [scale.shift for scale in INNER[:outputs]],
            "side_multiplier": [scale.multiplier for scale in OUTER[:outputs]],
            "side_shift": [scale.shift for scale in OUTER[:outputs]],
            "zero_point": ZERO_POINT,
            "low": LOW,
            "high": HIGH,
        },
        inputs=partial(_inputs, columns, outputs),
        golden=partial(_golden, columns, outputs),
    )


ROWS = (_row(8, 3, 1), _row(4, 1, 2))
