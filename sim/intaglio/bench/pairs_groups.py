"""Rows of sums over groups and of statistics: longest sums of extremes first, then chance."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from intaglio.bench.columns import Columns
from intaglio.bench.row import Row, Values
from intaglio.gateware.accumulate import ScaleAccumulate, ShiftAccumulate
from intaglio.gateware.statistics import AbsoluteStatistics
from intaglio.golden.accumulate import absolute_statistics, scale_group_sum, shift_group_sum
from intaglio.spec.formats import INT8, IntArray, IntFormat, dot_format, signed
from intaglio.spec.groups import ScaleGroups, ShiftGroups

INT4 = signed(4)
PRODUCT = dot_format(INT8, INT4, 1)
TERMS = 96  # payloads of the longest sum
SUMS = 40


def _lengths(rng: np.random.Generator, sums: int) -> list[int]:
    """Return payloads of each sum: one first, where latency is measured, then the longest twice."""
    return [1, TERMS, TERMS, *(int(n) for n in rng.integers(1, 24, sums))]


def _values(form: IntFormat, rng: np.random.Generator, shape: tuple[int, ...], n: int) -> IntArray:
    """Return values: both extremes alone in the longest sums, then any."""
    if n in (1, 2):
        return np.full(shape, form.min if n == 1 else form.max)
    return rng.integers(form.min, form.max + 1, shape)


def _lasts(lengths: list[int]) -> IntArray:
    last = np.zeros(sum(lengths), np.int64)
    last[np.cumsum(lengths) - 1] = 1
    return last


def _sums(inputs: Values, *names: str) -> list[list[IntArray]]:
    """Return the columns called `names`, cut into sums."""
    fields = inputs["i"].fields  # type: ignore[attr-defined]
    ends = np.flatnonzero(fields["last"]) + 1
    columns = [np.split(fields[name], ends)[:-1] for name in names]
    return [list(parts) for parts in zip(*columns, strict=True)]


def _shift_inputs(groups: ShiftGroups, sums: int, rng: np.random.Generator) -> Values:
    lengths = _lengths(rng, sums)
    values = [_values(PRODUCT, rng, (size,), n) for n, size in enumerate(lengths)]
    index = rng.integers(0, groups.count, sum(lengths))
    index[1 : 1 + TERMS] = 0  # the widest sum: all in the group that is shifted most
    index[1 + TERMS : 1 + 2 * TERMS] = groups.count - 1
    return {"i": Columns(value=np.concatenate(values), index=index, last=_lasts(lengths))}


def _shift_golden(groups: ShiftGroups, inputs: Values) -> Values:
    return {"o": [shift_group_sum(v, e, groups) for v, e in _sums(inputs, "value", "index")]}


def shift_row(groups: ShiftGroups, acc_bits: int, split: bool, sums: int = SUMS) -> Row:
    """Return the row of one form; both forms get the same stimulus."""
    form = "split" if split else "shifted"
    return Row(
        name=f"group-shift-{form}-groups{groups.count}-int{acc_bits}",
        build=partial(ShiftAccumulate, groups, PRODUCT, acc_bits, TERMS, split),
        inputs=partial(_shift_inputs, groups, sums),
        golden=partial(_shift_golden, groups),
        backpressure=(0.0, 0.5),
    )


def _scale_inputs(groups: ScaleGroups, sums: int, rng: np.random.Generator) -> Values:
    counts = [1, TERMS // groups.size, TERMS // groups.size, *rng.integers(1, 4, sums).tolist()]
    lengths = [groups.size * count for count in counts]
    values = [_values(PRODUCT, rng, (size,), n) for n, size in enumerate(lengths)]
    scale = rng.integers(0, 1 << groups.scale_bits, sum(lengths))
    scale[: sum(lengths[:3])] = (1 << groups.scale_bits) - 1
    end = np.arange(sum(lengths)) % groups.size == groups.size - 1
    columns = Columns(
        value=np.concatenate(values), scale=scale, end=end.astype(np.int64), last=_lasts(lengths)
    )
    return {"i": columns}


def _scale_golden(groups: ScaleGroups, inputs: Values) -> Values:
    """Scale every group by the scale that came with its end."""
    size = groups.size
    return {
        "o": [
            scale_group_sum(values, scales[size - 1 :: size], groups)
            for values, scales in _sums(inputs, "value", "scale")
        ]
    }


def scale_row(groups: ScaleGroups, acc_bits: int, sums: int = SUMS) -> Row:
    """Return the row of one group size; latency is not measured, for a sum is whole groups."""
    return Row(
        name=f"group-scale-size{groups.size}-uint{groups.scale_bits}-drop{groups.drop}",
        build=partial(ScaleAccumulate, groups, PRODUCT, acc_bits, TERMS // groups.size or 1),
        inputs=partial(_scale_inputs, groups, sums),
        golden=partial(_scale_golden, groups),
        backpressure=(0.0, 0.5),
        latency=None,
    )


def _statistics_inputs(form: IntFormat, lanes: int, sums: int, rng: np.random.Generator) -> Values:
    lengths = _lengths(rng, sums)
    values = [_values(form, rng, (size, lanes), n) for n, size in enumerate(lengths)]
    return {"i": Columns(x=np.concatenate(values), last=_lasts(lengths))}


def _statistics_golden(mean: int, point: int, inputs: Values) -> Values:
    pairs: Any = np.array(
        [absolute_statistics(x, mean, point) for (x,) in _sums(inputs, "x")], np.int64
    )
    return {"o": Columns(sum=pairs[:, 0], deviation=pairs[:, 1])}


def statistics_row(form: IntFormat, lanes: int, point: int, mean: int, sums: int = SUMS) -> Row:
    """Return the row of one mean."""
    return Row(
        name=f"l1-statistics-{form}-lanes{lanes}-mean{mean}",
        build=partial(AbsoluteStatistics, form, lanes, point, TERMS),
        settings={"mean": mean},
        inputs=partial(_statistics_inputs, form, lanes, sums),
        golden=partial(_statistics_golden, mean, point),
        backpressure=(0.0, 0.5),
    )


ROWS = (
    shift_row(ShiftGroups(8), 32, False),
    shift_row(ShiftGroups(8), 32, True),
    scale_row(ScaleGroups(32, 8), 32),
    scale_row(ScaleGroups(16, 16, 5), 40),
    statistics_row(INT8, 4, 4, 37),
)
SWEEPS = (
    *(
        shift_row(ShiftGroups(count), acc, split, 8000)
        for count, acc in ((1, 32), (4, 32), (8, 40), (16, 48))
        for split in (False, True)
    ),
    *(
        scale_row(ScaleGroups(size, bits, drop), 48, 1500)
        for size, bits, drop in ((16, 8, 0), (32, 16, 0), (64, 12, 7), (96, 16, 15))
    ),
    *(
        statistics_row(form, lanes, 8, mean, 8000)
        for form, lanes, mean in (
            (INT8, 1, -(1 << 15)),
            (INT8, 8, (1 << 15) - 1),
            (IntFormat(8, signed=False), 4, 30000),
            (signed(16), 2, -5),
        )
    ),
)
"""Every form, for :func:`intaglio.bench.vectors.sweep`."""
