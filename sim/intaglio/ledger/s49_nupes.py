"""System 49: NUPES."""

from __future__ import annotations

from intaglio.ledger.entry import Entry, missing

NEED = "nothing: the check is to be written"

ENTRY = Entry(
    number=49,
    name="NUPES",
    kind="A",
    claim="Power-function codes, exponent search, integer-only inference",
    operator="power-decode PE: w = sign(q)*|q|^{1/a}*s",
    clauses=(
        missing("p=1/a in {1,2,3}: (q_w^p)(q_x^p) = (q_wq_x)^p exhaustively (checked)", NEED),
        missing("pre-decode and post-power PEs give identical sums", NEED),
        missing("search finds the MSE-best a on Gaussian weights (<1)", NEED),
        missing("area of both PEs reported", NEED),
    ),
)
