"""System 8: Im2win on GPU."""

from __future__ import annotations

from intaglio.ledger.entry import Entry, missing

NEED = "nothing: the check is to be written"

ENTRY = Entry(
    number=8,
    name="Im2win on GPU",
    kind="C",
    claim=(
        "Window-order layout + micro-kernel/double-buffer/pre-load. vs cuBLAS 23.1 % less memory &"
        " 3.5x TFLOPS; vs best cuDNN 32.8 % & 1.8x; up to 155x direct"
    ),
    operator="address generator + layout pass",
    clauses=(
        missing("Conv from im2win buffer bit-exact", NEED),
        missing("buffer words = N*C*OH*W_in*KH exactly", NEED),
        missing("ratio to im2col = W_in/(OW*KW)", NEED),
        missing("mean 0.35 over the 12 benchmark layers", NEED),
        missing("SRAM reads 100 % unit-stride inside a window row", NEED),
        missing(
            (
                "ablation report (tiling / micro-kernel / double buffer / pre-load) on simulated "
                "cycles"
            ),
            NEED,
        ),
    ),
)
