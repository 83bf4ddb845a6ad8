"""System 58: Sub-8-bit integer training."""

from __future__ import annotations

from intaglio.ledger.entry import Entry, missing

NEED = "nothing: the check is to be written"

ENTRY = Entry(
    number=58,
    name="Sub-8-bit integer training",
    kind="A",
    claim=(
        "ShiftQuant (power-of-two group scales) + L1 norm. 4-bit ResNets -0.92 %, 6-bit "
        "Transformers -0.61 %; +85 % CPU / 15.3 % GPU; -33.9 % FPGA resources vs FP16; L1 norm "
        "+35.5 %"
    ),
    operator="group-quantised accumulator (per-channel shift index), L1-norm unit",
    clauses=(
        missing("Grouped GEMM exact: sum _g 2^{-g}*S_g without reordering memory", NEED),
        missing("with 8 groups SQNR is within 4 dB of the per-channel bound", NEED),
        missing("and >= 5 dB over per-tensor (measured 1.1 to 3.3 dB and 6.3 to 17.1 dB)", NEED),
        missing("L1-norm unit has no multiplier/sqrt in its statistics path", NEED),
        missing("LUT+FF(+DSP) saving vs the FP16 unit reported against 33.9 %", NEED),
    ),
)
