"""System 41: HMAR."""

from __future__ import annotations

from intaglio.ledger.entry import Entry, missing

NEED = "attention with block masks"

ENTRY = Entry(
    number=41,
    name="HMAR",
    kind="B",
    claim=(
        "Next-scale Markov AR generation, block-sparse attention. >2.5x train, >1.75x infer vs "
        "VAR, >3x less memory"
    ),
    operator="attention with row-start/row-end block mask (block-diagonal or block-causal)",
    clauses=(
        missing("Bit-exact to masked dense attention for scale lists like 1,4,9,16...256", NEED),
        missing("skipped tiles cost 0 cycles: cycles = sum kept tiles", NEED),
    ),
)
