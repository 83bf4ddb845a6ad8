"""System 7: SpaRTAN."""

from __future__ import annotations

from intaglio.ledger.entry import Entry, missing

NEED = "vector operations over channels"

ENTRY = Entry(
    number=7,
    name="SpaRTAN",
    kind="B",
    claim=(
        'Mixed kernel/dilation spatial mixer + "wave" channel aggregation. 77.7 % with 3.8 M '
        "params, ~1.0 GFLOP; 50.0 AP, +1.2"
    ),
    operator=(
        "dense and depthwise 3x3 at dilation 1 and 2 (two stacked), SE, channel argmax+gather, "
        "per-channel-pair complex multiply"
    ),
    clauses=(
        missing(
            (
                "Dilated conv bit-exact for d in {1,2,3}, dense (groups=1, first stages) and "
                "depthwise (later stages)"
            ),
            NEED,
        ),
        missing("argmax/gather vector op matches numpy incl. ties (lowest index)", NEED),
        missing("complex 2xINT16 multiply exact", NEED),
    ),
)
