"""System 47: LPViT."""

from __future__ import annotations

from functools import cache

import numpy as np

from intaglio.api.estimates import estimate
from intaglio.api.model import Model
from intaglio.api.models import mobilenet_v2
from intaglio.explore.block_prune import LayerBlocks, allocate, layer_blocks
from intaglio.golden.network import run_graph
from intaglio.ledger.entry import Clause, Entry, Verdict, judge, missing

NEED = "a sequencer that skips blocks of weights"
SIZE = 32  # pixels of MobileNetV2's images
SHARES = (0.75, 0.5, 0.25)  # of the MACs
CLOSE = 0.01
BETA = 1.0


@cache
def blocks() -> tuple[LayerBlocks, ...]:
    """Return blocks of 16 by 16 weights of MobileNetV2, with importance and modelled energy."""
    graph = mobilenet_v2(SIZE)
    codes = np.random.default_rng(1).integers(-128, 128, (2, SIZE, SIZE, 3), np.int8)
    values = run_graph(graph, {graph.inputs[0]: codes})
    return layer_blocks(graph, values, estimate(Model(graph)))


def budget() -> Verdict:
    """Keep three shares of the MACs."""
    total = sum(float(layer.macs.sum()) for layer in blocks())
    found = {share: allocate(blocks(), share * total).macs / total for share in SHARES}
    text = ", ".join(f"{got:.2%} of {share:.0%}" for share, got in found.items())
    good = all(share * (1 - CLOSE) <= got <= share for share, got in found.items())
    return judge(good, f"MACs kept: {text}")


def energy() -> Verdict:
    """Keep half of the MACs with and without the power term."""
    half = sum(float(layer.macs.sum()) for layer in blocks()) / 2
    plain, saving = (allocate(blocks(), half, beta) for beta in (0.0, BETA))
    lost = 1 - saving.importance / plain.importance
    text = (
        f"modelled energy {saving.picojoules / plain.picojoules - 1:+.1%} with beta = {BETA:g}, "
        f"for {lost:.1%} less importance, at {saving.macs / plain.macs:.1%} of the MACs"
    )
    return judge(saving.picojoules < plain.picojoules, text)


ENTRY = Entry(
    number=47,
    name="LPViT",
    kind="C",
    claim=(
        "Block pruning with power-aware objective, 2nd-order Taylor. 3.93x (HW), 1.79x (GPU), "
        "-1.4x power"
    ),
    operator="block-mask format, per-layer sparsity allocation, power model",
    clauses=(
        missing("Block-sparse GEMM (16/32/64 blocks) bit-exact", NEED),
        missing("cycles = kept blocks", NEED),
        Clause("allocator meets a FLOP budget within 1 %", budget),
        Clause("and returns lower modelled energy when beta>0 than beta=0", energy),
        missing(
            "measured toggle energy ranks the same way",
            "gates that skip blocks, whose toggles could be counted",
        ),
    ),
)
