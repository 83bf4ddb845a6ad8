"""System 54: LLM-FP4."""

from __future__ import annotations

from intaglio.ledger.entry import Entry, missing

NEED = "nothing: the check is to be written"

ENTRY = Entry(
    number=54,
    name="LLM-FP4",
    kind="A",
    claim=(
        "FP4 W+A PTQ with per-channel exponent bias pre-shifted into weights. LLaMA-13B 63.1 "
        "(-5.8), +12.7 over prior"
    ),
    operator="E2M1 (and E1M2/E3M0) MAC with integer exponent bias",
    clauses=(
        missing("16x16 products exhaustive", NEED),
        missing(
            (
                "channel biases folded into weights give the same dot product as per-channel "
                "scaling (exact when FP codes representable)"
            ),
            NEED,
        ),
        missing("search = 101 candidates x 3 rounds", NEED),
        missing(
            "plain min-max E2M1 shown to be no better than INT4 (37.4 vs 38.1 in authors' table)",
            NEED,
        ),
    ),
)
