"""System 57: Deep kernel machines theory."""

from __future__ import annotations

from functools import partial

import numpy as np

from intaglio.bench.columns import Columns
from intaglio.bench.row import Row
from intaglio.gateware.mac import MacLane
from intaglio.gateware.product import OperatorProduct
from intaglio.ledger.entry import Clause, Entry, Verdict, judge, passed
from intaglio.ledger.measure import gates, once, row
from intaglio.spec.formats import INT32, IntArray
from intaglio.spec.operands import operands

SAMPLES, TERMS, INDUCING, DEPTH = 56, 256, 24, 2


def _data() -> tuple[IntArray, IntArray]:
    rng = np.random.default_rng(57)
    return rng.integers(-128, 128, (SAMPLES, TERMS)), rng.integers(-128, 128, (INDUCING, TERMS))


def _row(left: IntArray, right: IntArray, expected: IntArray) -> Row:
    """Return the row of the dot products of each row of `left` with the same row of `right`."""
    steps = TERMS // DEPTH
    last = np.arange(len(left) * steps) % steps == steps - 1
    columns = Columns(act=left.reshape(-1, DEPTH), wgt=right.reshape(-1, DEPTH), last=last)
    unit = OperatorProduct(operands("int8"))
    build = partial(MacLane, unit, DEPTH, INT32.bits, steps)
    results = expected.reshape(-1, 1).tolist()
    return row("gram", build, once({"i": columns}), lambda _: {"o": results})


def symmetric() -> Verdict:
    """Form the upper triangle of a Gram matrix in gates, in 32 bits."""
    x, _ = _data()
    upper = np.triu_indices(SAMPLES)
    exact = x @ x.T
    (done,) = gates([_row(x[upper[0]], x[upper[1]], exact[upper])])
    share = len(upper[0]) / SAMPLES**2
    whole = np.zeros((SAMPLES, SAMPLES), np.int64)
    whole[upper] = exact[upper]
    whole = np.maximum(whole, whole.T) + np.minimum(whole, whole.T)
    np.fill_diagonal(whole, exact.diagonal())
    return judge(
        np.array_equal(whole, exact) and share < 0.55 and bool(INT32.holds(exact)),
        f"G of {SAMPLES} samples in INT32: {done.vectors} payloads in gates, 0 differ; "
        f"{100 * share:.1f} % of the MACs of all of G",
    )


def inducing() -> Verdict:
    """Multiply inducing points with samples in gates."""
    x, u = _data()
    left, right = np.repeat(u, SAMPLES, axis=0), np.tile(x, (INDUCING, 1))
    (done,) = gates([_row(left, right, u @ x.T)])
    return passed(f"K_ui {INDUCING}x{SAMPLES}, {TERMS} terms: {done.vectors} payloads, 0 differ")


def cholesky() -> Verdict:
    """Factor the integer kernel of the inducing points on the host."""
    _, u = _data()
    kernel = (u @ u.T).astype(np.float64)
    factor = np.linalg.cholesky(kernel)
    error = float(np.abs(factor @ factor.T - kernel).max() / np.abs(kernel).max())
    return judge(error < 1e-12, f"L L^T of the integer kernel within {error:.1e}")


ENTRY = Entry(
    number=57,
    name="Deep kernel machines theory",
    kind="D",
    claim="Bayesian representation limit, DKM",
    operator="theory",
    clauses=(
        Clause(
            (
                "Exercised: Gram matrix G=XX^T in symmetric mode (upper triangle only, about half "
                "the MACs) exact in INT32"
            ),
            symmetric,
        ),
        Clause("inducing-point K_ui GEMM", inducing),
        Clause("host does the Cholesky", cholesky),
    ),
)
