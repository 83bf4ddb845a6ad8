"""System 37: Low-bit FP diffusion."""

from __future__ import annotations

from intaglio.ledger.entry import Entry, missing

NEED = "nothing: the check is to be written"

ENTRY = Entry(
    number=37,
    name="Low-bit FP diffusion",
    kind="A",
    claim="FP8/FP4 PTQ with rounding learning. W8A8 FP about FP32; W4A8 minimal loss",
    operator="FP4xFP8 multiplier; search of E/M/bias; learned rounding",
    clauses=(
        missing("16x256 products exhaustively exact", NEED),
        missing("search picks the MSE-best (E,M,bias) on Gaussian/Laplace/uniform", NEED),
        missing("learned rounding lowers layer-output MSE vs RTN", NEED),
    ),
)
