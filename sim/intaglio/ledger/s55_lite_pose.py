"""System 55: Lite Pose."""

from __future__ import annotations

from intaglio.ledger.entry import Entry, missing

NEED = "nothing: the check is to be written"

ENTRY = Entry(
    number=55,
    name="Lite Pose",
    kind="B",
    claim=(
        "Single-branch pose net: Fusion Deconv Head, 7x7 kernels (+25 % compute, +14.0 mAP). "
        "<=5.0x latency"
    ),
    operator="transposed conv k4 s2 p1 x2 summed, DW7x7 IRB, DW5x5 separable head",
    clauses=(
        missing("Transposed conv = 4 phase 2x2 convs bit-exact", NEED),
        missing("zero wasted MACs (MACs = H*W*16*C*C', not 4x that)", NEED),
        missing("the sum of the two deconvs shares one accumulator", NEED),
    ),
)
