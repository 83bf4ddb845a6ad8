"""System 33: Orthogonal conv nets."""

from __future__ import annotations

from typing import Any

import numpy as np

from intaglio.ledger.entry import Clause, Entry, Verdict, judge
from intaglio.ledger.layers import Net, run

SIZE, CHANNELS, TAPS = 7, 8, 3
AROUND = (1, 1, 1, 1)


def _hadamard(order: int) -> Any:
    """Return a Hadamard matrix of a power of two, by Sylvester."""
    found = np.ones((1, 1), np.int64)
    while len(found) < order:
        found = np.block([[found, found], [found, -found]])
    return found


def _kernel(mix: Any, rng: np.random.Generator) -> Any:
    """Return O, 3, 3, C: a matrix over channels, each of which is shifted by a tap of its own."""
    kernel = np.zeros((CHANNELS, TAPS, TAPS, CHANNELS), np.int64)
    for channel in range(CHANNELS):
        row, column = rng.integers(0, TAPS, 2)
        kernel[:, row, column, channel] = mix[:, channel]
    return kernel


def _kernels() -> list[tuple[Any, int]]:
    """Return orthogonal kernels and what they multiply squared lengths with."""
    rng = np.random.default_rng(33)
    order = rng.permutation(CHANNELS)
    signs = rng.choice([-1, 1], CHANNELS)
    permutation = np.eye(CHANNELS, dtype=np.int64)[order] * signs
    return [(_kernel(permutation, rng), 1), (_kernel(_hadamard(CHANNELS), rng), CHANNELS)]


def _lengths(kernel: Any, **settings: Any) -> tuple[int, int]:
    """Return the squared length of an image, and that of what the gates make of it."""
    most = 127 // CHANNELS
    x = np.random.default_rng(3).integers(-most, most + 1, (1, SIZE, SIZE, CHANNELS))
    net = Net("orthogonal", 33)
    source = net.input(SIZE, SIZE, CHANNELS)
    number = net.conv(source, kernel, exact=True, **settings)
    ran = run(net.graph(number), inputs={source: x.astype(np.int8)})
    made = ran.outputs[number].astype(np.int64)
    return int((x**2).sum()), int((made**2).sum())


def isometry() -> Verdict:
    """Run both kernels with circular padding."""
    found = []
    for kernel, factor in _kernels():
        before, after = _lengths(kernel, padding=AROUND, edge="wrap")
        if after != factor * before:
            return judge(False, f"{after} instead of {factor} * {before}")
        found.append(f"{after} = {factor} * {before}")
    return judge(len(found) == 2, "; ".join(found))


def orthogonality() -> Verdict:
    """Convolve kernels with themselves on the array; compare the penalty with numpy's."""
    rng = np.random.default_rng(4)
    found = []
    for kernel in (_kernels()[0][0], rng.integers(-1, 2, (CHANNELS, TAPS, TAPS, CHANNELS))):
        rows = 2 * TAPS - 1  # an image of a kernel and zeros, so that the next one is not seen
        tall = np.zeros((CHANNELS * rows, TAPS, CHANNELS), np.int64)
        for number, image in enumerate(kernel):
            tall[number * rows : number * rows + TAPS] = image
        net = Net("penalty", 33)
        source = net.input(*tall.shape)
        reach = TAPS - 1
        out = net.conv(source, kernel, exact=True, padding=(reach, 0, reach, reach))
        ran = run(net.graph(out), inputs={source: tall[None].astype(np.int8)})
        sums = ran.outputs[out].astype(np.int64).reshape(CHANNELS, rows, rows, CHANNELS)
        unit = np.zeros_like(sums)
        unit[np.arange(CHANNELS), reach, reach, np.arange(CHANNELS)] = 1
        expected = np.zeros_like(sums)
        for y, x in np.ndindex(rows, rows):
            for r, s in np.ndindex(TAPS, TAPS):
                i, j = y - reach + r, x - reach + s
                if 0 <= i < TAPS and 0 <= j < TAPS:
                    expected[:, y, x] += kernel[:, i, j] @ kernel[:, r, s].T
        penalty, own = (int(((part - unit) ** 2).sum()) for part in (expected, sums))
        if penalty != own:
            return judge(False, f"{own} on the array, {penalty} in numpy")
        found.append(own)
    return judge(found[0] == 0 < found[1], f"an orthogonal kernel {found[0]}, a random {found[1]}")


def failure() -> Verdict:
    """Run both kernels with zeros around the image, and without padding."""
    kinds: list[dict[str, Any]] = [{"padding": "same"}, {"padding": "valid"}]
    parts = []
    for kernel, factor in _kernels():
        for settings in kinds:
            before, after = _lengths(kernel, **settings)
            parts.append(after / (factor * before))
    text = ", ".join(f"{part:.3f}" for part in parts)
    return judge(max(parts) < 1, f"same and valid keep {text} of the squared length")


ENTRY = Entry(
    number=33,
    name="Orthogonal conv nets",
    kind="D",
    claim="Existence/stability of orthogonal convs; L_orth regulariser",
    operator="test vectors",
    clauses=(
        Clause(
            (
                "Signed-permutation/Hadamard kernels with circular padding satisfy "
                "|Kx|^2=alpha|x|^2 exactly in INT32"
            ),
            isometry,
        ),
        Clause("L_orth = |conv(K,K)-I|^2 computed on the array equals numpy", orthogonality),
        Clause("'same'/'valid' padding shows the published failure", failure),
    ),
)
