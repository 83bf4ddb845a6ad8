"""System 7: SpaRTAN."""

from __future__ import annotations

from typing import Any

from intaglio.ledger.entry import Clause, Entry, Verdict, missing, passed
from intaglio.ledger.layers import Net, run


def dilated() -> Verdict:
    """Run dense and depthwise 3x3 at three dilations in gates, two of them stacked."""
    net = Net("dilated", 7)
    source = net.input(11, 10, 12, zero=-6)
    outputs = []
    for dilation in (1, 2, 3):
        settings: dict[str, Any] = {"padding": "same", "dilation": (dilation, dilation)}
        outputs.append(net.conv(source, outputs=12, kernel=(3, 3), **settings))
        outputs.append(net.conv(source, depthwise=True, kernel=(3, 3), **settings))
    outputs.append(net.conv(outputs[3], depthwise=True, kernel=(3, 3), padding="same"))
    ran = run(net.graph(*outputs))
    return passed(f"d = 1, 2, 3, dense and depthwise: {ran.compared} codes in gates, 0 differ")


ENTRY = Entry(
    number=7,
    name="SpaRTAN",
    kind="B",
    claim=(
        'Mixed kernel/dilation spatial mixer + "wave" channel aggregation. 77.7 % with 3.8 M '
        "params, ~1.0 GFLOP; 50.0 AP, +1.2"
    ),
    operator=(
        "dense and depthwise 3x3 at dilation 1 and 2 (two stacked), SE, channel argmax+gather, "
        "per-channel-pair complex multiply"
    ),
    clauses=(
        Clause(
            (
                "Dilated conv bit-exact for d in {1,2,3}, dense (groups=1, first stages) and "
                "depthwise (later stages)"
            ),
            dilated,
        ),
        missing(
            "argmax/gather vector op matches numpy incl. ties (lowest index)",
            "argmax and gather over channels in gates",
        ),
        missing(
            "complex 2xINT16 multiply exact", "a unit that multiplies complex numbers of 16 bits"
        ),
    ),
)
