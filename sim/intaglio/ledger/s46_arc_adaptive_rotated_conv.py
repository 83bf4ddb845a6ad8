"""System 46: ARC (adaptive rotated conv)."""

from __future__ import annotations

from intaglio.ledger.entry import Entry, missing

NEED = "kernels made on the array for each image"

ENTRY = Entry(
    number=46,
    name="ARC (adaptive rotated conv)",
    kind="B",
    claim="Rotate 3x3 kernels by predicted angles, n-expert mix. 81.77 mAP DOTA; +3.03 / +4.16",
    operator=(
        "per-image kernel synthesis = 9x9n by n*9x(Cout*Cin) GEMM, then conv with those weights"
    ),
    clauses=(
        missing(
            "Rotation matrix equals reference for theta in [-40 degrees,40 degrees] at Q1.14", NEED
        ),
        missing("theta=0,lambda=1 gives the unrotated conv bit-exact", NEED),
        missing("synthesised weights go back to weight SRAM without host", NEED),
    ),
)
