"""System 50: TVConv."""

from __future__ import annotations

from intaglio.ledger.entry import Entry, missing

NEED = "kernels that differ from pixel to pixel"

ENTRY = Entry(
    number=50,
    name="TVConv",
    kind="B",
    claim=(
        "Translation-variant DW conv, weights per pixel from affinity maps. 3.1x less compute, "
        "2.3x throughput, +4.21 %"
    ),
    operator="static per-pixel depthwise kxk (weights C*k^2*H*W)",
    clauses=(
        missing("Bit-exact", NEED),
        missing("weight generator network run once (on the same array), result cached", NEED),
        missing("weight-stream bandwidth bound shown", NEED),
    ),
)
