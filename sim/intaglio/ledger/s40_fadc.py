"""System 40: FADC."""

from __future__ import annotations

from intaglio.ledger.entry import Entry, missing

NEED = "deformable sampling"

ENTRY = Entry(
    number=40,
    name="FADC",
    kind="B",
    claim="Per-pixel adaptive dilation + AdaKern + FreqSelect",
    operator=(
        "modulated deformable 3x3, one real dilation per pixel, bilinear sampling; kernel = "
        "mean*lambda_l + residual*lambda_h"
    ),
    clauses=(
        missing("Integer-dilation special case bit-exact to dilated conv", NEED),
        missing("fractional case bit-exact to a Q*.8 bilinear model", NEED),
        missing("AdaKern recombination exact", NEED),
        missing("bank-conflict cycles reported", NEED),
    ),
)
