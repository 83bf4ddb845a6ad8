"""A million vectors of every arithmetic unit, by two processes at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from intaglio.api.verify_workers import run_all

if TYPE_CHECKING:
    from intaglio.bench.sweeps import SweepResult

WORKERS = 2


def sweep_units(
    units: Sequence[str] = (),
    *,
    vectors: int | None = None,
    seed: int = 1,
    every: bool = False,
    workers: int = WORKERS,
    progress: Callable[[str], None] = lambda _: None,
) -> list[SweepResult]:
    """Run the long sweeps of units in Verilator against golden; a mismatch does not end the run.

    A sweep whose gates and vectors did not change since it passed is not run again.

    Parameters
    ----------
    units : sequence of str
        Beginnings of units' or rows' names; none: all.
    vectors : int, optional
        Payloads of each, at least; None: a million.
    seed : int
        The first of the seeds.
    every : bool
        Every row, not only the first one of each unit and format.
    workers : int
        Processes.

    Raises
    ------
    EnvironmentFault
        E501: Verilator, the C++ compiler or make is missing.
    UsageError
        E101: a name fits no sweep.
    """
    from intaglio.bench.sweeps import VECTORS, choose, run_sweep
    from intaglio.bench.tools import toolchain

    toolchain()
    names = [sweep.name for sweep in choose(units, every=every)]
    task = partial(run_sweep, vectors=vectors or VECTORS, seed=seed)
    return run_all(task, names, workers, "sweeps", progress)
