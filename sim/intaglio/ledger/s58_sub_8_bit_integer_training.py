"""System 58: Sub-8-bit integer training."""

from __future__ import annotations

from functools import partial

import numpy as np
import numpy.typing as npt

from intaglio.bench.columns import Columns
from intaglio.bench.row import Row, Values
from intaglio.gateware.accumulate import ShiftAccumulate
from intaglio.gateware.fp16_dot import Fp16Dot
from intaglio.gateware.pipeline import Streamed
from intaglio.gateware.product import OperatorProduct
from intaglio.gateware.statistics import AbsoluteStatistics
from intaglio.ledger.area import DIVIDERS, MULTIPLIERS, cells
from intaglio.ledger.entry import Clause, Entry, Verdict, judge, passed
from intaglio.ledger.measure import gates, once, row, sqnr
from intaglio.spec.formats import INT8, IntArray, dot_format
from intaglio.spec.groups import ShiftGroups
from intaglio.spec.ieee import FP16
from intaglio.spec.operands import operands
from intaglio.spec.shift_quantise import quantise

BITS, GROUPS = 4, ShiftGroups(8)
INT4 = operands("int4")
PRODUCT = dot_format(INT4.act, INT4.wgt, 1)
CHANNELS, ROWS, OUTPUTS = 256, 20, 20
ACC_BITS = GROUPS.sum_format(PRODUCT, CHANNELS).bits
SPREADS = (0.5, 1.0, 2.0)
BELOW_BOUND, ABOVE_TENSOR, PUBLISHED = 4.0, 5.0, 33.9


def _matrices() -> tuple[IntArray, IntArray, IntArray]:
    """Return 4-bit codes of both operands and the group of each channel."""
    rng = np.random.default_rng(58)
    x = rng.standard_normal((ROWS, CHANNELS)) * np.exp(1.5 * rng.standard_normal(CHANNELS))
    left = quantise(x, BITS, GROUPS)
    right = quantise(rng.standard_normal((CHANNELS, OUTPUTS)), BITS, ShiftGroups(1))
    return left.codes, right.codes, left.indices


def _product_row() -> Row:
    """Return the row of all products of the GEMM, channels fastest."""
    codes, weights, _ = _matrices()
    pairs = np.broadcast_arrays(codes[:, None, :], weights.T[None])
    act, wgt = (part.reshape(-1, 1) for part in pairs)
    inputs = {"i": Columns(act=act, wgt=wgt)}
    build = partial(_multiplier)
    return row("product-int4", build, once(inputs), lambda _: {"o": Columns(product=act * wgt)})


def _multiplier() -> Streamed:
    return Streamed(OperatorProduct(INT4))


def _sum_row(split: bool, order: IntArray) -> Row:
    """Return the row of the sums, channels in `order`; golden is the sum over group products."""
    codes, weights, indices = _matrices()
    values = codes[:, None, order] * weights.T[None][:, :, order]
    shape = values.shape[:2]
    last = np.arange(CHANNELS) == CHANNELS - 1
    columns = Columns(
        value=values.reshape(-1),
        index=np.broadcast_to(indices[order], values.shape).reshape(-1),
        last=np.broadcast_to(last, values.shape).reshape(-1),
    )
    exact = np.zeros(shape, np.int64)
    for g in range(GROUPS.count):
        inside = indices == g
        exact += (codes[:, inside] @ weights[inside]) << (GROUPS.count - 1 - g)

    def golden(_: Values) -> Values:
        return {"o": exact.reshape(-1).tolist()}

    build = partial(ShiftAccumulate, GROUPS, PRODUCT, ACC_BITS, CHANNELS, split)
    return row(f"group-{'split' if split else 'shifted'}", build, once({"i": columns}), golden)


def gemm() -> Verdict:
    """Run a GEMM in gates, in both forms, channels as they come and shuffled."""
    shuffled = np.random.default_rng(58).permutation(CHANNELS)
    rows = [_product_row()]
    rows += [
        _sum_row(split, order)
        for split in (False, True)
        for order in (np.arange(CHANNELS), shuffled)
    ]
    done = gates(rows)
    used = len(set(_matrices()[2].tolist()))
    return passed(
        f"{ROWS}x{CHANNELS}x{OUTPUTS} INT4 GEMM, {used} groups used, both forms, channels in order "
        f"and shuffled: {sum(s.vectors for s in done)} payloads in gates, 0 differ"
    )


def _per_channel(x: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    step = np.abs(x).max(axis=0) / ((1 << (BITS - 1)) - 1)
    return np.asarray(np.rint(x / step) * step, np.float64)


def _ratios() -> list[tuple[float, float, float]]:
    """Return SQNR per tensor, with groups and per channel, for each spread of the channels."""
    rng = np.random.default_rng(58)
    found = []
    for spread in SPREADS:
        x = rng.standard_normal((256, 256)) * np.exp(spread * rng.standard_normal(256))
        w = rng.standard_normal((256, 128))
        exact = x @ w
        tensor, grouped = (quantise(x, BITS, ShiftGroups(n)).values() for n in (1, GROUPS.count))
        tries = (tensor, grouped, _per_channel(x))
        found.append(
            (sqnr(exact, tries[0] @ w), sqnr(exact, tries[1] @ w), sqnr(exact, tries[2] @ w))
        )
    return found


def _table(ratios: list[tuple[float, float, float]]) -> str:
    return ", ".join(f"{t:.1f}/{g:.1f}/{c:.1f}" for t, g, c in ratios)


def near_bound() -> Verdict:
    """Compare eight groups with a scale for each channel."""
    ratios = _ratios()
    gap = max(c - g for _, g, c in ratios)
    text = f"SQNR per tensor/8 groups/per channel {_table(ratios)} dB at spread {SPREADS}"
    return judge(gap <= BELOW_BOUND, f"{text}: at most {gap:.1f} dB below the bound")


def above_tensor() -> Verdict:
    """Compare eight groups with one scale for all."""
    ratios = _ratios()
    gains = [g - t for t, g, _ in ratios]
    return judge(
        min(gains) >= ABOVE_TENSOR, f"{min(gains):.1f} to {max(gains):.1f} dB over per-tensor"
    )


def statistics() -> Verdict:
    """Look for multipliers and dividers in the unit of L1 statistics."""
    found = cells(AbsoluteStatistics(INT8, 4, 8, 4096), "operators")
    wrong = found.count(*MULTIPLIERS, *DIVIDERS)
    kinds = ", ".join(k for k in ("$add", "$sub", "$neg", "$mux") if found.count(k))
    return judge(
        wrong == 0, f"L1 statistics: {wrong} multipliers, dividers or roots; it has {kinds}"
    )


def saving() -> Verdict:
    """Compare two products a cycle: group-quantised INT4 and FP16."""
    lane = (_multiplier(), ShiftAccumulate(GROUPS, PRODUCT, ACC_BITS, CHANNELS, False))
    mine = [cells(part, "ecp5") for part in lane]
    theirs = cells(Fp16Dot(FP16, 4), "ecp5")
    luts = 2 * sum(part.luteq for part in mine)
    flops = 2 * sum(part.flip_flops for part in mine)
    blocks = 2 * sum(part.multiplier_blocks for part in mine)
    share = 100 * (1 - (luts + flops) / (theirs.luteq + theirs.flip_flops))
    return judge(
        bool(luts and theirs.luteq),
        f"2 INT4 products a cycle in {GROUPS.count} groups: {luts} LUTeq, {flops} FF, {blocks} "
        f"DSP; FP16 2-way dot: {theirs.luteq} LUTeq, {theirs.flip_flops} FF, "
        f"{theirs.multiplier_blocks} DSP: {share:.1f} % fewer cells (published: {PUBLISHED} %)",
    )


ENTRY = Entry(
    number=58,
    name="Sub-8-bit integer training",
    kind="A",
    claim=(
        "ShiftQuant (power-of-two group scales) + L1 norm. 4-bit ResNets -0.92 %, 6-bit "
        "Transformers -0.61 %; +85 % CPU / 15.3 % GPU; -33.9 % FPGA resources vs FP16; L1 norm "
        "+35.5 %"
    ),
    operator="group-quantised accumulator (per-channel shift index), L1-norm unit",
    clauses=(
        Clause("Grouped GEMM exact: sum _g 2^{-g}*S_g without reordering memory", gemm),
        Clause("with 8 groups SQNR is within 4 dB of the per-channel bound", near_bound),
        Clause(
            "and >= 5 dB over per-tensor (measured 1.1 to 3.3 dB and 6.3 to 17.1 dB)", above_tensor
        ),
        Clause("L1-norm unit has no multiplier/sqrt in its statistics path", statistics),
        Clause("LUT+FF(+DSP) saving vs the FP16 unit reported against 33.9 %", saving),
    ),
)
