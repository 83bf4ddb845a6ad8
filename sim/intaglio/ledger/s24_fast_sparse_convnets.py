"""System 24: Fast Sparse ConvNets."""

from __future__ import annotations

import numpy as np

from intaglio.ledger.entry import Clause, Entry, Verdict, judge, missing
from intaglio.spec.formats import IntArray
from intaglio.spec.sparse import BLOCKS, cycles, decode, encode

OUTPUTS, INPUTS, PIXELS, LANES = 64, 128, 28 * 28, 16
SHARES = (0.0, 0.3, 0.7, 0.8, 0.9, 0.95, 1.0)
LEAST = {0.8: 1.3, 0.9: 2.4}
DENSE = 1.0  # cycles of a product where nothing is skipped, for the same lanes


def _weights(share: float, rng: np.random.Generator) -> IntArray:
    kept = rng.random((OUTPUTS, INPUTS)) >= share
    return np.asarray(rng.integers(1, 128, (OUTPUTS, INPUTS)) * kept, np.int64)


def identity() -> Verdict:
    """Encode and decode weights of every sparsity with every block, empty blocks included."""
    rng = np.random.default_rng(24)
    tries = [(_weights(share, rng), block) for share in SHARES for block in BLOCKS]
    wrong = sum(not np.array_equal(decode(encode(w, block)), w) for w, block in tries)
    rewinds = [int(encode(w, b).steps.sum()) for w, b in tries]
    return judge(
        wrong == 0 and not any(rewinds),
        f"{len(tries)} matrices of 0 to 100 % zeros, blocks of 1, 2 and 4: {wrong} changed; "
        "the pointer ends where it began",
    )


def _gain(share: float) -> float:
    stream = encode(_weights(share, np.random.default_rng(24)), 1)
    dense = -(-PIXELS // LANES) * OUTPUTS * INPUTS * DENSE
    return dense / cycles(stream, PIXELS, LANES)


def break_even() -> Verdict:
    """Search the share of zeros from which skipping takes fewer cycles than not skipping."""
    shares = np.arange(0.0, 1.0, 0.005)
    faster = [float(share) for share in shares if _gain(float(share)) > 1]
    return judge(bool(faster), f"skipping pays from {100 * faster[0]:.1f} % zeros on (cycle model)")


def gains() -> Verdict:
    """Compare the cycle model with the least speed-ups."""
    found = {share: _gain(share) for share in LEAST}
    text = ", ".join(f"{gain:.2f}x at {100 * share:.0f} %" for share, gain in found.items())
    return judge(all(found[s] >= least for s, least in LEAST.items()), f"{text} zeros, cycle model")


ENTRY = Entry(
    number=24,
    name="Fast Sparse ConvNets",
    kind="A/C",
    claim=(
        "SpMM kernels for 70 to 95 % sparse 1x1 convs (XNNPACK). 1.3 to 2.4x over dense MobileNets"
    ),
    operator=(
        "sparse-PW sequencer: nnz-per-block list + signed input-pointer deltas; blocks of 1/2/4 "
        "output channels, CHW layout"
    ),
    clauses=(
        Clause("Encode -> decode is identity", identity),
        missing("bit-exact to dense", "a sequencer in gates that skips zero weights"),
        missing(
            "cycles = ceil(HW/MR)*sum (nnz)+overhead",
            "a sequencer in gates, whose cycles the model could be compared with",
        ),
        Clause("break-even sparsity reported", break_even),
        Clause(">=1.3x at 80 % and >=2.4x at 90 % on the cycle model", gains),
    ),
)
