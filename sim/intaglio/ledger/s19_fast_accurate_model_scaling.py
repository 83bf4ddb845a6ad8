"""System 19: Fast & accurate model scaling."""

from __future__ import annotations

from intaglio.ledger.entry import Entry, missing

NEED = "a pass that scales networks"

ENTRY = Entry(
    number=19,
    name="Fast & accurate model scaling",
    kind="C",
    claim="Compound scaling mainly on width; activations grow ~sqrts",
    operator="scaling pass + activation-traffic report",
    clauses=(
        missing("d*w^2*r^2 = s within 1 %", NEED),
        missing("activation exponent 0.600 for d1_w8_r1 vs 0.833 for dwr (from code)", NEED),
        missing(
            "simulated latency on a bandwidth-limited array follows activations, not MACs", NEED
        ),
    ),
)
