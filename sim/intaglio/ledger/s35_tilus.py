"""System 35: Tilus."""

from __future__ import annotations

from intaglio.ledger.entry import Entry, missing

NEED = "nothing: the check is to be written"

ENTRY = Entry(
    number=35,
    name="Tilus",
    kind="A/C",
    claim=(
        "Arbitrary-bit-width (1 to 8) weights, algebraic layouts. 1.75x Triton, 2.61x Ladder, "
        "1.29x QuantLLM, 1.03x Marlin"
    ),
    operator="b-bit packed stream unpacker for every b in 1...8, layout algebra",
    clauses=(
        missing("For all b and int/uint/float codes: pack -> unpack identity", NEED),
        missing("no padding waste (bytes = ceil(n*b/8) per tile)", NEED),
        missing("GEMM equal to unpacked reference", NEED),
        missing("layout composition associative (property test)", NEED),
    ),
)
