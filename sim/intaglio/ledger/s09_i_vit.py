"""System 9: I-ViT."""

from __future__ import annotations

from intaglio.ledger.entry import Entry, missing

NEED = "units of ShiftExp, integer square root and division"

ENTRY = Entry(
    number=9,
    name="I-ViT",
    kind="A",
    claim=(
        "Integer-only ViT: dyadic matmuls + Shiftmax, ShiftGELU, I-LayerNorm. 3.72 to 4.11x over "
        "FP on GPU, accuracy about FP"
    ),
    operator="shift-exp, integer sqrt and divide units",
    clauses=(
        missing("Each unit bit-exact over all INT8 inputs x a scale sweep", NEED),
        missing("a graph linter finds zero float ops", NEED),
        missing("Shiftmax max abs error <= 0.03 at n=197 (0.024 measured)", NEED),
        missing("negative-row-max ShiftGELU case saturates instead of wrapping", NEED),
    ),
)
