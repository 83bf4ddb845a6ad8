"""System 28: HAWQ-V3."""

from __future__ import annotations

from intaglio.ledger.entry import Entry, missing

NEED = "an allocator of bits by integer programming"

ENTRY = Entry(
    number=28,
    name="HAWQ-V3",
    kind="A/C",
    claim=(
        "Dyadic integer-only inference + ILP bit allocation. INT8 R50 77.58 %; INT4 1.45x INT8; "
        "mixed -23 % latency at 76.73 %"
    ),
    operator="dyadic requantiser; ILP allocator",
    clauses=(
        missing("Requantiser bit-exact to exact-integer rounding incl. directed near-ties", NEED),
        missing("residual add = two requants, each rounded, then summed", NEED),
        missing("ILP equals brute force (65,536 cases) on the published R18 data: optima", NEED),
    ),
)
