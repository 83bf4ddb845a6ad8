"""System 24: Fast Sparse ConvNets."""

from __future__ import annotations

from intaglio.ledger.entry import Entry, missing

NEED = "a sequencer that skips zero weights"

ENTRY = Entry(
    number=24,
    name="Fast Sparse ConvNets",
    kind="A/C",
    claim=(
        "SpMM kernels for 70 to 95 % sparse 1x1 convs (XNNPACK). 1.3 to 2.4x over dense MobileNets"
    ),
    operator=(
        "sparse-PW sequencer: nnz-per-block list + signed input-pointer deltas; blocks of 1/2/4 "
        "output channels, CHW layout"
    ),
    clauses=(
        missing("Encode -> decode is identity", NEED),
        missing("bit-exact to dense", NEED),
        missing("cycles = ceil(HW/MR)*sum (nnz)+overhead", NEED),
        missing("break-even sparsity reported", NEED),
        missing(">=1.3x at 80 % and >=2.4x at 90 % on the cycle model", NEED),
    ),
)
