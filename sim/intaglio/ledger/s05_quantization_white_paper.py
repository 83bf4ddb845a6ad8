"""System 5: Quantization white paper."""

from __future__ import annotations

from intaglio.ledger.entry import Entry, missing

NEED = "a quantiser of networks"

ENTRY = Entry(
    number=5,
    name="Quantization white paper",
    kind="A",
    claim=(
        "Krishnamoorthi: Affine/symmetric, per-layer/per-channel, PTQ/QAT. Per-channel W8 + "
        "per-layer A8 <= 2 % of float, QAT <= 1 %; 4x smaller; 2 to 3x CPU, <=10x DSP; asks "
        "hardware for 4, 8 and 16 bits"
    ),
    operator="zero-point-correct MAC array with per-channel requantiser, run-time 4/8/16-bit",
    clauses=(
        missing("4 schemes x {4,8,16} bits bit-exact", NEED),
        missing("zero-point identity holds to the bit", NEED),
        missing("BN-fold pass equals unfused float conv < 1e-6", NEED),
        missing("model bytes ratio = 4.00 (8-bit) / 8.00 (4-bit)", NEED),
        missing("PTQ on a small CNN reproduces the ordering per-channel > per-layer", NEED),
        missing("QAT > PTQ", NEED),
    ),
)
