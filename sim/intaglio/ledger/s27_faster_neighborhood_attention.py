"""System 27: Faster neighborhood attention."""

from __future__ import annotations

from intaglio.ledger.entry import Entry, missing

NEED = "windowed attention on the array"

ENTRY = Entry(
    number=27,
    name="Faster neighborhood attention",
    kind="B",
    claim=(
        "NA as batched GEMM and fused NA. GEMM +895 %/+272 % (FP32 1-D/2-D); fused FP16 +1607 "
        "%/+581 %"
    ),
    operator="windowed batched GEMM (QK^T, softmax, AV), 1-D/2-D, window, dilation, causal",
    clauses=(
        missing("Bit-exact incl. border rule (window shifts, never zero-pads)", NEED),
        missing("fused mode writes no attention matrix: DRAM bytes independent of window", NEED),
        missing("cycles linear in n*k", NEED),
    ),
)
