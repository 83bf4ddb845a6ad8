"""System 2: InceptionNeXt."""

from __future__ import annotations

from intaglio.ledger.entry import Entry, missing

NEED = "nothing: the check is to be written"

ENTRY = Entry(
    number=2,
    name="InceptionNeXt",
    kind="B",
    claim=(
        "Large depthwise conv split on channels: identity, 3x3, 1x11, 11x1. 1.6x training "
        "throughput of ConvNeXt-T, +0.2 % top-1"
    ),
    operator="depthwise kxk + 1xk and kx1 band + identity; branch = C/8 each, identity 5C/8",
    clauses=(
        missing("One driver call bit-exact with asymmetric padding (0,5)/(5,0)", NEED),
        missing("identity channels cost 0 MAC cycles and 0 copies", NEED),
        missing("MACs/pixel/channel = 3.875 vs 49 for 7x7 (12.6x)", NEED),
        missing("and measured cycle ratio >= 0.8x12.6 on the depthwise engine", NEED),
    ),
)
