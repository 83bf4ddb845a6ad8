"""System 23: Lie-group decompositions."""

from __future__ import annotations

from intaglio.ledger.entry import Entry, missing

NEED = "kernels sampled on a group"

ENTRY = Entry(
    number=23,
    name="Lie-group decompositions",
    kind="D/B",
    claim="Kernels parametrised on GL+(n)/SL(n) for affine-equivariant CNNs",
    operator=(
        "kernels sampled at compile time; lifting conv = conv with |samples|x outputs + pooling "
        "over group"
    ),
    clauses=(
        missing(
            (
                "On hardware, integer equivariance is exact for grid-exact elements (90 degrees "
                "rotations, flips, integer shears, translations with circular pad)"
            ),
            NEED,
        ),
        missing("the deviation for others is reported", NEED),
    ),
)
