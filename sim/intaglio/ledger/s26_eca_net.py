"""System 26: ECA-Net."""

from __future__ import annotations

from intaglio.ledger.entry import Entry, missing

NEED = "convolution over the channel axis"

ENTRY = Entry(
    number=26,
    name="ECA-Net",
    kind="B",
    claim=(
        "Channel attention by 1-D conv across channels, adaptive k. 80 params vs 24.37 M; 4.7e-4 "
        "GFLOP; > +2 %"
    ),
    operator="global avg pool -> 1-D conv over the channel axis -> sigmoid -> channel scale",
    clauses=(
        missing("Bit-exact incl. integer mean and LUT sigmoid", NEED),
        missing("parameter counter prints 80 for ResNet-50 (k=3,5,5,7 over 3/4/6/3 blocks)", NEED),
        missing("added cycles < 1 % of the block", NEED),
    ),
)
