"""System 53: Data-efficient training codegen."""

from __future__ import annotations

from intaglio.ledger.entry import Entry, missing

NEED = "gathering of rows by descriptors"

ENTRY = Entry(
    number=53,
    name="Data-efficient training codegen",
    kind="C",
    claim="thesis: PyTorch-Direct, Hector IR, SSDTrain",
    operator="gather DMA, one IR -> several schedules, transfer/compute overlap, offload",
    clauses=(
        missing("Descriptor DMA gathers irregular rows at >= 90 % of linear bandwidth", NEED),
        missing("two schedules from one IR give identical bits", NEED),
        missing("overlap report: hidden transfer >= 80 % when compute-bound", NEED),
    ),
)
