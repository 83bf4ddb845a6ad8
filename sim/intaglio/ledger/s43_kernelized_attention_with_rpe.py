"""System 43: Kernelized attention with RPE."""

from __future__ import annotations

from intaglio.ledger.entry import Entry, missing

NEED = "circulant products by FFT"

ENTRY = Entry(
    number=43,
    name="Kernelized attention with RPE",
    kind="B",
    claim="Toeplitz RPE x kernel attention by FFT, O(n log n)",
    operator="circulant embedding, FFT-as-GEMM, or direct 1-D long conv along tokens",
    clauses=(
        missing("n<=256: direct Toeplitz conv bit-exact", NEED),
        missing("FFT path equals it >= 75 dB at INT16", NEED),
        missing("float identity verified to 6e-16", NEED),
        missing("crossover n reported", NEED),
    ),
)
