"""System 10: FlashButterfly."""

from __future__ import annotations

import numpy as np

from intaglio.ledger.entry import Clause, Entry, Verdict, judge, lacking, missing
from intaglio.ledger.long_sums import long_row
from intaglio.ledger.measure import gates
from intaglio.spec.formats import INT8, INT32, IntArray

LENGTHS = (1024, 8192, 65536)
MOST = 133_144


def direct() -> Verdict:
    """Convolve along sequences of up to 64 K places in gates; outputs at both ends and between."""
    rng = np.random.default_rng(10)
    rows = []
    for length in LENGTHS:
        x, kernel = rng.integers(INT8.min, INT8.max + 1, (2, length))
        few = np.array([0, length // 3, length - 1])
        rows.append(long_row(x, kernel, few))
    done = gates(rows, 1)
    total = sum(swept.vectors for swept in done)
    safe = INT32.max // 127**2
    return judge(
        safe == MOST,
        f"L = {LENGTHS}: {total} payloads in gates, 0 differ; {safe} products fit INT32",
    )


def squash(kernel: IntArray, threshold: int) -> IntArray:
    """Return sign(k) * max(|k| - threshold, 0)."""
    return np.asarray(np.sign(kernel) * np.maximum(np.abs(kernel) - threshold, 0), np.int64)


def squashed() -> Verdict:
    """Squash a kernel and count the taps that vanish."""
    kernel = np.random.default_rng(10).integers(-127, 128, 4096)
    small = squash(kernel, 40)
    exact = all(
        int(s) == (abs(int(k)) - 40) * (1 if k > 0 else -1) if abs(k) > 40 else s == 0
        for k, s in zip(kernel, small, strict=True)
    )
    share = 100 * float(np.mean(small == 0))
    return lacking(
        "a sequencer that skips taps of 0",
        f"squash {'exact' if exact else 'WRONG'}, {share:.0f} % of the taps vanish",
    )


ENTRY = Entry(
    number=10,
    name="FlashButterfly",
    kind="B",
    claim=(
        "simple long convs: Learn long 1-D kernels directly, keep smooth; butterfly-decomposed FFT"
        " conv. 2.2x conv; Path256 (64 K) +29.1 pts, 7.2x faster; -0.2 PPL with 30 % fewer params"
    ),
    operator=(
        '1-D long depthwise conv (causal, L up to 64 K) and DFT-as-GEMM; kernel "squash" = '
        "soft-threshold"
    ),
    clauses=(
        Clause(
            (
                "Direct INT8xINT8 long conv bit-exact at L=1 K...64 K (INT32 is provably enough: "
                "133,144 products)"
            ),
            direct,
        ),
        missing(
            "butterfly path >= 75 dB at INT16 stages",
            "transforms as products of matrices with 16-bit stages",
        ),
        Clause(
            "squash sign(k)*max(|k|-lambda,0) exact and resulting zero taps are skipped", squashed
        ),
    ),
)
