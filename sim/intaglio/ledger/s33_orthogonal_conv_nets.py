"""System 33: Orthogonal conv nets."""

from __future__ import annotations

from intaglio.ledger.entry import Entry, missing

NEED = "circular padding"

ENTRY = Entry(
    number=33,
    name="Orthogonal conv nets",
    kind="D",
    claim="Existence/stability of orthogonal convs; L_orth regulariser",
    operator="test vectors",
    clauses=(
        missing(
            (
                "Signed-permutation/Hadamard kernels with circular padding satisfy "
                "|Kx|^2=alpha|x|^2 exactly in INT32"
            ),
            NEED,
        ),
        missing("L_orth = |conv(K,K)-I|^2 computed on the array equals numpy", NEED),
        missing("'same'/'valid' padding shows the published failure", NEED),
    ),
)
