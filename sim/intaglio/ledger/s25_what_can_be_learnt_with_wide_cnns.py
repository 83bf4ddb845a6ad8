"""System 25: What can be learnt with wide CNNs."""

from __future__ import annotations

import numpy as np

from intaglio.compiler.prove import prove_accumulator
from intaglio.ledger.entry import Clause, Entry, Verdict, judge, passed
from intaglio.ledger.layers import TINY, Net, run
from intaglio.spec.errors import FitError
from intaglio.spec.formats import INT8, INT32, dot_format

TREES = {2: (6, 16), 4: (4, 8)}  # stride: levels, channels
WIDE = 4096


def trees() -> Verdict:
    """Run trees of convolutions whose stride is their kernel, and one layer of full width."""
    total = []
    for stride, (levels, channels) in TREES.items():
        net = Net(f"tree-{stride}", 25)
        at = net.input(stride**levels, 1, 3) if stride == 4 else net.input(1, 2**levels, 3)
        kernel, step = ((4, 1), (4, 1)) if stride == 4 else ((1, 2), (1, 2))
        for level in range(levels):
            at = net.conv(at, outputs=channels << (level // 2), kernel=kernel, stride=step)
        total.append(run(net.graph(at), TINY).compared)
    net = Net("wide", 25)
    source = net.input(2, 2, 64)
    wide = net.conv(source, outputs=WIDE, kernel=(2, 2), stride=(2, 2))
    last = net.conv(wide, outputs=4)
    total.append(run(net.graph(wide, last), TINY).compared)
    return passed(
        f"trees of stride 2 (6 levels) and 4 (4 levels), width {WIDE}: {sum(total)} codes, 0 differ"
    )


def widths() -> Verdict:
    """Prove accumulators for weights of the greatest magnitude; a longer sum is refused."""
    found = {}
    for size in (2, 4):
        terms = WIDE * size * size
        found[size] = dot_format(INT8, INT8, terms).bits
        weights = np.full((1, size, size, WIDE), -128, np.int64)
        zero, bias = 0, np.zeros(1, np.int64)
        if found[size] <= INT32.bits:
            prove_accumulator(f"tree {size}", weights, (1, 2, 3), zero, bias)
    refused = False
    try:
        wide = np.full((1, 8, 8, WIDE), -128, np.int64)
        prove_accumulator("tree 8", wide, (1, 2, 3), 0, np.zeros(1, np.int64))
    except FitError:
        refused = True
    text = ", ".join(f"{bits} bits at K=4096*{size}^2" for size, bits in found.items())
    return judge(max(found.values()) <= INT32.bits and refused, f"{text}; K=4096*8^2 is refused")


ENTRY = Entry(
    number=25,
    name="What can be learnt with wide CNNs",
    kind="D",
    claim="Kernel-regime theory of hierarchical CNNs",
    operator="theory",
    clauses=(
        Clause(
            (
                "Exercised as mapping test: tree CNN with stride = kernel (2, 4) over 4 to 6 "
                "levels and width to 4096 bit-exact"
            ),
            trees,
        ),
        Clause("range analyser proves accumulator width at K=4096*k^2", widths),
    ),
)
