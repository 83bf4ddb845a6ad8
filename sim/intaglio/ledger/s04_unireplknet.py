"""System 4: UniRepLKNet."""

from __future__ import annotations

from intaglio.ledger.entry import Clause, Entry, Verdict, judge, missing
from intaglio.ledger.layers import TINY, Net, run

HEIGHT, WIDTH, CHANNELS, SIZE = 14, 14, 16, 13


def utilisation() -> Verdict:
    """Run a depthwise 13x13 in gates and report the share of multipliers that are used."""
    net = Net("dw13", 4)
    source = net.input(HEIGHT, WIDTH, CHANNELS)
    ran = run(net.graph(net.conv(source, depthwise=True, kernel=(SIZE, SIZE), padding="same")))
    macs = sum(layer.macs for layer in ran.program.layers)
    share = macs / (ran.counters["MAC_CYCLES"] * TINY.macs)
    whole = macs / (ran.cycles * TINY.macs)
    return judge(
        0 < share <= 1,
        f"DW13x13 {HEIGHT}x{WIDTH}x{CHANNELS} on {TINY.name}: {100 * share:.1f} % of the "
        f"multipliers while sums run, {100 * whole:.1f} % of all cycles; {ran.compared} codes "
        "in gates, 0 differ",
    )


ENTRY = Entry(
    number=4,
    name="UniRepLKNet",
    kind="B",
    claim=(
        "CVPR 2024: Same network as a block: DW13x13 -> SE -> PW -> GELU -> GRN -> PW. Same "
        'accuracies, "universal" audio/video/point/time-series'
    ),
    operator=(
        "depthwise 13x13, SE (global pool + 2 FC + sigmoid), GRN (per-channel L2 over H,W / mean)"
    ),
    clauses=(
        missing(
            (
                "Whole block int-only (INT8 tensors, INT32 acc, integer sqrt for GRN) bit-exact to"
                " the numpy model"
            ),
            "squeeze-excite, GRN with an integer root and GELU as one block of integers",
        ),
        missing("and >= 30 dB SQNR to float", "the same block, to be compared with float"),
        Clause("DW13x13 utilisation reported, never hidden", utilisation),
    ),
)
