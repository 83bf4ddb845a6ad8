"""System 22: LSNet."""

from __future__ import annotations

from intaglio.ledger.entry import Entry, missing

NEED = "kernels that differ from pixel to pixel"

ENTRY = Entry(
    number=22,
    name="LSNet",
    kind="B",
    claim='"See large, focus small" LS conv: 7x7 DW predicts per-pixel 3x3 kernels',
    operator="DW7x7 + PW -> GroupNorm -> dynamic per-pixel 3x3 (SKA)",
    clauses=(
        missing("Per-pixel kernel conv bit-exact with channel c using plane c mod (C/8)", NEED),
        missing("weight stream bandwidth (9*C/8 values/pixel) shown in the waterline report", NEED),
    ),
)
