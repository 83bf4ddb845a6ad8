"""System 29: AFF token mixer."""

from __future__ import annotations

from intaglio.ledger.entry import Entry, missing

NEED = "FFT as a product of matrices"

ENTRY = Entry(
    number=29,
    name="AFF token mixer",
    kind="B",
    claim="AFFNet: rFFT2 -> learned mask -> multiply -> irFFT2 = dynamic global conv",
    operator="FFT-as-GEMM 2-D, complex block-diagonal 1x1 (x2), softshrink, complex multiply",
    clauses=(
        missing("INT16-stage 2-D DFT round trip >= 75 dB for 8...32 px", NEED),
        missing("whole mixer >= 40 dB", NEED),
        missing("theorem test: output equals circular conv with irfft2(mask)", NEED),
    ),
)
