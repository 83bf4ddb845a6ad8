"""Compiles a network for what is to be least: cycles, bytes on the bus, or memory."""

from __future__ import annotations

from intaglio.compiler.compile import compile_graph
from intaglio.compiler.traffic import traffic_of
from intaglio.spec.config import ArrayConfig
from intaglio.spec.errors import Finding, FitError, UsageError
from intaglio.spec.graph import Graph
from intaglio.spec.program import Program

OBJECTIVES = ("latency", "energy", "area")
SOLVERS = ("enum", "cpsat")


def compile_for(
    graph: Graph,
    config: ArrayConfig,
    objective: str = "latency",
    *,
    reference: str = "litert",
    keep_all: bool = False,
    solver: str = "enum",
) -> Program:
    """Compile a network for an objective.

    Parameters
    ----------
    objective : str
        ``"latency"``: tensors stay on chip where layers then take no longer. ``"energy"``: the
        fewest bytes on the bus, which cost more than sums on chip; inputs and outputs of the
        network lie in the activation buffer whole, if there is room, so that each of their bytes
        is moved once. ``"area"``: the smallest region of memory, used again where tensors are
        not read any more.
    solver : str
        What packs memory for ``"area"``: ``"enum"``, or ``"cpsat"`` for what that leaves unproven.
    graph, config, reference, keep_all
        See :func:`intaglio.compiler.compile.compile_graph`.

    Raises
    ------
    UsageError
        E101: no such objective or solver. E102: ``keep_all`` leaves nothing to choose, or there
        is nothing for the solver.
    ModelError, FitError
        From :func:`intaglio.compiler.compile.compile_graph`.
    """
    if objective not in OBJECTIVES:
        raise _refused("E101", f"no objective is called {objective!r}", objective, OBJECTIVES)
    if keep_all and objective != "latency":
        message = f"--objective {objective} changes nothing: every output is written"
        raise _refused("E102", message, "keep_all", ("one of both",))
    if solver not in SOLVERS:
        raise _refused("E101", f"no solver is called {solver!r}", solver, SOLVERS)
    if solver != SOLVERS[0] and objective != "area":
        message = f"--solver {solver} changes nothing: {objective} packs no memory"
        raise _refused("E102", message, objective, ("--objective area",))
    if objective == "area":
        return compile_graph(graph, config, reference=reference, reuse=True, solver=solver)
    program = compile_graph(graph, config, reference=reference, keep_all=keep_all)
    if objective == "latency":
        return program
    try:
        whole = compile_graph(graph, config, reference=reference, resident_io=True)
    except FitError:  # inputs or outputs are larger than the buffer: strips of them it is
        return program
    return min((whole, program), key=lambda found: traffic_of(found, config).total)


def _refused(code: str, message: str, have: str, need: tuple[str, ...]) -> UsageError:
    return UsageError(
        Finding(
            code,
            message,
            where="--objective",
            have=have,
            need=", ".join(need),
            help="take one of these" if code == "E101" else "leave one of both options out",
        )
    )
