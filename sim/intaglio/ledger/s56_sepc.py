"""System 56: SEPC."""

from __future__ import annotations

from intaglio.ledger.entry import Entry, missing

NEED = "bilinear upsampling and a pyramid that shares accumulators"

ENTRY = Entry(
    number=56,
    name="SEPC",
    kind="B",
    claim=(
        "3-D conv across pyramid levels + integrated BN, scale-equalising. >4 AP; lite ~3.5 AP at "
        "+7 % time"
    ),
    operator="pyramid conv: W1*x_l + W2*(x_{l-1}, stride 2) + up(W0*x_{l+1}); deformable for l>=1",
    clauses=(
        missing(
            "5-level PConv bit-exact with fixed-point bilinear upsample (align_corners=True)", NEED
        ),
        missing("iBN folded into shared weights", NEED),
        missing("accumulation across levels in one INT32 buffer", NEED),
    ),
)
