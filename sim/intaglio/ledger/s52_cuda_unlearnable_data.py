"""System 52: CUDA (unlearnable data)."""

from __future__ import annotations

from intaglio.ledger.entry import Entry, missing

NEED = "kernels chosen by label"

ENTRY = Entry(
    number=52,
    name="CUDA (unlearnable data)",
    kind="D/B",
    claim="Class-wise random conv filters poison data. R18 IN-100 clean acc 80.66 -> 8.96 %",
    operator="class-indexed 3x3 depthwise filter bank, max-normalise",
    clauses=(
        missing(
            (
                "Accelerator used as the filter engine: per-image kernel select by label, seeded "
                "key reproduces outputs bit-exactly, integer max + dyadic rescale"
            ),
            NEED,
        ),
        missing("throughput images/s reported", NEED),
    ),
)
