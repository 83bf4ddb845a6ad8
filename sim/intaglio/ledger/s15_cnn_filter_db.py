"""System 15: CNN Filter DB."""

from __future__ import annotations

from intaglio.ledger.entry import Entry, missing

NEED = "a report of filter statistics"

ENTRY = Entry(
    number=15,
    name="CNN Filter DB",
    kind="D/C",
    claim="1.4 B trained 3x3 filters; distribution shifts; degenerate filters",
    operator="test vectors + report",
    clauses=(
        missing("filters report (sparsity, variance-entropy of SVD) matches numpy", NEED),
        missing(
            "power estimate can be driven by measured weight histograms rather than uniform data",
            NEED,
        ),
        missing("zero-filter elimination removes exactly the reported MACs", NEED),
    ),
)
