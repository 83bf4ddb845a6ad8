"""System 6: A-priori compression."""

from __future__ import annotations

from intaglio.ledger.entry import Entry, missing

NEED = "nothing: the check is to be written"

ENTRY = Entry(
    number=6,
    name="A-priori compression",
    kind="B",
    claim=(
        "wave simulators: Replace 2-/3-way conv kernels by one-way (1-D) filters before training; "
        "equal accuracy, fewer parameters"
    ),
    operator="rank-1 chain: 1x1 (channel) -> kx1 -> 1xk",
    clauses=(
        missing("Chain bit-exact to numpy", NEED),
        missing("and equal to the dense outer-product kernel when no intermediate requant", NEED),
        missing("parameter ratio C*k^2/(C+2k) printed (7.6x at C=32,k=3)", NEED),
        missing("demo: 2-D wave-equation stencil in INT16/DFP vs numpy finite differences", NEED),
    ),
)
