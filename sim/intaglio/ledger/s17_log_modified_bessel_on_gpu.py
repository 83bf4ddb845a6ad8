"""System 17: log Modified Bessel on GPU."""

from __future__ import annotations

from intaglio.ledger.entry import Entry, missing

NEED = "a log-sum-exp unit and a fit on the host"

ENTRY = Entry(
    number=17,
    name="log Modified Bessel on GPU",
    kind="D",
    claim="log I_v, log K_v in log domain. median/max 45x/6150x GPU",
    operator="host maths",
    clauses=(
        missing(
            (
                "Honest row: not built. Exercised: (a) ResNet-style feature extractor on the array"
                " feeding a host vMF fit to fitted kappa from INT8 features within 5 % of float"
            ),
            NEED,
        ),
        missing(
            (
                "(b) fixed-point log-sum-exp unit (reuse shift-exp + LZC-log2) never "
                "over/underflows for |x| <= 1000 and is within 2^-8"
            ),
            NEED,
        ),
    ),
)
