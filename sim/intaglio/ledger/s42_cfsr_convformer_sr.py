"""System 42: CFSR (ConvFormer SR)."""

from __future__ import annotations

from intaglio.ledger.entry import Entry, missing

NEED = "pixel shuffle and gates between branches"

ENTRY = Entry(
    number=42,
    name="CFSR (ConvFormer SR)",
    kind="B/C",
    claim=(
        "Large-kernel conv mixer + edge-preserving FFN. +0.39 dB Urban100x2, -26 % params, -31 % "
        "FLOPs"
    ),
    operator=(
        "DW large k, elementwise gate, reparam of Sobel-x/y + Laplacian into one 3x3, PixelShuffle"
    ),
    clauses=(
        missing("Merge exact before quantisation", NEED),
        missing("PixelShuffle is a pure address map (0 MACs)", NEED),
        missing("full SR tail bit-exact", NEED),
    ),
)
