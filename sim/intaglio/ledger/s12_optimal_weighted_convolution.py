"""System 12: Optimal weighted convolution."""

from __future__ import annotations

from intaglio.ledger.entry import Entry, missing

NEED = "nothing: the check is to be written"

ENTRY = Entry(
    number=12,
    name="Optimal weighted convolution",
    kind="B/C",
    claim=(
        "Spatial density Phi multiplies the kernel. VGG 56.89 -> 66.94 % (CIFAR-100), DnCNN 20.17 "
        "-> 22.63 dB"
    ),
    operator="Phi=alpha (x) alpha folded into weights",
    clauses=(
        missing("Folded kernel conv == explicit Phi-conv before quantisation", NEED),
        missing(
            "generated RTL and cycle count identical to plain conv (diff of the netlists is empty)",
            NEED,
        ),
    ),
)
