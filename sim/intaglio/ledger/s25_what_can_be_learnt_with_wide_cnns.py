"""System 25: What can be learnt with wide CNNs."""

from __future__ import annotations

from intaglio.ledger.entry import Entry, missing

NEED = "nothing: the check is to be written"

ENTRY = Entry(
    number=25,
    name="What can be learnt with wide CNNs",
    kind="D",
    claim="Kernel-regime theory of hierarchical CNNs",
    operator="theory",
    clauses=(
        missing(
            (
                "Exercised as mapping test: tree CNN with stride = kernel (2, 4) over 4 to 6 "
                "levels and width to 4096 bit-exact"
            ),
            NEED,
        ),
        missing("range analyser proves accumulator width at K=4096*k^2", NEED),
    ),
)
