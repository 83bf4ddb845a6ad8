"""System 11: DCLS."""

from __future__ import annotations

import math

import numpy as np

from intaglio.ledger.entry import Clause, Entry, Verdict, judge, missing
from intaglio.spec.spaced_kernel import bilinear, gaussian, tap_list

SIZE, COUNT, CLOSE = 17, 26, 1e-6


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
        missing("tap-list engine bit-exact to dense K", "an engine that reads a list of taps"),
        missing(
            "cycles proportional to distinct taps (<=4*count) not S^2",
            "the same engine, whose cycles follow the taps",
        ),
        Clause("report taps/S^2", share),
    ),
)
