"""Long causal convolutions along one axis, as sums of a lane in gates."""

from __future__ import annotations

from functools import partial

import numpy as np

from intaglio.bench.columns import Columns
from intaglio.bench.row import Row
from intaglio.gateware.mac import MacLane
from intaglio.gateware.product import OperatorProduct
from intaglio.ledger.measure import once, row
from intaglio.spec.formats import INT32, IntArray
from intaglio.spec.operands import operands

DEPTH = 2


def convolved(x: IntArray, kernel: IntArray) -> IntArray:
    """Return y[t] = sum over l of kernel[l] * x[t - l], x being 0 before its begin."""
    return np.array(
        [int(x[: t + 1][::-1][: len(kernel)] @ kernel[: t + 1]) for t in range(len(x))], np.int64
    )


def long_row(x: IntArray, kernel: IntArray, times: IntArray) -> Row:
    """Return the row of the outputs at `times`, each a sum of len(kernel) products in 32 bits."""
    terms = len(kernel)
    padded = np.concatenate([np.zeros(terms, np.int64), x])
    acts = np.stack([padded[t + 1 : t + 1 + terms][::-1] for t in times.tolist()])
    steps = terms // DEPTH
    last = np.arange(len(times) * steps) % steps == steps - 1
    wgts = np.tile(kernel, len(times)).reshape(-1, DEPTH)
    columns = Columns(act=acts.reshape(-1, DEPTH), wgt=wgts, last=last)
    sums = convolved(x, kernel)[times][:, None].tolist()
    build = partial(MacLane, OperatorProduct(operands("int8")), DEPTH, INT32.bits, steps)
    return row(f"long-{terms}", build, once({"i": columns}), lambda _: {"o": sums})
