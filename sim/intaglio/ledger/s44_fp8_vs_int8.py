"""System 44: FP8 vs INT8."""

from __future__ import annotations

from functools import cache

from intaglio.explore.compare_formats import compare_formats
from intaglio.explore.compare_formats_table import FormatComparison, FormatRow
from intaglio.ledger.entry import Clause, Entry, Verdict, failed, judge

FORMATS = ("int8", "fp8_e2m5", "fp8_e3m4", "fp8_e4m3", "fp8_e5m2")
E4, FLOATS = "fp8_e4m3", ("fp16", "fp32")
LOW, HIGH = 0.50, 2.00


@cache
def comparison() -> FormatComparison:
    """Return the rows of INT8 and FP8; all three clauses read the same ones."""
    return compare_formats(FORMATS, workers=1)


def counts() -> Verdict:
    """Count gates of every format with every accumulator, each checked against golden."""
    found = comparison()
    lacking = []
    for form in FORMATS:
        own = [row for row in found.rows if row.format == form]
        kinds = {row.accumulator for row in own}
        wanted = len([k for k in kinds if k.startswith("fixed")]) == 1 and set(FLOATS) <= kinds
        if form != "int8" and not wanted:
            lacking.append(f"{form} has {', '.join(sorted(kinds))}")
        lacking += [f"{row.key}" for row in own if not row.gates or row.golden != "pass"]
    if lacking:
        return failed("; ".join(lacking))
    return judge(True, f"{len(found.rows)} rows of {len(FORMATS)} formats, golden passed in each")


def _single(found: FormatComparison, figure: str) -> dict[str, float]:
    """Return E4M3 / FP32 by INT8 with like multipliers, one product a cycle, by style."""
    ratios = {}
    for row in found.rows:
        if (row.format, row.accumulator, row.lanes) == (E4, "fp32", 1):
            more = found.overhead(row, figure, like=True)
            if more is not None:
                ratios[f"{row.style}{' Booth' * row.booth}"] = more
    return ratios


def overhead() -> Verdict:
    """Compare one E4M3 product with FP32 accumulation with one of INT8, as is and with Booth.

    In gates of two inputs, and in all that a MAC has, registers included, as NAND2 equivalents.
    """
    found = comparison()
    gates, whole = _single(found, "gates"), _single(found, "nand2")
    within = [v for v in (*gates.values(), *whole.values()) if LOW <= v <= HIGH]
    parts = [
        f"{style} {100 * more:+.0f} % gates, {100 * whole[style]:+.0f} % with registers"
        for style, more in gates.items()
    ]
    text = f"E4M3/FP32 over INT8/INT32, single MAC: {'; '.join(parts)}; published +183 %"
    return judge(bool(within), text)


def fused() -> Verdict:
    """Report the fused unit of 16 lanes beside the single one."""
    found = comparison()
    parts = []
    for row in found.rows:
        more = found.overhead(row, "gates", like=True)
        if row.format == E4 and row.lanes > 1 and more is not None and _reported(row):
            style = f"{row.accumulator} {row.style}{' Booth' * row.booth}"
            parts.append(f"{style} x{row.lanes} {100 * more:+.0f} %")
    return judge(bool(parts), f"fused E4M3 over fused INT8: {', '.join(parts)}")


def _reported(row: FormatRow) -> bool:
    return row.accumulator == "fp32" or row.accumulator.startswith("fixed")


ENTRY = Entry(
    number=44,
    name="FP8 vs INT8",
    kind="A/C",
    claim=(
        "Gate-level comparison. FP 50 to 180 % less efficient; FP8-E4 +53 %, with FP32 accumulator"
        " +183 %"
    ),
    operator=(
        "generator for INT8 and FP8 E2...E5 MACs with fixed or FP accumulators; 2-input-gate report"
    ),
    clauses=(
        Clause(
            (
                "compare-formats emits 2-input gate counts (Yosys abc -g) for every (format x "
                "accumulator)"
            ),
            counts,
        ),
        Clause("reported per-MAC FP8-E4/FP32-acc overhead falls in 50 to 200 %", overhead),
        Clause("fused dot unit reported beside it (public sky130 data: only +11...+32 %)", fused),
    ),
)
