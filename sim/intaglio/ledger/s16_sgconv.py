"""System 16: SGConv."""

from __future__ import annotations

import math

import numpy as np

from intaglio.ledger.entry import Clause, Entry, Verdict, judge, lacking, passed
from intaglio.ledger.long_sums import convolved, long_row
from intaglio.ledger.measure import gates
from intaglio.spec.formats import INT8, IntArray
from intaglio.spec.long_kernel import multi_scale, scales_of

TAPS, LENGTH, DECAY = 64, 1024, 2.0
CLOSE = 1e-12


def _parts(rng: np.random.Generator) -> np.ndarray:
    return rng.standard_normal((scales_of(LENGTH, TAPS), TAPS))


def builder() -> Verdict:
    """Compare the builder with the definition, tap by tap, in both modes."""
    parts = _parts(np.random.default_rng(16))
    worst = 0.0
    for mode in ("nearest", "linear"):
        expected: list[float] = []
        for number, part in enumerate(parts):
            factor = 2 ** max(0, number - 1)
            weight = DECAY ** (len(parts) - 1 - number)
            for place in range(TAPS * factor):
                if mode == "nearest":
                    value = part[place // factor]
                else:
                    at = min(max((place + 0.5) / factor - 0.5, 0.0), TAPS - 1.0)
                    low = int(at)
                    high = min(low + 1, TAPS - 1)
                    value = part[low] * (1 - (at - low)) + part[high] * (at - low)
                expected.append(float(value) * weight)
        norm = math.sqrt(sum(value**2 for value in expected))
        found = multi_scale(parts, mode, DECAY)
        worst = max(worst, float(np.abs(found - np.array(expected) / norm).max()))
    return judge(worst < CLOSE, f"nearest and linear, {LENGTH} taps: within {worst:.0e}")


def parameters() -> Verdict:
    """Count parameters for several lengths."""
    found = {length: scales_of(length, TAPS) * TAPS for length in (64, 1024, 16384)}
    right = all(n == TAPS * (1 + math.ceil(math.log2(L / TAPS))) for L, n in found.items())
    return judge(right, ", ".join(f"{n} for L={length}" for length, n in found.items()))


def _codes(rng: np.random.Generator) -> IntArray:
    kernel = multi_scale(_parts(rng), "nearest", DECAY)
    return np.asarray(np.rint(kernel * INT8.max / np.abs(kernel).max()), np.int64)


def exact() -> Verdict:
    """Convolve with a quantised multi-scale kernel in gates."""
    rng = np.random.default_rng(16)
    x = rng.integers(INT8.min, INT8.max + 1, LENGTH)
    (done,) = gates([long_row(x, _codes(rng), np.arange(7, LENGTH, 5))])
    return passed(f"{LENGTH} taps: {done.vectors} payloads in gates, 0 differ")


def boxes() -> Verdict:
    """Convolve by sums of boxes, each multiplied once, and compare with all taps."""
    rng = np.random.default_rng(16)
    x, kernel = rng.integers(INT8.min, INT8.max + 1, LENGTH), _codes(rng)
    runs = np.flatnonzero(np.diff(kernel, prepend=kernel[0] - 1))
    ends = np.append(runs[1:], LENGTH)
    sums = np.concatenate([[0], np.cumsum(x)])
    total = np.zeros(LENGTH, np.int64)
    for t in range(LENGTH):
        newest = np.maximum(t - runs + 1, 0)
        oldest = np.maximum(t - ends + 1, 0)
        total[t] = int(kernel[runs] @ (sums[newest] - sums[oldest]))
    same = np.array_equal(total, convolved(x, kernel))
    most = scales_of(LENGTH, TAPS) * TAPS
    return lacking(
        "a unit of running sums over boxes",
        f"box sums {'equal' if same else 'DIFFER FROM'} all taps in numpy: {len(runs)} of at most "
        f"{most} products instead of {LENGTH}",
    )


ENTRY = Entry(
    number=16,
    name="SGConv",
    kind="B",
    claim="Global conv kernel with sub-linear params and decay; beats S4 on LRA/SC",
    operator=(
        "1-D global conv; multi-scale kernel built at compile time (linear/nearest upsample x2^i x"
        " decay)"
    ),
    clauses=(
        Clause("Kernel builder matches reference", builder),
        Clause("params = d*(1+ceil(log2(L/d)))", parameters),
        Clause("conv bit-exact", exact),
        Clause(
            (
                "nearest-mode pre-sum optimisation (box sums) bit-exact with MACs cut from L to "
                "d*scales"
            ),
            boxes,
        ),
    ),
)
