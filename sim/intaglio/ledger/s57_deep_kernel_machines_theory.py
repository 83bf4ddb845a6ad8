"""System 57: Deep kernel machines theory."""

from __future__ import annotations

from intaglio.ledger.entry import Entry, missing

NEED = "nothing: the check is to be written"

ENTRY = Entry(
    number=57,
    name="Deep kernel machines theory",
    kind="D",
    claim="Bayesian representation limit, DKM",
    operator="theory",
    clauses=(
        missing(
            (
                "Exercised: Gram matrix G=XX^T in symmetric mode (upper triangle only, about half "
                "the MACs) exact in INT32"
            ),
            NEED,
        ),
        missing("inducing-point K_ui GEMM", NEED),
        missing("host does the Cholesky", NEED),
    ),
)
