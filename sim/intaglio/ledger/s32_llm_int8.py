"""System 32: LLM.int8."""

from __future__ import annotations

from intaglio.ledger.entry import Entry, missing

NEED = "nothing: the check is to be written"

ENTRY = Entry(
    number=32,
    name="LLM.int8",
    kind="A",
    claim=(
        "Vector-wise INT8 + 16-bit outlier columns (>99.9 % in INT8), no loss to 175 B; half the "
        "memory"
    ),
    operator="split array: INT8 GEMM + narrow INT16/FP16 GEMM, merged before requant",
    clauses=(
        missing("Result with k outlier columns == exact two-term sum", NEED),
        missing("k=0 is bit-identical to plain INT8", NEED),
        missing("SQNR gain >= 15 dB on data with 0.1 % x20 outliers", NEED),
        missing("area overhead of the side array reported", NEED),
    ),
)
