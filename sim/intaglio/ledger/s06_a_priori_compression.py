"""System 6: A-priori compression."""

from __future__ import annotations

from functools import partial

import numpy as np

from intaglio.bench.columns import Columns
from intaglio.gateware.pair_fma import PairFma
from intaglio.golden.conv import conv_acc
from intaglio.ledger.entry import Clause, Entry, Verdict, judge, passed
from intaglio.ledger.layers import TINY, Net, draw, run
from intaglio.ledger.measure import gates, once, row, sqnr
from intaglio.spec.codes_dfp import Overflow
from intaglio.spec.formats import INT16, IntArray

FILTERS = 8
GRID, STEPS, FRACTION = 24, 90, 14
LEAST_DB = 30.0


def chain() -> Verdict:
    """Run channel, column and row filters one after the other in gates."""
    net = Net("rank-1", 6)
    source = net.input(12, 11, 16, zero=4)
    mixed = net.conv(source, outputs=FILTERS, zero=-3)
    down = net.conv(mixed, depthwise=True, kernel=(3, 1), padding="same", zero=2)
    across = net.conv(down, depthwise=True, kernel=(1, 3), padding="same")
    ran = run(net.graph(mixed, down, across), TINY)
    return passed(f"1x1, 3x1, 1x3: {ran.compared} codes in gates, 0 differ")


def dense() -> Verdict:
    """Run a chain whose codes are the sums themselves beside the dense outer product."""
    rng = np.random.default_rng(6)
    channel, column, line = (rng.integers(-1, 2, (FILTERS, n)) for n in (4, 3, 3))
    kernels = np.einsum("oc,or,os->orsc", channel, column, line)
    net = Net("dense", 6)
    source = net.input(10, 9, 4)
    mixed = net.conv(source, channel[:, None, None, :], exact=True)
    down = net.conv(mixed, column.T[None, :, None, :], depthwise=True, exact=True)
    across = net.conv(down, line.T[None, None, :, :], depthwise=True, exact=True)
    whole = net.conv(source, kernels, exact=True)
    graph = net.graph(across, whole)
    inputs = draw(graph, low=-3, high=3)
    ran = run(graph, TINY, inputs)
    exact = conv_acc(inputs[source], 0, kernels)[0]
    same = all(np.array_equal(ran.outputs[number], exact) for number in (across, whole))
    return judge(same, f"chain and dense kernel of {FILTERS} filters: {exact.size} sums, 0 differ")


def parameters() -> Verdict:
    """Count parameters of both forms."""
    channels, size = 32, 3
    ratio = channels * size**2 / (channels + 2 * size)
    return judge(round(ratio, 1) == 7.6, f"{ratio:.2f}x fewer parameters at C={channels}, k={size}")


def _wave() -> tuple[IntArray, IntArray, list[float]]:
    """Return operands of every sum of a simulated wave, in 16 bits, and the noise of each step.

    u' = 2u - v + (north + south + west + east - 4u) / 4 = u - v + (the four neighbours) / 4.
    """
    y, x = np.mgrid[:GRID, :GRID]
    start = np.exp(-((y - GRID / 2) ** 2 + (x - GRID / 3) ** 2) / 8)
    real, before = start.copy(), start.copy()
    codes = np.rint(start * (1 << FRACTION)).astype(np.int64)
    older = codes.copy()
    weights = np.array([4, -4, 1, 1, 1, 1])
    acts, noise = [], []
    for _ in range(STEPS):
        shifts = [
            np.pad(codes, 1)[1 + dy : GRID + 1 + dy, 1 + dx : GRID + 1 + dx]
            for dy, dx in ((-1, 0), (1, 0), (0, -1), (0, 1))
        ]
        taps = np.stack([codes, older, *shifts], axis=-1)
        acts.append(taps.reshape(-1, 6))
        older, codes = codes, ((taps @ weights) + 2) >> 2
        if not INT16.holds(codes):
            raise ValueError("the wave leaves 16 bits")
        around = sum(
            np.pad(real, 1)[1 + dy : GRID + 1 + dy, 1 + dx : GRID + 1 + dx]
            for dy, dx in ((-1, 0), (1, 0), (0, -1), (0, 1))
        )
        real, before = real - before + around / 4, real
        noise.append(sqnr(real, codes / (1 << FRACTION)))
    act = np.concatenate(acts)
    return act, np.broadcast_to(weights, act.shape), noise


def wave() -> Verdict:
    """Simulate a membrane: sums of 16-bit codes in gates, beside finite differences."""
    act, wgt, noise = _wave()
    at = np.arange(len(act) * 3) % 3
    columns = Columns(act=act.reshape(-1, 2), wgt=wgt.reshape(-1, 2), first=at == 0, last=at == 2)
    sums = [{"acc": int(total), "overflow": 0} for total in (act * wgt).sum(axis=1)]
    build = partial(PairFma, 16, Overflow.WIDE)
    (done,) = gates([row("wave", build, once({"i": columns}), lambda _: {"o": sums})])
    return judge(
        min(noise) >= LEAST_DB,
        f"{GRID}x{GRID} membrane, {STEPS} steps in INT16: {done.payloads} sums in gates, 0 differ; "
        f"{noise[-1]:.1f} dB to float64 at the end",
    )


ENTRY = Entry(
    number=6,
    name="A-priori compression",
    kind="B",
    claim=(
        "wave simulators: Replace 2-/3-way conv kernels by one-way (1-D) filters before training; "
        "equal accuracy, fewer parameters"
    ),
    operator="rank-1 chain: 1x1 (channel) -> kx1 -> 1xk",
    clauses=(
        Clause("Chain bit-exact to numpy", chain),
        Clause("and equal to the dense outer-product kernel when no intermediate requant", dense),
        Clause("parameter ratio C*k^2/(C+2k) printed (7.6x at C=32,k=3)", parameters),
        Clause("demo: 2-D wave-equation stencil in INT16/DFP vs numpy finite differences", wave),
    ),
)
