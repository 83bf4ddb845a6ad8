"""System 48: FlashFFTConv."""

from __future__ import annotations

from intaglio.ledger.entry import Entry, missing

NEED = "FFT as a product of matrices"

ENTRY = Entry(
    number=48,
    name="FlashFFTConv",
    kind="B/C",
    claim=(
        "Monarch decomposition of FFT conv for matrix units; partial & frequency-sparse. <=7.93x, "
        "4.4x e2e; Path-512 96.1 %; 2.3 M-bp DNA"
    ),
    operator="FFT conv as 2 to 3 batched GEMMs + twiddle, block skipping",
    clauses=(
        missing("N=256...32 K by 16/32 radices equals FFT", NEED),
        missing("INT16 stages >= 75 dB", NEED),
        missing("INT8 only about 31 dB so the tool must refuse INT8", NEED),
        missing("partial conv skips exactly the zero blocks", NEED),
        missing("gating fused", NEED),
    ),
)
