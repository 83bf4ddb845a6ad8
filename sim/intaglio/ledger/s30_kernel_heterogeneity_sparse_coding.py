"""System 30: Kernel heterogeneity / sparse coding."""

from __future__ import annotations

from intaglio.ledger.entry import Entry, missing

NEED = "transposed convolution and soft threshold as a step"

ENTRY = Entry(
    number=30,
    name="Kernel heterogeneity / sparse coding",
    kind="D/B",
    claim="Heterogeneous-variance kernels give sparser convolutional codes",
    operator="convolutional ISTA: conv -> conv-transpose -> soft-threshold",
    clauses=(
        missing("One ISTA step bit-exact", NEED),
        missing("50 steps of INT16 ISTA reach float objective within 2 %", NEED),
        missing("zero-skipping cycles vs measured sparsity plotted", NEED),
    ),
)
