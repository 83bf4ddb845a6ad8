"""System 36: MobileTL."""

from __future__ import annotations

from intaglio.ledger.entry import Entry, missing

NEED = "a backward pass with masks of one bit"

ENTRY = Entry(
    number=36,
    name="MobileTL",
    kind="B/C",
    claim=(
        "Train only BN shifts; sign-mask backward of activations. -46 %/-53 % memory (MBV2/V3), "
        "-36 % FLOPs, -0.6 %"
    ),
    operator="backward with 1-bit activation mask",
    clauses=(
        missing("dgrad through ReLU6/H-swish mask bit-exact", NEED),
        missing("memory report reproduces 46.3 %/53.3 % +- 1 for expansion-6 IRBs", NEED),
        missing("mask storage exactly 1 bit/element", NEED),
    ),
)
