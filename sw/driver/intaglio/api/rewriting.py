"""What the compiler made of a network: its passes, compared by golden operators, and its bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from intaglio.compiler.check import check_graph
from intaglio.compiler.passes.certificate import Certificate
from intaglio.compiler.passes.run import optimised
from intaglio.compiler.traffic import Peak, Traffic, peak_of, traffic_of
from intaglio.golden.network import run_graph
from intaglio.spec.config import ArrayConfig
from intaglio.spec.graph import Graph

if TYPE_CHECKING:
    from intaglio.api.plan import Plan


def rewritten(
    graph: Graph, config: ArrayConfig, reference: str, *, keep_all: bool = False
) -> tuple[Graph, tuple[Certificate, ...]]:
    """Return the network after :func:`intaglio.compiler.passes.run.optimised`.

    With `keep_all` every operator's output is wanted: the network stays as it is.

    Raises
    ------
    ModelError, FitError
        From :func:`intaglio.compiler.check.check_graph`: what is not supported is said about the
        network as it was given.
    """
    check_graph(graph, config, reference)
    return (graph, ()) if keep_all else optimised(graph, reference, run_graph)


def golden_graph(plan: Plan) -> Graph:
    """Return the network whose golden operators give a plan's bits.

    That is the one that was given, unless a pass of our own reference rounds less often.

    Raises
    ------
    ValueError
        The plan was read from a file: its network is not known.
    """
    if plan.model is None:
        raise ValueError("a plan without its model")
    graph = plan.model.graph
    if all(entry.exact for entry in plan.log):
        return graph
    return rewritten(graph, plan.config, plan.reference)[0]


def memory_use(plan: Plan) -> tuple[Traffic, Peak | None]:
    """Return what a plan moves for one input, and the most bytes of tensors that live at once.

    The second is None for a program that was read from a file: its network is not known.
    """
    traffic = traffic_of(plan.program, plan.config)
    if plan.model is None:
        return traffic, None
    graph = plan.model.graph
    if plan.log:
        graph, _ = rewritten(graph, plan.config, plan.reference)
    return traffic, peak_of(graph, plan.config, plan.reference)
