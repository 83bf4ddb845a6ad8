"""External suites: published and random cases, on the golden models and on devices."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from intaglio.spec.errors import Finding, IntaglioError, UsageError

DATA_VARIABLE = "INTAGLIO_SHARED"
DEFAULT_DATA = Path("../shared")


@dataclass(frozen=True, eq=False)
class Case:
    """One case of a suite.

    Parameters
    ----------
    name, category : str
        The case, and the operator that it belongs to.
    run : callable
        Takes the device, ``"golden"`` or ``"sim"``; returns why the case failed, or nothing.
    """

    name: str
    category: str
    run: Callable[[str], str]


@dataclass(frozen=True)
class SuiteResult:
    """What a suite gave.

    Parameters
    ----------
    failed : tuple of (case, reason)
    categories : dict
        Category to its cases and to those that passed.
    """

    suite: str
    device: str
    cases: int
    passed: int
    failed: tuple[tuple[str, str], ...] = ()
    categories: dict[str, dict[str, int]] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Return the result as plain values, for ``--json``."""
        return {
            "suite": self.suite,
            "device": self.device,
            "cases": self.cases,
            "passed": self.passed,
            "failed": [{"case": case, "reason": reason} for case, reason in self.failed],
            "categories": self.categories,
        }


def suites() -> dict[str, Callable[[Path | None, int, int], Iterator[Case]]]:
    """Return each suite's cases as a function of data folder, seed and count."""
    from intaglio.api.suites_cmsis import cmsis_cases
    from intaglio.api.suites_litert import litert_cases
    from intaglio.api.suites_onnx import onnx_node_cases
    from intaglio.api.suites_ort import ort_cases

    return {
        "cmsis-nn": lambda data, seed, count: cmsis_cases(data_folder(data)),
        "onnx-nodes": lambda data, seed, count: onnx_node_cases(),
        "litert-random": lambda data, seed, count: litert_cases(seed, count),
        "ort-random": lambda data, seed, count: ort_cases(seed, count),
    }


SUITES = ("cmsis-nn", "onnx-nodes", "litert-random", "ort-random")


def run_suite(
    suite: str,
    device: str = "golden",
    *,
    data: Path | None = None,
    seed: int = 1,
    count: int = 100,
    progress: Callable[[str], None] | None = None,
) -> SuiteResult:
    """Run every case of a suite.

    Parameters
    ----------
    suite : str
        One of :data:`SUITES`.
    device : str
        ``"golden"``: the golden operators, and the compiled program on the golden device where
        the array takes it. ``"sim"``: the compiled program in simulated gates.
    data : Path, optional
        Folder of reference data; default: the variable INTAGLIO_SHARED, else ``../shared``.
    seed, count : int
        Of the random suites.

    Raises
    ------
    UsageError
        E101: no such suite or device. E103: the reference data are not there.
    EnvironmentFault
        E501: a reference engine is not installed.
    """
    _one_of("suite", suite, SUITES)
    _one_of("device", device, ("golden", "sim"))
    failed: list[tuple[str, str]] = []
    categories: dict[str, dict[str, int]] = {}
    cases = 0
    for case in suites()[suite](data, seed, count):
        if progress is not None:
            progress(f"{suite} case {cases + 1}")
        try:
            reason = case.run(device)
        except IntaglioError as error:
            finding = error.findings[0]
            reason = f"{finding.code}: {finding.message}"
        tally = categories.setdefault(case.category, {"cases": 0, "passed": 0})
        tally["cases"] += 1
        tally["passed"] += not reason
        cases += 1
        if reason:
            failed.append((case.name, reason))
    passed = cases - len(failed)
    return SuiteResult(suite, device, cases, passed, tuple(failed), categories)


def data_folder(given: Path | None) -> Path:
    """Return the folder of reference data.

    Raises
    ------
    UsageError
        E103: it is not there.
    """
    folder = given or Path(os.environ.get(DATA_VARIABLE, DEFAULT_DATA))
    if not (folder / "golden").is_dir():
        raise UsageError(
            Finding(
                "E103",
                f"no reference data in {folder}",
                where=str(folder),
                have=f"no folder {folder / 'golden'}",
                need="a folder with golden/cmsis_nn and golden/litert_ref",
                help=f"give --data DIR, or set {DATA_VARIABLE}; the default is {DEFAULT_DATA}",
            )
        )
    return folder


def _one_of(what: str, name: str, names: tuple[str, ...]) -> None:
    if name not in names:
        raise UsageError(
            Finding(
                "E101",
                f"no {what} is called {name!r}",
                where=f"--{what}",
                have=name,
                need=", ".join(names),
                help="take one of these",
            )
        )
