"""Clauses for the solver, with a limit of work that does not depend on the machine."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

# The solver's own count of its work, so that verdicts do not depend on the machine: about 1 s.
SOLVER_WORK = 5_000_000
OPEN = "open"


def satisfy(
    text: str, nodes: Sequence[int], work: int = SOLVER_WORK
) -> dict[int, int] | str | None:
    """Return values of variables that satisfy clauses; None: there are none; or ``open``.

    Parameters
    ----------
    text : str
        Clauses in DIMACS.
    nodes : sequence of int
        Node of each variable; values are by literal.
    work : int
        After so much of it, as the solver counts, the answer is ``open``.
    """
    import z3

    solver = z3.SolverFor("QF_FD")
    solver.set("rlimit", work)
    with tempfile.TemporaryDirectory(prefix="intaglio-mutant-") as folder:
        path = Path(folder) / "root.cnf"
        path.write_text(text)
        solver.from_file(str(path))
    answer = solver.check()
    if answer == z3.unsat:
        return None
    if answer != z3.sat:
        return OPEN
    model = solver.model()
    names = {f"k!{n}": 2 * node for n, node in enumerate(nodes, 1)}
    return {
        names[item.name()]: int(z3.is_true(model[item]))
        for item in model.decls()
        if item.name() in names
    }
