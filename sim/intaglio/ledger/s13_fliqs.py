"""System 13: FLIQS."""

from __future__ import annotations

from intaglio.ledger.entry import Entry, missing

NEED = "a search over formats with the cost of the gates"

ENTRY = Entry(
    number=13,
    name="FLIQS",
    kind="C",
    claim=(
        "One-shot RL search of mixed int/FP precision. +1.31 % R18, +0.90 % R50 (int), +0.98 % "
        "MBV2 (FP8), +2.69 % joint NAS"
    ),
    operator="search driver fed by generated-hardware cost",
    clauses=(
        missing(
            (
                "BOPs model reproduces the authors' R18 numbers 467.7 / 116.9 / 29.23 GBOPs "
                "(BF16/E4M3/E2M1) from 1.827 GMAC"
            ),
            NEED,
        ),
        missing(
            (
                "search is within 1 % of exhaustive optimum on an 8-layer toy under a cycle or LUT"
                " budget"
            ),
            NEED,
        ),
        missing("runs with int formats, FP formats and both", NEED),
    ),
)
