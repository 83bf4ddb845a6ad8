"""System 39: YOLO-MS."""

from __future__ import annotations

from intaglio.ledger.entry import Entry, missing

NEED = "nothing: the check is to be written"

ENTRY = Entry(
    number=39,
    name="YOLO-MS",
    kind="B",
    claim="MS-Block hierarchical multi-kernel branches. ~+2 AP vs RTMDet; v8-N 37 -> 40",
    operator="split -> (PW -> DW k -> PW)xn with branch i adding branch i-1; k=3,5,7,9 by stage",
    clauses=(
        missing("Whole MS-Block bit-exact", NEED),
        missing("scheduler honours the branch dependency chain and still overlaps DMA", NEED),
        missing("per-stage k changed by configuration, not regenerated RTL", NEED),
    ),
)
