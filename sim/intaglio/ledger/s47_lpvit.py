"""System 47: LPViT."""

from __future__ import annotations

from intaglio.ledger.entry import Entry, missing

NEED = "a sequencer that skips blocks of weights"

ENTRY = Entry(
    number=47,
    name="LPViT",
    kind="C",
    claim=(
        "Block pruning with power-aware objective, 2nd-order Taylor. 3.93x (HW), 1.79x (GPU), "
        "-1.4x power"
    ),
    operator="block-mask format, per-layer sparsity allocation, power model",
    clauses=(
        missing("Block-sparse GEMM (16/32/64 blocks) bit-exact", NEED),
        missing("cycles = kept blocks", NEED),
        missing("allocator meets a FLOP budget within 1 %", NEED),
        missing("and returns lower modelled energy when beta>0 than beta=0", NEED),
        missing("measured toggle energy ranks the same way", NEED),
    ),
)
