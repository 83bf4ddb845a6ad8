"""System 11: DCLS."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from intaglio.ledger.entry import Clause, Entry, Verdict, judge
from intaglio.ledger.layers import TINY, Net, Ran, run
from intaglio.spec.commands import Opcode, decode
from intaglio.spec.config import ArrayConfig
from intaglio.spec.presets import PRESETS
from intaglio.spec.spaced_kernel import bilinear, gaussian, tap_list

SIZE, COUNT, CLOSE = 17, 26, 1e-6
IMAGE = (28, 28)
DENSE = PRESETS["ulx3s-25f"]
LISTS = replace(DENSE, name="ulx3s-25f with lists", tap_list=128)
PAIRS = replace(TINY, name="tiny with lists", tap_list=128)
CASES = ((9, 26, True), (17, 26, True), (31, 26, True), (17, 10, False), (17, 26, False))
SPREAD = 0.05  # cycles a tap and tile between the cases


def _parameters() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(11)
    places = rng.uniform(-SIZE / 2, SIZE / 2, (COUNT, 2))
    return rng.standard_normal(COUNT), places, rng.uniform(0, 1, (COUNT, 2))


def _defined(gauss: bool) -> np.ndarray:
    """Return the kernel by its formula, tap by tap and weight by weight."""
    weights, places, widths = _parameters()
    half = SIZE // 2
    total = np.zeros((SIZE, SIZE))
    for w, (py, px), (sy, sx) in zip(weights, places, widths, strict=True):
        own = np.zeros((SIZE, SIZE))
        at = [min(max(p, -half), half) + half for p in (py, px)]
        for i in range(SIZE):
            for j in range(SIZE):
                if gauss:
                    own[i, j] = math.exp(
                        -0.5 * ((i - at[0]) / (0.27 + sy)) ** 2
                        - 0.5 * ((j - at[1]) / (0.27 + sx)) ** 2
                    )
                else:
                    own[i, j] = max(0, 1 - abs(i - at[0])) * max(0, 1 - abs(j - at[1]))
        total += w * own / (own.sum() + 1e-7)
    return total


def constructor() -> Verdict:
    """Compare both constructors with their formulas."""
    weights, places, widths = _parameters()
    errors = (
        float(np.abs(bilinear(weights, places, SIZE) - _defined(False)).max()),
        float(np.abs(gaussian(weights, places, widths, SIZE) - _defined(True)).max()),
    )
    return judge(max(errors) <= CLOSE, f"bilinear {errors[0]:.0e}, Gaussian {errors[1]:.0e}")


def share() -> Verdict:
    """Report taps that are not 0 for places between and on the grid."""
    weights, places, _ = _parameters()
    between = bilinear(weights, places, SIZE)
    on_grid = bilinear(weights, np.rint(places), SIZE)
    counts = [
        len(tap_list(np.rint(k * 127 / np.abs(k).max()).astype(np.int64)))
        for k in (between, on_grid)
    ]
    return judge(
        counts[1] <= COUNT and counts[0] <= 4 * COUNT,
        f"{counts[0]} of {SIZE**2} taps between the grid, {counts[1]} on it: "
        f"{counts[0] / SIZE**2:.2f} and {counts[1] / SIZE**2:.2f}",
    )


def _kernel(size: int, count: int, whole: bool, seed: int) -> np.ndarray:
    """Return the int8 kernels of a channel block: places are those of the block, weights not."""
    rng = np.random.default_rng([size, count, seed])
    places = rng.uniform(-(size // 2), size // 2, (count, 2))
    places = np.rint(places) if whole else places
    channels = []
    for _ in range(LISTS.channels):
        kernel = bilinear(rng.uniform(0.3, 1, count) * rng.choice((-1, 1), count), places, size)
        channels.append(np.rint(kernel * 127 / np.abs(kernel).max()))
    return np.stack(channels, axis=2).astype(np.int8)


def _ran(kernels: list[np.ndarray], config: ArrayConfig) -> Ran:
    """Run a layer with these channel blocks in gates, every code compared."""
    net = Net("dcls", 11)
    weights = np.concatenate(kernels, axis=2)[None]
    source = net.input(*IMAGE, weights.shape[3], 5)
    graph = net.graph(net.conv(source, weights, depthwise=True, padding="same", zero=-4))
    return run(graph, config)


def _taps(kernel: np.ndarray) -> int:
    return len(tap_list((kernel != 0).any(axis=2)))


def engine() -> Verdict:
    """Compare lists of taps with dense kernels: every code of layers of two blocks."""
    codes, lists, texts = 0, True, []
    for size, whole in ((17, True), (17, False), (9, False)):
        for config in (LISTS, PAIRS):
            blocks = [_kernel(size, COUNT, whole, n)[..., : config.channels] for n in range(2)]
            ran = _ran(blocks, config)
            codes += ran.compared
            sums = [f for opcode, f in decode(ran.program.commands) if opcode is Opcode.COMPUTE]
            lists &= all(fields["listed"] for fields in sums)
            texts.append(f"{size}x{size} {[_taps(block) for block in blocks]} on {config.name}")
    text = f"taps of each block {', '.join(texts)}: {codes} codes, 0 differ"
    return judge(lists and codes > 0, text if lists else f"{text}, but not all by lists")


def proportional() -> Verdict:
    """Compare cycles with distinct taps: other counts and sizes, and the dense kernel."""
    tiles = IMAGE[0] * IMAGE[1] // LISTS.pixels
    rates, texts, few = [], [], True
    for size, count, whole in CASES:
        kernel = _kernel(size, count, whole, 0)
        taps = _taps(kernel)
        counters = _ran([kernel], LISTS).counters
        cycles, steps = counters["COMPUTE_CYCLES"], counters["MAC_CYCLES"]
        few &= taps <= (1 if whole else 4) * count and steps == taps * tiles
        rates.append(cycles / (taps * tiles))
        texts.append(f"{size}x{size} count {count}: {taps} taps {cycles} cycles")
    dense = _ran([_kernel(SIZE, COUNT, True, 0)], DENSE)
    texts.append(f"dense {SIZE}x{SIZE} {dense.counters['COMPUTE_CYCLES']}")
    rng = np.random.default_rng(3)
    own = np.concatenate(
        [_kernel(SIZE, COUNT, True, int(seed))[..., :1] for seed in rng.integers(99, size=8)], 2
    )
    return judge(
        few and max(rates) - min(rates) < SPREAD,
        f"{IMAGE[0]}x{IMAGE[1]} on {LISTS.name}: {'; '.join(texts)}; {min(rates):.2f} to "
        f"{max(rates):.2f} cycles a tap and tile; places are those of a block of K channels, with "
        f"places of their own 8 channels have {_taps(own)} distinct taps of {SIZE**2}",
    )


ENTRY = Entry(
    number=11,
    name="DCLS",
    kind="C/B",
    claim=(
        "Dilated conv with *learnable, fractional* positions via interpolation; drop-in for "
        "ConvNeXt depthwise at equal params"
    ),
    operator="compile-time kernel constructor; HW sparse-tap depthwise conv (list of dy,dx,w)",
    clauses=(
        Clause("Constructor matches reference v1 and gauss formulas <=1e-6", constructor),
        Clause("tap-list engine bit-exact to dense K", engine),
        Clause("cycles proportional to distinct taps (<=4*count) not S^2", proportional),
        Clause("report taps/S^2", share),
    ),
)
