"""System 32: LLM.int8()."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from intaglio.bench.columns import Columns
from intaglio.bench.row import Row, Values
from intaglio.gateware.split import SplitDot
from intaglio.gateware.split_side import SplitSide
from intaglio.golden.conv import dense_acc
from intaglio.golden.split import split_sums
from intaglio.ledger.area import cells
from intaglio.ledger.entry import Clause, Entry, Verdict, judge, passed
from intaglio.ledger.measure import fields, gates, row, sqnr
from intaglio.spec.formats import INT8, IntArray
from intaglio.spec.quant import Rounding, requantise
from intaglio.spec.scale import Scale, multiplier
from intaglio.spec.split import merge, split_operands

COLUMNS, OUTPUTS = 8, 2
BEATS = 4
TERMS = COLUMNS * BEATS
OUTLIERS = (0, 1, 3, 8)
ROWS = 1600
MOST, LEAST_GAIN = 8.0, 15.0
INNER, OUTER = (multiplier(0.0021), multiplier(0.00077)), (multiplier(1e-5), Scale(1 << 30, -13))


def _operands(outliers: int, rng: np.random.Generator) -> tuple[IntArray, IntArray, IntArray]:
    """Return codes and mask of a matrix with `outliers` large columns, as the quantiser gives."""
    x = rng.standard_normal((ROWS, TERMS)).clip(-4, 4)
    x[:, rng.permutation(TERMS)[:outliers]] *= 20
    x[0, np.abs(x).max(axis=0) > MOST] = 80.0  # each of these columns is found
    split = split_operands(x, rng.standard_normal((TERMS, OUTPUTS)), MOST)
    if int(split.mask.sum()) != outliers:
        raise ValueError(f"{int(split.mask.sum())} columns of {outliers} were found")
    return split.act, split.wgt, split.mask.astype(np.int64)


def _draw(outliers: int, rng: np.random.Generator) -> Values:
    """Return the beats of every row, weights of output 0 first."""
    act, wgt, mask = _operands(outliers, rng)
    beats = wgt.T.reshape(OUTPUTS, BEATS, COLUMNS).transpose(1, 0, 2).reshape(BEATS, -1)
    marks = np.tile(np.arange(BEATS), ROWS)
    bits = mask.reshape(BEATS, COLUMNS) @ (1 << np.arange(COLUMNS))
    columns = Columns(
        act=act.reshape(-1, COLUMNS),
        wgt=np.tile(beats, (ROWS, 1)),
        mask=np.tile(bits, ROWS),
        first=marks == 0,
        last=marks == BEATS - 1,
    )
    return {"i": columns}


def _matrices(inputs: Values) -> tuple[IntArray, IntArray, IntArray]:
    beats = fields(inputs)
    act: IntArray = beats["act"].reshape(ROWS, TERMS)
    wgt = beats["wgt"][:BEATS].reshape(BEATS, OUTPUTS, COLUMNS).transpose(1, 0, 2)
    mask = beats["mask"][:BEATS, None] >> np.arange(COLUMNS) & 1
    return act, wgt.reshape(OUTPUTS, TERMS), mask.reshape(TERMS)


def _two_terms(inputs: Values) -> Values:
    """Return the codes of both exact sums, each scaled and rounded, then added."""
    act, wgt, mask = _matrices(inputs)
    sums: Any = np.array([split_sums(own, wgt.T, mask) for own in act])
    codes = [merge(sums[:, 0, n], sums[:, 1, n], INNER[n], OUTER[n], 0, -128, 127) for n in (0, 1)]
    return {"o": np.stack(codes, axis=1).reshape(-1).tolist()}


def _plain(inputs: Values) -> Values:
    """Return the codes of a plain INT8 product, which knows of no outliers."""
    act, wgt, _ = _matrices(inputs)
    acc = dense_acc(act, 0, wgt)
    factors, shifts = zip(*((s.multiplier, s.shift) for s in INNER), strict=True)
    codes = requantise(acc, factors, shifts, Rounding.SINGLE_UP, 0, INT8.min, INT8.max)
    return {"o": codes.reshape(-1).tolist()}


def _row(outliers: int, golden: Any) -> Row:
    return row(
        f"split-{outliers}-outliers",
        partial(SplitDot, COLUMNS, OUTPUTS, 1),
        partial(_draw, outliers),
        golden,
        multiplier=[s.multiplier for s in INNER],
        shift=[s.shift for s in INNER],
        side_multiplier=[s.multiplier for s in OUTER],
        side_shift=[s.shift for s in OUTER],
        low=INT8.min,
        high=INT8.max,
    )


def two_term_sum() -> Verdict:
    """Compare gates with both exact sums, for several counts of outlier columns."""
    done = gates([_row(count, _two_terms) for count in OUTLIERS])
    total = sum(swept.vectors for swept in done)
    return passed(f"{total} payloads with {OUTLIERS} outlier columns of {TERMS} in gates, 0 differ")


def no_outliers() -> Verdict:
    """Compare gates without outliers with a plain INT8 product."""
    (done,) = gates([_row(0, _plain)])
    return passed(f"k=0: {done.vectors} payloads equal plain INT8 in gates")


def gain() -> Verdict:
    """Compare both quantisers on data with 0.1 % of columns 20 times as large."""
    rng = np.random.default_rng(1)
    x, w = rng.standard_normal((64, 4000)), rng.standard_normal((4000, 64))
    x[:, rng.permutation(4000)[:4]] *= 20
    exact = x @ w
    ratios = []
    for threshold in (6.0, np.inf):
        split = split_operands(x, w, threshold)
        inner, outer = (split.act * ~split.mask) @ split.wgt, (split.act * split.mask) @ split.wgt
        ratios.append(sqnr(exact, inner * split.inner + outer * split.outer))
    gained = ratios[0] - ratios[1]
    text = f"SQNR {ratios[0]:.1f} dB split, {ratios[1]:.1f} dB plain INT8: gain {gained:.1f} dB"
    return judge(gained >= LEAST_GAIN, text)


def overhead() -> Verdict:
    """Report what the side array costs on ECP5, beside the rest of the unit."""
    whole = cells(SplitDot(COLUMNS, OUTPUTS, 1), "ecp5")
    side = cells(SplitSide(COLUMNS, OUTPUTS, 1), "ecp5")
    rest = whole.luteq - side.luteq
    return judge(
        0 < side.luteq < whole.luteq,
        f"side array {side.luteq} LUTeq, {side.multiplier_blocks} DSP beside {rest} LUTeq, "
        f"{whole.multiplier_blocks - side.multiplier_blocks} DSP for {COLUMNS} columns x "
        f"{OUTPUTS} outputs: {100 * side.luteq / rest:.0f} % more LUTeq ({whole.tool})",
    )


ENTRY = Entry(
    number=32,
    name="LLM.int8()",
    kind="A",
    claim=(
        "Vector-wise INT8 + 16-bit outlier columns (>99.9 % in INT8), no loss to 175 B; half the "
        "memory"
    ),
    operator="split array: INT8 GEMM + narrow INT16/FP16 GEMM, merged before requant",
    clauses=(
        Clause("Result with k outlier columns == exact two-term sum", two_term_sum),
        Clause("k=0 is bit-identical to plain INT8", no_outliers),
        Clause("SQNR gain >= 15 dB on data with 0.1 % x20 outliers", gain),
        Clause("area overhead of the side array reported", overhead),
    ),
)
