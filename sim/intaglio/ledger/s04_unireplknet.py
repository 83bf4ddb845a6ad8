"""System 4: UniRepLKNet."""

from __future__ import annotations

from intaglio.ledger.entry import Entry, missing

NEED = "squeeze-excite, GRN and GELU on the array"

ENTRY = Entry(
    number=4,
    name="UniRepLKNet",
    kind="B",
    claim=(
        "CVPR 2024: Same network as a block: DW13x13 -> SE -> PW -> GELU -> GRN -> PW. Same "
        'accuracies, "universal" audio/video/point/time-series'
    ),
    operator=(
        "depthwise 13x13, SE (global pool + 2 FC + sigmoid), GRN (per-channel L2 over H,W / mean)"
    ),
    clauses=(
        missing(
            (
                "Whole block int-only (INT8 tensors, INT32 acc, integer sqrt for GRN) bit-exact to"
                " the numpy model"
            ),
            NEED,
        ),
        missing("and >= 30 dB SQNR to float", NEED),
        missing("DW13x13 utilisation reported, never hidden", NEED),
    ),
)
