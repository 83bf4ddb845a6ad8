"""System 55: Lite Pose."""

from __future__ import annotations

import numpy as np

from intaglio.golden.conv import conv_acc
from intaglio.ledger.entry import Clause, Entry, Verdict, judge
from intaglio.ledger.layers import TINY, Net, run
from intaglio.spec.formats import IntArray

SIZE, INPUTS, OUTPUTS = 7, 6, 5
KERNEL, STRIDE, PAD = 4, 2, 1


def phases(weights: IntArray) -> dict[tuple[int, int], tuple[IntArray, tuple[int, int, int, int]]]:
    """Return the four 2x2 kernels of a transposed convolution k4 s2 p1, with their padding.

    Output (2i + a, 2j + b) is the convolution of phase (a, b) at (i, j). Of each axis, phase 0
    takes taps 3 and 1 of the inputs before and at the place, phase 1 taps 2 and 0 of those at and
    after it.

    Parameters
    ----------
    weights : array
        Outputs, 4, 4, inputs.
    """
    taps, pads = {0: (3, 1), 1: (2, 0)}, {0: (1, 0), 1: (0, 1)}
    return {
        (a, b): (weights[:, taps[a]][:, :, taps[b]], (*pads[a], *pads[b]))
        for a in (0, 1)
        for b in (0, 1)
    }


def scattered(x: IntArray, weights: IntArray) -> IntArray:
    """Return the transposed convolution by its definition: every input adds to 4x4 outputs."""
    height, width, _ = x.shape
    full = np.zeros((STRIDE * height + 2, STRIDE * width + 2, len(weights)), np.int64)
    for i, j in np.ndindex(height, width):
        full[STRIDE * i : STRIDE * i + KERNEL, STRIDE * j : STRIDE * j + KERNEL] += np.einsum(
            "c,orsc->rso", x[i, j], weights
        )
    return full[PAD:-PAD, PAD:-PAD]


def _data(channels: int) -> tuple[IntArray, IntArray]:
    rng = np.random.default_rng(55)
    x = rng.integers(-2, 3, (SIZE, SIZE, channels))
    return x, rng.integers(-1, 2, (OUTPUTS, KERNEL, KERNEL, channels))


def _in_gates(x: IntArray, weights: IntArray) -> tuple[IntArray, int]:
    """Return the four phases run in gates as one program, interleaved, and the products."""
    net = Net("deconv", 55)
    source = net.input(*x.shape)
    numbers = {
        phase: net.conv(source, kernel, exact=True, padding=pads)
        for phase, (kernel, pads) in phases(weights).items()
    }
    graph = net.graph(*numbers.values())
    ran = run(graph, TINY, {source: x[None].astype(np.int8)})
    whole = np.zeros((STRIDE * SIZE, STRIDE * SIZE, OUTPUTS), np.int64)
    for (a, b), number in numbers.items():
        whole[a::2, b::2] = ran.outputs[number]
    return whole, sum(layer.macs for layer in ran.program.layers)


def four_phases() -> Verdict:
    """Compare the phases in gates with the definition; codes are the sums themselves."""
    x, weights = _data(INPUTS)
    got, _ = _in_gates(x, weights)
    exact = scattered(x, weights)
    wrong = int((got != exact).sum())
    return judge(
        wrong == 0 and int(np.abs(exact).max()) < 128,
        f"k4 s2 p1 as four 2x2 convolutions: {exact.size} outputs in gates, {wrong} differ",
    )


def no_waste() -> Verdict:
    """Count the products of the phases."""
    x, weights = _data(INPUTS)
    _, macs = _in_gates(x, weights)
    expected = SIZE * SIZE * 16 * INPUTS * OUTPUTS
    return judge(macs == expected, f"{macs} MACs = H*W*16*C*C'; with zeros {4 * expected}")


def shared() -> Verdict:
    """Sum two deconvolutions in one: their channels beside each other share an accumulator."""
    x, weights = _data(2 * INPUTS)
    got, _ = _in_gates(x, weights)
    halves = (slice(None, INPUTS), slice(INPUTS, None))
    parts = [scattered(x[..., half], weights[..., half]) for half in halves]
    each = [
        conv_acc(x[None, ..., h], 0, phases(weights[..., h])[0, 0][0], pads=(1, 0, 1, 0))
        for h in halves
    ]
    same = np.array_equal(got, parts[0] + parts[1])
    inner = np.array_equal(each[0][0] + each[1][0], (parts[0] + parts[1])[::2, ::2])
    return judge(same and inner, "sum of two deconvolutions: one accumulator, one requantisation")


ENTRY = Entry(
    number=55,
    name="Lite Pose",
    kind="B",
    claim=(
        "Single-branch pose net: Fusion Deconv Head, 7x7 kernels (+25 % compute, +14.0 mAP). "
        "<=5.0x latency"
    ),
    operator="transposed conv k4 s2 p1 x2 summed, DW7x7 IRB, DW5x5 separable head",
    clauses=(
        Clause("Transposed conv = 4 phase 2x2 convs bit-exact", four_phases),
        Clause("zero wasted MACs (MACs = H*W*16*C*C', not 4x that)", no_waste),
        Clause("the sum of the two deconvs shares one accumulator", shared),
    ),
)
