"""System 31: FDConv."""

from __future__ import annotations

from intaglio.ledger.entry import Entry, missing

NEED = "kernels mixed at run time"

ENTRY = Entry(
    number=31,
    name="FDConv",
    kind="B",
    claim=(
        "Kernels from disjoint Fourier index groups; KSM + frequency-band modulation. +3.6 M "
        "params (vs +90 M CondConv)"
    ),
    operator=(
        "run-time kernel mix sum alpha_i*K_i (GEMM) then conv with per-sample weights; FBM = "
        "masked DFTs"
    ),
    clauses=(
        missing("sum of group kernels == full iDFT kernel exactly (disjointness)", NEED),
        missing("two images with different alpha run back-to-back without regenerating RTL", NEED),
        missing("FBM with masks all-on is identity >= 75 dB", NEED),
    ),
)
