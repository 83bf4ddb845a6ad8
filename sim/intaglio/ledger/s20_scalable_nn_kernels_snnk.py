"""System 20: Scalable NN kernels (SNNK)."""

from __future__ import annotations

from intaglio.ledger.entry import Entry, missing

NEED = "a pass that replaces layers by features and a table"

ENTRY = Entry(
    number=20,
    name="Scalable NN kernels (SNNK)",
    kind="C/B",
    claim=(
        "Disentangle x from W: f(Wx+b) about Phi(x)^TPsi(W,b); bundling. <=5x fewer trainable "
        "params"
    ),
    operator="compile-time Psi(W); run time = GEMM -> LUT non-linearity -> GEMM",
    clauses=(
        missing("SNNK layer runs as two GEMMs + LUT, bit-exact", NEED),
        missing("error to the exact layer falls about 1/sqrtm over m=16...256", NEED),
        missing("weight bytes reported", NEED),
    ),
)
