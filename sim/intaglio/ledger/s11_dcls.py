"""System 11: DCLS."""

from __future__ import annotations

from intaglio.ledger.entry import Entry, missing

NEED = "an engine that reads a list of taps"

ENTRY = Entry(
    number=11,
    name="DCLS",
    kind="C/B",
    claim=(
        "Dilated conv with *learnable, fractional* positions via interpolation; drop-in for "
        "ConvNeXt depthwise at equal params"
    ),
    operator="compile-time kernel constructor; HW sparse-tap depthwise conv (list of dy,dx,w)",
    clauses=(
        missing("Constructor matches reference v1 and gauss formulas <=1e-6", NEED),
        missing("tap-list engine bit-exact to dense K", NEED),
        missing("cycles proportional to distinct taps (<=4*count) not S^2", NEED),
        missing("report taps/S^2", NEED),
    ),
)
