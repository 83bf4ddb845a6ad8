"""System 26: ECA-Net."""

from __future__ import annotations

import numpy as np

from intaglio.api.layer_cycles import model_cycles
from intaglio.compiler.compile import compile_graph
from intaglio.compiler.passes.certificate import Certificate
from intaglio.compiler.passes.run import optimised
from intaglio.compiler.passes.scale_sum import ResidualScale
from intaglio.golden.network import run_graph
from intaglio.ledger.entry import Clause, Entry, Verdict, judge
from intaglio.ledger.layers import TINY, Net, run
from intaglio.spec.config import ArrayConfig
from intaglio.spec.graph import Activation, Graph
from intaglio.spec.presets import PRESETS

KERNELS = (3, 5, 5, 7)
BLOCKS = (3, 4, 6, 3)
SIZES = (56, 28, 14, 7)
BOARD = PRESETS["ulx3s-25f"]
MOST = 0.01
REFERENCE = "own"
GATE = 1 / 256  # scale of sigmoid's codes, zero point -128
STEP = 0.04  # scale of activations
BRANCH = 0.83 * STEP  # of the branch that is scaled: no whole number of steps of the shortcut
MEASURED = 2  # the stage whose block runs in gates


def parameters() -> Verdict:
    """Count the parameters of the attention of ResNet-50, a kernel in each block of each stage."""
    count = sum(
        sum(np.zeros(kernel).size for _ in range(blocks))
        for kernel, blocks in zip(KERNELS, BLOCKS, strict=True)
    )
    return judge(count == 80, f"{count} parameters, k = {KERNELS} over {BLOCKS} blocks")


Certificates = tuple[Certificate, ...]


def _attention(net: Net, source: int, channels: int, kernel: int) -> int:
    """Add the attention as files have it: a row of channels, convolved, and back."""
    row = net.reshape(net.mean(source, 5), (1, 1, channels, 1))
    conv = net.conv(row, outputs=1, kernel=(1, kernel), padding="same", zero=-7, scale=STEP)
    gate = net.reshape(net.table(conv, "sigmoid", GATE, -128), (1, 1, 1, channels))
    return net.multiply(source, gate, 4)


def _block(size: int, channels: int, kernel: int, attentive: bool) -> tuple[Graph, Certificates]:
    """Return a bottleneck block, with the attention behind its last convolution or without."""
    net = Net("bottleneck", kernel)
    inner = channels // 4
    source = net.input(size, size, channels, 3, STEP)
    y = net.conv(source, outputs=inner, scale=STEP)
    y = net.conv(y, outputs=inner, kernel=(3, 3), padding="same", zero=-2, scale=STEP)
    y = net.conv(y, outputs=channels, zero=6, scale=BRANCH)
    if attentive:
        y = _attention(net, y, channels, kernel)
    total = net.add(y, source, activation=Activation.RELU)
    return optimised(net.graph(total), REFERENCE, run_graph)


def exact() -> Verdict:
    """Run blocks with attention in gates, channels that are whole words and others."""
    codes, worst = 0, ("", np.inf)
    for channels, kernel in ((32, 3), (64, 5), (36, 7), (44, 3), (20, 5)):
        for config in (TINY, BOARD):
            graph, certificates = _block(6, channels, kernel, True)
            done = run(graph, config, reference=REFERENCE)
            where = {layer.where for layer in done.program.layers}
            if where != {"array"}:
                return judge(False, f"{channels} channels on {config.name}: parts on the host")
            codes += done.compared
            fused = next(c for c in certificates if c.name == ResidualScale.name)
            worst = min(worst, (fused.text, fused.sqnr_db or 0.0), key=lambda pair: pair[1])
    text = "mean, convolution over channels, sigmoid by table, scale in the sum, all on the array"
    return judge(
        codes > 0,
        f"{text}: {codes} codes of blocks in gates, 0 differ; scale and sum as one operator "
        f"against real arithmetic: {worst[0]}",
    )


def _shape(stage: int) -> tuple[int, int, int]:
    return SIZES[stage], 256 << stage, KERNELS[stage]


def _added(stage: int, config: ArrayConfig) -> float:
    """Return the share of cycles that the attention adds, everything from memory."""
    each = []
    for attentive in (False, True):
        graph, _ = _block(*_shape(stage), attentive)
        cycles = model_cycles(compile_graph(graph, config, reference=REFERENCE), config)
        each.append(sum(cycles.values()))
    return each[1] / each[0] - 1


def cycles() -> Verdict:
    """Compare a block of ResNet-50 in gates with the same one without attention.

    That of the stage with most blocks; all stages by the cycle model, and it must hold for each.
    The scale is part of the residual sum, which is there without attention too: what it adds is
    the mean of all pixels, and its share grows with them.
    """
    size, channels, kernel = _shape(MEASURED)
    plain, attentive = (
        run(graph, BOARD, keep_all=False, reference=REFERENCE).cycles
        for graph, _ in (_block(size, channels, kernel, attentive) for attentive in (False, True))
    )
    share = attentive / plain - 1
    shares = [_added(stage, BOARD) for stage in range(len(SIZES))]
    stages = " ".join(f"{one:.2%}" for one in shares)
    return judge(
        max(share, *shares) < MOST,
        f"{size}x{size}x{channels} on {BOARD.name} (P {BOARD.pixels}, K {BOARD.channels}, D "
        f"{BOARD.depth}, Q {BOARD.requant_lanes}) in gates: {plain} cycles, {attentive} with mean, "
        f"convolution, sigmoid and scale: {share:.2%} added; the four stages on it by the model: "
        f"{stages}",
    )


ENTRY = Entry(
    number=26,
    name="ECA-Net",
    kind="B",
    claim=(
        "Channel attention by 1-D conv across channels, adaptive k. 80 params vs 24.37 M; 4.7e-4 "
        "GFLOP; > +2 %"
    ),
    operator="global avg pool -> 1-D conv over the channel axis -> sigmoid -> channel scale",
    clauses=(
        Clause("Bit-exact incl. integer mean and LUT sigmoid", exact),
        Clause(
            "parameter counter prints 80 for ResNet-50 (k=3,5,5,7 over 3/4/6/3 blocks)", parameters
        ),
        Clause("added cycles < 1 % of the block", cycles),
    ),
)
