"""What a number format costs: every unit checked, mapped, simulated and put beside INT8."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import replace
from pathlib import Path
from typing import Any

from intaglio.explore.compare_formats_measure import Measure, versions
from intaglio.explore.compare_formats_pairs import BASE, TERMS, Pair, choose_pairs
from intaglio.explore.compare_formats_table import FormatComparison, FormatRow
from intaglio.spec.errors import Finding, UsageError

TARGETS = ("gates", "ecp5", "xc7", "ice40")
BAR = 20  # characters
RATIOS = {
    "energy_rel_int8": "energy",
    "energy_rel_uniform": "energy_rel_uniform",
    "energy_rel_settled": "energy_rel_settled",
    "liberty_rel_int8": "liberty_energy",
}


def compare_formats(
    formats: Sequence[str] = (),
    *,
    targets: Sequence[str] = ("gates",),
    liberty: Path | None = None,
    workers: int = 2,
    progress: Callable[[str], None] = lambda _: None,
) -> FormatComparison:
    """Return the cost of formats with accumulators.

    Every unit is mapped to gates of two inputs; these gates are simulated with delays, their
    results compared with the golden model, and only a unit that passes has figures. Activity of
    the same simulation gives the energy. What has been found before for the same sources and tools
    comes from the cache.

    Parameters
    ----------
    formats : sequence of str
        ``int8``, ``fp8_e4m3/fp32``; none: all. INT8 with 32 bits is always there.
    targets : sequence of str
        Of TARGETS; gates are always mapped.
    liberty : Path, optional
        Library of cells: area and energy of these, too.
    workers : int
        Units at a time.

    Raises
    ------
    ConfigError
        E206: no such format. E402: an accumulator is narrower than the longest sum needs.
    UsageError
        E101: no such target. E103: the liberty file cannot be read, or lacks cells.
    EnvironmentFault, ToolError
        A tool is missing or failed.
    """
    for target in targets:
        if target not in TARGETS:
            raise _no_target(target)
    pairs = choose_pairs(formats)
    for pair in pairs:
        # Bounds are checked before anything runs.
        pair.check()
    measure = Measure(tuple(targets), liberty)
    _ = measure.cells  # a library that cannot be used is refused before anything runs
    rows: dict[Pair, list[FormatRow]] = {}
    pool = ThreadPoolExecutor(workers)
    try:
        jobs = {pool.submit(measure.rows, pair): pair for pair in pairs}
        for done, job in enumerate(as_completed(jobs)):
            bar = "#" * (done * BAR // len(pairs))
            progress(f"comparing formats [{bar:.<{BAR}}] {done} of {len(pairs)} units")
            rows[jobs[job]] = job.result()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
    found = [row for pair in pairs for row in rows[pair]]
    result = FormatComparison(tuple(found), tuple(targets), versions(measure), TERMS)
    return replace(result, rows=tuple(_related(result, row) for row in result.rows))


def _related(result: FormatComparison, row: FormatRow) -> FormatRow:
    """Return `row` with energies by those of INT8."""
    base = result.base(row.lanes)
    ratios: dict[str, Any] = {}
    for name, energy in RATIOS.items():
        mine, theirs = getattr(row, energy), getattr(base, energy, None)
        ratios[name] = None if mine is None or not theirs else round(mine / theirs, 3)
    return replace(row, **ratios)


def _no_target(target: str) -> UsageError:
    return UsageError(
        Finding(
            "E101",
            f"no target of a comparison is called {target!r}",
            where="--target",
            have=target,
            need=", ".join(TARGETS),
            help=f"gates alone relate every format to {'/'.join(BASE)} within minutes",
        )
    )
