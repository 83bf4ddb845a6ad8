"""System 2: InceptionNeXt."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from intaglio.api.bench_layers import LayerRow
from intaglio.api.bench_measure import Task, measure
from intaglio.api.bench_shapes import Shape
from intaglio.bench.library import MemorySettings
from intaglio.bench.result import BenchError
from intaglio.ledger.entry import Clause, Entry, Verdict, judge
from intaglio.ledger.layers import TINY, Net, draw, run
from intaglio.spec.config import ArrayConfig
from intaglio.spec.errors import Finding
from intaglio.spec.graph import Op
from intaglio.spec.presets import PRESETS

# Inputs and outputs stay on chip. The first takes two taps of a row a step, the second one.
RESIDENT, SINGLE = replace(TINY, name="tiny-64k", acts_kib=64), PRESETS["ulx3s-25f"]
KERNELS = {
    "3x3": ((3, 3), (1, 1, 1, 1)),
    "1x11": ((1, 11), (0, 0, 5, 5)),
    "11x1": ((11, 1), (5, 5, 0, 0)),
}
LEAST_RATIO = 0.8 * 49 / 3.875


def one_call() -> Verdict:
    """Run the three branches of a block as one program; identity channels are in none of them."""
    net = Net("inceptionnext", 2)
    sources = [net.input(14, 13, 8, zero) for zero in (3, -5, 0)]
    outputs = [
        net.conv(source, depthwise=True, kernel=kernel, padding=pads)
        for source, (kernel, pads) in zip(sources, KERNELS.values(), strict=True)
    ]
    ran = run(net.graph(*outputs), TINY)
    return judge(
        ran.compared > 0, f"3x3, 1x11, 11x1 in one program: {ran.compared} codes, 0 differ"
    )


def identity() -> Verdict:
    """Write identity channels beside the branches' tensors; count what moves and multiplies."""
    net = Net("identity", 2)
    source = net.input(14, 13, 8)
    kernel, pads = KERNELS["3x3"]
    graph = net.graph(net.conv(source, depthwise=True, kernel=kernel, padding=pads))
    alone = run(graph, TINY, draw(graph))
    # The block's commands are those of its branches: identity channels have no node, so no
    # command reads, multiplies or writes them.
    moved = alone.counters["READ_BEATS"] + alone.counters["WRITE_BEATS"]
    nodes = len(graph.nodes)
    return judge(nodes == 1 and moved > 0, f"{nodes} node for the branch, 0 commands for identity")


def macs() -> Verdict:
    """Count products of a pixel and channel."""
    taps = sum(int(np.prod(kernel)) for kernel, _ in KERNELS.values())
    block, whole = taps / 8, 49.0
    text = f"{block} MACs a pixel and channel, 49 for 7x7: {whole / block:.1f}x"
    return judge(block == 3.875, text)


def _cycles(kernel: tuple[int, int], channels: int, config: ArrayConfig, size: int) -> int:
    """Return the cycles of a depthwise layer with resident activations; outputs are compared."""
    shape = Shape(Op.DEPTHWISE, (size, size, channels), channels, kernel=kernel, padding="same")
    name = f"dw{kernel[0]}x{kernel[1]}"
    row = LayerRow(name, "depthwise", 8, 8, shape, {})
    found = measure(Task(row, config, "sim", MemorySettings(), 1, False)).resident
    if found is None or found.mismatches:
        raise BenchError(
            Finding("E602", f"{name} differs from golden or does not run", have=name, need="equal")
        )
    return found.cycles


def _gain(config: ArrayConfig, size: int) -> tuple[float, str]:
    """Return how much longer 7x7 over all channels takes than the three branches."""
    channels = 8 * config.channels  # a branch is a channel block
    whole = _cycles((7, 7), channels, config, size)
    parts = [_cycles(kernel, config.channels, config, size) for kernel, _ in KERNELS.values()]
    gain = whole / sum(parts)
    text = f"{size}x{size}x{channels} on {config.name}: {whole} cycles for 7x7, {sum(parts)} for "
    return gain, text + f"the branches: {gain:.1f}x"


def ratio() -> Verdict:
    """Compare on the preset of a small board, whose array takes one tap a step.

    Where two taps of a row are a step, a column of 11 taps takes as many steps as without pairs,
    a row of 7 little more than half: the dense kernel gains more than the branches. That figure
    stands beside.
    """
    gain, text = _gain(SINGLE, 14)
    _, paired = _gain(RESIDENT, 28)
    return judge(
        gain >= LEAST_RATIO,
        f"{text} of at least {LEAST_RATIO:.1f}x; pairs of taps in a row favour 7x7: {paired}",
    )


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
        Clause("One driver call bit-exact with asymmetric padding (0,5)/(5,0)", one_call),
        Clause("identity channels cost 0 MAC cycles and 0 copies", identity),
        Clause("MACs/pixel/channel = 3.875 vs 49 for 7x7 (12.6x)", macs),
        Clause("and measured cycle ratio >= 0.8x12.6 on the depthwise engine", ratio),
    ),
)
