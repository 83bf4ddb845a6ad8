"""System 53: Data-efficient training codegen."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from intaglio.ledger.entry import Clause, Entry, Verdict, judge, missing
from intaglio.ledger.layers import TINY, Net, draw, run, serial
from intaglio.spec.commands import Opcode
from intaglio.spec.graph import Graph

LEAST_HIDDEN = 0.8


def _graph(size: int = 12) -> Graph:
    net = Net("schedules", 53)
    source = net.input(size, size, 16)
    wide = net.conv(source, outputs=32, kernel=(3, 3), padding="same")
    return net.graph(net.conv(wide, outputs=16, kernel=(3, 3), padding="same"))


def schedules() -> Verdict:
    """Compile one network for buffers of two sizes and compare the results of both schedules."""
    graph = _graph()
    inputs = draw(graph)
    small = replace(TINY, name="small-buffers", acts_kib=4, weights_kib=2)
    first, second = (run(graph, config, inputs) for config in (TINY, small))
    same = all(np.array_equal(first.outputs[n], second.outputs[n]) for n in graph.outputs)
    different = first.program.commands != second.program.commands
    return judge(
        same and different,
        f"{len(first.program.commands) // 128} and {len(second.program.commands) // 128} commands, "
        f"{first.compared} codes of both equal",
    )


def hidden() -> Verdict:
    """Compare the cycles of transfers that end beside sums with those of all transfers."""
    graph = _graph(28)
    inputs = draw(graph)
    overlapped = run(graph, TINY, inputs).cycles
    apart = run(graph, TINY, inputs, rewrite=lambda c: serial(c, set(Opcode)))
    sums = apart.counters["MAC_CYCLES"]
    transfers = apart.cycles - sums
    share = (apart.cycles - overlapped) / transfers
    return judge(
        share >= LEAST_HIDDEN,
        f"{100 * share:.0f} % of {transfers} cycles beside {sums} of sums are hidden",
    )


ENTRY = Entry(
    number=53,
    name="Data-efficient training codegen",
    kind="C",
    claim="thesis: PyTorch-Direct, Hector IR, SSDTrain",
    operator="gather DMA, one IR -> several schedules, transfer/compute overlap, offload",
    clauses=(
        missing(
            "Descriptor DMA gathers irregular rows at >= 90 % of linear bandwidth",
            "a transfer that gathers rows by a list of descriptors",
        ),
        Clause("two schedules from one IR give identical bits", schedules),
        Clause("overlap report: hidden transfer >= 80 % when compute-bound", hidden),
    ),
)
