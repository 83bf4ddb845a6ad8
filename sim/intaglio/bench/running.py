"""Stimulus and golden values of long runs: every payload puts its running sum out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from intaglio.bench.columns import Columns
from intaglio.bench.row import Row, Values
from intaglio.spec.formats import IntArray

COUNT = 50_000
"""Payloads of one seed."""
LONGEST = 30
"""Payloads of a sum at most."""


def draw_marks(rng: np.random.Generator, count: int, contexts: int) -> dict[str, IntArray]:
    """Return `first` by chance, at the latest after `LONGEST` payloads of a sum; `last` always."""
    first = (rng.random(count) < 0.2).astype(np.int64)
    first[:contexts] = 1
    for own in range(contexts):
        first[own :: contexts * LONGEST] = 1
    return {"first": first, "last": np.ones(count, np.int64)}


def _near(rng: np.random.Generator, bits: int, shape: tuple[int, ...]) -> IntArray:
    """Return codes in runs of like magnitude, then of all: sums cancel, or differ widely."""
    any_code = rng.integers(0, 1 << bits, shape)
    middle = rng.integers(0, 1 << (bits - 1), -(-shape[0] // 64)).repeat(64)[: shape[0]]
    spread = rng.integers(-2, 3, shape)
    near = np.clip(middle.reshape(-1, *[1] * (len(shape) - 1)) + spread, 0, (1 << (bits - 1)) - 1)
    near |= rng.integers(0, 2, shape) << (bits - 1)
    calm = rng.random(shape[0]) < 0.5
    return np.where(calm.reshape(-1, *[1] * (len(shape) - 1)), near, any_code)


def draw_codes(
    act_bits: int, wgt_bits: int, lanes: int, contexts: int, rng: np.random.Generator
) -> Values:
    """Return payloads of a dot product."""
    return {
        "i": Columns(
            act=_near(rng, act_bits, (COUNT, lanes)),
            wgt=_near(rng, wgt_bits, (COUNT, lanes)),
            **draw_marks(rng, COUNT, contexts),
        )
    }


def fields_of_inputs(inputs: Values) -> Mapping[str, IntArray]:
    """Return the arrays of the input stream."""
    columns = inputs["i"]
    if not isinstance(columns, Columns):
        raise TypeError(f"payloads are {type(columns).__name__}, not Columns")
    return columns.fields


def running(
    terms: Any, first: IntArray, contexts: int, zero: int, step: Callable[[int, Any], int]
) -> Values:
    """Return the running value of each sum: step(value, term), from `zero` at `first`."""
    sums = [zero] * contexts
    done = []
    for n, (term, begins) in enumerate(zip(terms, first.tolist(), strict=True)):
        own = n % contexts
        sums[own] = step(zero if begins else sums[own], term)
        done.append(sums[own])
    return {"o": done}


def plus(total: int, term: Any) -> int:
    """Return the sum: the step of exact accumulation."""
    return total + int(term)


def sweep_row(name: str, build: Any, inputs: Any, golden: Any, **settings: int) -> Row:
    """Return the row of a long run, half of it with stalls."""
    return Row(name, build, inputs, golden, settings=settings, backpressure=(0.5,))
