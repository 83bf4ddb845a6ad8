"""System 16: SGConv."""

from __future__ import annotations

from intaglio.ledger.entry import Entry, missing

NEED = "a builder of multi-scale kernels"

ENTRY = Entry(
    number=16,
    name="SGConv",
    kind="B",
    claim="Global conv kernel with sub-linear params and decay; beats S4 on LRA/SC",
    operator=(
        "1-D global conv; multi-scale kernel built at compile time (linear/nearest upsample x2^i x"
        " decay)"
    ),
    clauses=(
        missing("Kernel builder matches reference", NEED),
        missing("params = d*(1+ceil(log2(L/d)))", NEED),
        missing("conv bit-exact", NEED),
        missing(
            (
                "nearest-mode pre-sum optimisation (box sums) bit-exact with MACs cut from L to "
                "d*scales"
            ),
            NEED,
        ),
    ),
)
