"""System 34: FlashRNN."""

from __future__ import annotations

from intaglio.ledger.entry import Entry, missing

NEED = "recurrent layers with state on chip"

ENTRY = Entry(
    number=34,
    name="FlashRNN",
    kind="B/C",
    claim=(
        "Fused LSTM/GRU/sLSTM kernels; ConstrINT integer-CSP tiler. 50x over PyTorch, 40x larger "
        "hidden than Triton"
    ),
    operator="stationary-weight recurrent GEMV per head, LUT gates; CSP tiling",
    clauses=(
        missing("1000-step INT8 LSTM/GRU/Elman bit-exact (no drift vs integer model)", NEED),
        missing("weight DRAM bytes independent of T", NEED),
        missing("CSP returns a feasible tile for every layer in the zoo", NEED),
        missing("equals brute-force best on small cases", NEED),
        missing("and proves infeasibility otherwise", NEED),
    ),
)
