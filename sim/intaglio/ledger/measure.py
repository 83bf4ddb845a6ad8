"""What checks measure with: gates against golden, and signal-to-noise ratios."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

from intaglio.bench.columns import Columns
from intaglio.bench.row import Row, Values
from intaglio.bench.vectors import Swept, sweep
from intaglio.ledger.entry import Verdict, passed

VECTORS = 100_000
"""Payloads that count as many: chance after directed ones, with stalls."""

Draw = Callable[[np.random.Generator], Values]
Golden = Callable[[Values], Values]


def gates(rows: Iterable[Row], vectors: int = VECTORS) -> list[Swept]:
    """Run each row in gates until `vectors` payloads were moved.

    Raises
    ------
    BenchError
        E602: an output differs from golden.
    """
    return [sweep(row, vectors) for row in rows]


def gates_equal(rows: Iterable[Row], what: str, vectors: int = VECTORS) -> Verdict:
    """Return passed with the count of payloads; a difference is raised.

    Raises
    ------
    BenchError
        E602: an output differs from golden.
    """
    done = gates(rows, vectors)
    total = sum(swept.vectors for swept in done)
    return passed(f"{what}: {total} payloads of {len(done)} units in gates, 0 differ")


def row(name: str, build: Callable[[], Any], inputs: Draw, golden: Golden, **settings: Any) -> Row:
    """Return a row of its own, half of whose payloads meet stalls."""
    return Row(f"ledger-{name}", build, inputs, golden, settings=settings, backpressure=(0.5,))


def fields(inputs: Values) -> Any:
    """Return the arrays of the input stream.

    Raises
    ------
    TypeError
        If its payloads are no columns.
    """
    columns = inputs["i"]
    if not isinstance(columns, Columns):
        raise TypeError(f"payloads are {type(columns).__name__}, not Columns")
    return columns.fields


def once(inputs: Values) -> Draw:
    """Return a draw that always gives `inputs`: for data of one network or one exhaustive set."""
    return lambda _: inputs


def sqnr(reference: npt.ArrayLike, value: npt.ArrayLike) -> float:
    """Return 10 * log10(sum of reference**2 / sum of (value - reference)**2), in dB."""
    real = np.asarray(reference, np.float64)
    noise = float(np.sum((np.asarray(value, np.float64) - real) ** 2))
    return 10 * math.log10(float(np.sum(real**2)) / noise) if noise else math.inf
