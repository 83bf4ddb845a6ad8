"""System 34: FlashRNN."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

from intaglio.api.models import MODELS
from intaglio.compiler.compile import compile_graph
from intaglio.compiler.outline import outline_graph
from intaglio.ledger.all_cuts import best_of_all
from intaglio.ledger.entry import Clause, Entry, Verdict, failed, judge, missing
from intaglio.ledger.layers import TINY, Net
from intaglio.spec.errors import FitError
from intaglio.spec.presets import PRESETS
from intaglio.spec.tensor import blocks_of

NEED = "recurrent layers with state on chip"
SMALL = replace(TINY, name="tiny-1k", acts_kib=1)
SIDE, INPUTS, OUTPUTS, KERNEL = 9, 200, 8, 3


def feasible() -> Verdict:
    """Tile every layer of the benchmark networks for the default accelerator."""
    parts = []
    for name, build in MODELS.items():
        outline = outline_graph(build(), PRESETS["default"])
        commands = sum(map(len, outline.jobs))
        parts.append(f"{name} {len(outline.layers)} layers, {commands} commands")
    return judge(len(parts) == len(MODELS), f"tiled for the default array: {'; '.join(parts)}")


def infeasible() -> Verdict:
    """Compile a layer of which no strip fits, and try every strip.

    Its image goes on at the edges, so that no part of a sum is loaded by itself.
    """
    net = Net("deep")
    graph = net.graph(
        net.conv(
            net.input(SIDE, SIDE, INPUTS),
            outputs=OUTPUTS,
            kernel=(KERNEL,) * 2,
            padding="same",
            edge="edge",
        )
    )
    least = min(
        _words(rows, columns, blocks)
        for rows, columns, blocks in product(
            range(1, SIDE + 1), range(1, SIDE + 1), range(1, blocks_of(OUTPUTS, 4) + 1)
        )
    )
    size = least * SMALL.act_bytes
    try:
        compile_graph(graph, SMALL)
    except FitError as error:
        finding = error.findings[0]
        good = finding.code == "E401" and str(size) in finding.need and least > SMALL.act_words
        text = f"{finding.message}; {finding.have}; the least of all {SIDE**2} strips: {size} bytes"
        return judge(good, text)
    return failed("a layer of which no strip fits was compiled")


def _words(rows: int, columns: int, blocks: int) -> int:
    """Return the words of a strip of outputs and of the inputs that its windows read."""
    sides = [n + KERNEL - 1 for n in (rows, columns)]
    before = blocks_of(INPUTS, SMALL.channels) * sides[0] * sides[1]
    return before + blocks * rows * columns


ENTRY = Entry(
    number=34,
    name="FlashRNN",
    kind="B/C",
    claim=(
        "Fused LSTM/GRU/sLSTM kernels; ConstrINT integer-CSP tiler. 50x over PyTorch, 40x larger "
        "hidden than Triton"
    ),
    operator="stationary-weight recurrent GEMV per head, LUT gates; CSP tiling",
    clauses=(
        missing("1000-step INT8 LSTM/GRU/Elman bit-exact (no drift vs integer model)", NEED),
        missing("weight DRAM bytes independent of T", NEED),
        Clause("CSP returns a feasible tile for every layer in the zoo", feasible),
        Clause("equals brute-force best on small cases", best_of_all),
        Clause("and proves infeasibility otherwise", infeasible),
    ),
)
