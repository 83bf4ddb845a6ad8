"""System 44: FP8 vs INT8."""

from __future__ import annotations

from intaglio.ledger.entry import Entry, missing

NEED = "compare-formats"

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
        missing(
            (
                "compare-formats emits 2-input gate counts (Yosys abc -g) for every (format x "
                "accumulator)"
            ),
            NEED,
        ),
        missing("reported per-MAC FP8-E4/FP32-acc overhead falls in 50 to 200 %", NEED),
        missing("fused dot unit reported beside it (public sky130 data: only +11...+32 %)", NEED),
    ),
)
