"""System 51: MetaMixer / FFNet."""

from __future__ import annotations

import numpy as np

from intaglio.golden.conv import depthwise_acc
from intaglio.ledger.entry import Clause, Entry, Verdict, judge, passed
from intaglio.ledger.layers import Net, draw, run
from intaglio.ledger.merges import merged
from intaglio.spec.formats import INT8

CHANNELS = 8


def block() -> Verdict:
    """Run PW, depthwise 7x7, GELU by table and depthwise 7x7 in gates."""
    net = Net("ffnet", 51)
    source = net.input(10, 9, CHANNELS, zero=-2, scale=1e-4)
    mixed = net.conv(source, outputs=CHANNELS, zero=5)
    query = net.conv(mixed, depthwise=True, kernel=(7, 7), padding="same", zero=-4)
    active = net.table(query, "gelu", net.scale(query), zero=-100)
    value = net.conv(active, depthwise=True, kernel=(7, 7), padding="same")
    graph = net.graph(mixed, query, active, value)
    ran = run(graph, inputs=draw(graph))
    used = len(np.unique(ran.outputs[active]))
    return judge(used > 20, f"block with {used} codes of GELU: {ran.compared} codes, 0 differ")


def merge() -> Verdict:
    """Merge a 7x7 with a 3x3 branch; compare with the sum of both, in numpy and in gates."""
    rng = np.random.default_rng(51)
    large, small = (rng.integers(-1, 2, (1, k, k, CHANNELS)) for k in (7, 3))
    kernel = merged(((large, 1), (small, 1)), 7)
    net = Net("merge", 51)
    source = net.input(9, 9, CHANNELS)
    number = net.conv(source, kernel, depthwise=True, exact=True, padding=(3, 3, 3, 3))
    graph = net.graph(number)
    inputs = draw(graph, low=-2, high=2)
    x = inputs[source]
    parts = depthwise_acc(x, 0, large, pads=(3, 3, 3, 3)) + depthwise_acc(
        x, 0, small, pads=(1,) * 4
    )
    got = run(graph, inputs=inputs).outputs[number]
    same = np.array_equal(got, np.clip(parts[0], INT8.min, INT8.max))
    return judge(same, f"7x7 and 3x3 in one kernel: {got.size} codes in gates, 0 differ")


def line() -> Verdict:
    """Run the block along one axis in gates."""
    net = Net("line", 51)
    source = net.input(1, 64, CHANNELS, scale=1e-4)
    mixed = net.conv(source, outputs=CHANNELS)
    query = net.conv(mixed, depthwise=True, kernel=(1, 7), padding="same")
    active = net.table(query, "gelu", net.scale(query), zero=-100)
    value = net.conv(active, depthwise=True, kernel=(1, 7), padding="same")
    ran = run(net.graph(query, active, value))
    return passed(f"the same along 64 places: {ran.compared} codes in gates, 0 differ")


ENTRY = Entry(
    number=51,
    name="MetaMixer / FFNet",
    kind="B",
    claim='"FFNified attention": DW kxk -> GELU -> DW kxk inside QKV frame',
    operator="PW -> DW 7x7 -> GELU -> DW 7x7, RepVGG-style merge",
    clauses=(
        Clause("Block bit-exact with INT GELU LUT or ShiftGELU", block),
        Clause("merge of 7x7+small branch exact", merge),
        Clause("also 1-D mode", line),
    ),
)
