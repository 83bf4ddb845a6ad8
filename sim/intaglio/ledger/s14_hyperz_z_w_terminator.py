"""System 14: HyperZ*Z*W / Terminator."""

from __future__ import annotations

from intaglio.ledger.entry import Entry, missing

NEED = "weights read from the activation buffer"

ENTRY = Entry(
    number=14,
    name="HyperZ*Z*W / Terminator",
    kind="B",
    claim=(
        "Implicit-MLP hyper-kernels x activations, then conv by those context-dependent kernels; "
        "no residuals"
    ),
    operator=(
        "elementwise int mul, then dynamic-weight depthwise kxk / global dot; weights come from an"
        " activation buffer"
    ),
    clauses=(
        missing("MAC array accepts weights from activation SRAM at run time", NEED),
        missing("dynamic conv bit-exact", NEED),
        missing("slow-network kernels generated once per image and timed separately", NEED),
    ),
)
