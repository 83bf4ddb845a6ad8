"""System 10: FlashButterfly."""

from __future__ import annotations

from intaglio.ledger.entry import Entry, missing

NEED = "FFT as a product of matrices"

ENTRY = Entry(
    number=10,
    name="FlashButterfly",
    kind="B",
    claim=(
        "simple long convs: Learn long 1-D kernels directly, keep smooth; butterfly-decomposed FFT"
        " conv. 2.2x conv; Path256 (64 K) +29.1 pts, 7.2x faster; -0.2 PPL with 30 % fewer params"
    ),
    operator=(
        '1-D long depthwise conv (causal, L up to 64 K) and DFT-as-GEMM; kernel "squash" = '
        "soft-threshold"
    ),
    clauses=(
        missing(
            (
                "Direct INT8xINT8 long conv bit-exact at L=1 K...64 K (INT32 is provably enough: "
                "133,144 products)"
            ),
            NEED,
        ),
        missing("butterfly path >= 75 dB at INT16 stages", NEED),
        missing("squash sign(k)*max(|k|-lambda,0) exact and resulting zero taps are skipped", NEED),
    ),
)
