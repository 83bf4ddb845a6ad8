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
from intaglio.spec.errors import Finding
from intaglio.spec.graph import Op

CHANNELS, SIZE = 32, 28
BRANCH = CHANNELS // 8
RESIDENT = replace(TINY, name="tiny-64k", acts_kib=64)  # input and output stay on chip
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


def _cycles(kernel: tuple[int, int], channels: int) -> int:
    """Return the cycles of a depthwise layer with resident activations; outputs are compared."""
    shape = Shape(Op.DEPTHWISE, (SIZE, SIZE, channels), channels, kernel=kernel, padding="same")
    name = f"dw{kernel[0]}x{kernel[1]}"
    row = LayerRow(name, "depthwise", 8, 8, shape, {})
    found = measure(Task(row, RESIDENT, "sim", MemorySettings(), 1, False)).resident
    if found is None or found.mismatches:
        raise BenchError(
            Finding("E602", f"{name} differs from golden or does not run", have=name, need="equal")
        )
    return found.cycles


def ratio() -> Verdict:
    """Compare the cycles of 7x7 over all channels with those of the three branches."""
    whole = _cycles((7, 7), CHANNELS)
    parts = [_cycles(kernel, BRANCH) for kernel, _ in KERNELS.values()]
    gain = whole / sum(parts)
    return judge(
        gain >= LEAST_RATIO,
        f"{SIZE}x{SIZE}x{CHANNELS} on {RESIDENT.name}: {whole} cycles for 7x7, {sum(parts)} for "
        f"the branches: {gain:.1f}x of at least {LEAST_RATIO:.1f}x",
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
