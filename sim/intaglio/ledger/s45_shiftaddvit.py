"""System 45: ShiftAddViT."""

from __future__ import annotations

from intaglio.ledger.entry import Entry, missing

NEED = "nothing: the check is to be written"

ENTRY = Entry(
    number=45,
    name="ShiftAddViT",
    kind="A",
    claim=(
        "Shift layers + add-only (binary Q/K) attention + MoE of primitives. <=5.18x latency, "
        "-42.9 % energy"
    ),
    operator="shift PE (sign*2^-p), masked-add PE, expert router",
    clauses=(
        missing("Shift PE bit-exact incl. arithmetic-shift floor on negatives", NEED),
        missing("mask-add equals GEMM with {0,1}", NEED),
        missing(
            "per-op energy table reproduces 0.2/0.03/0.024 pJ (8-bit mul/add/shift) ratios", NEED
        ),
        missing("netlist shows 0 multipliers", NEED),
    ),
)
