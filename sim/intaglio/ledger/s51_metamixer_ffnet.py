"""System 51: MetaMixer / FFNet."""

from __future__ import annotations

from intaglio.ledger.entry import Entry, missing

NEED = "a table of GELU in the accelerator"

ENTRY = Entry(
    number=51,
    name="MetaMixer / FFNet",
    kind="B",
    claim='"FFNified attention": DW kxk -> GELU -> DW kxk inside QKV frame',
    operator="PW -> DW 7x7 -> GELU -> DW 7x7, RepVGG-style merge",
    clauses=(
        missing("Block bit-exact with INT GELU LUT or ShiftGELU", NEED),
        missing("merge of 7x7+small branch exact", NEED),
        missing("also 1-D mode", NEED),
    ),
)
