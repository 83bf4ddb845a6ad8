"""Which layers run where, which tensors share bytes, and which layers share a job."""

from __future__ import annotations

from dataclasses import dataclass

from intaglio.compiler.check import activations
from intaglio.compiler.layer import image_of, same_layout
from intaglio.compiler.places import host_reason
from intaglio.spec.config import ArrayConfig
from intaglio.spec.graph import Graph, Op
from intaglio.spec.registers import TRACE_ENTRIES


@dataclass(frozen=True)
class Stage:
    """Consecutive operators that are one job of the array, or one operator of the host.

    A job has no more operators than the trace has entries for their marks.

    Parameters
    ----------
    host : bool
        Whether the host runs it.
    nodes : tuple of int
        Indices of its operators.
    """

    host: bool
    nodes: tuple[int, ...]


@dataclass(frozen=True)
class Flow:
    """How a graph is run.

    Parameters
    ----------
    stages : tuple of Stage
        In execution order.
    roots : dict
        Activation tensor to the tensor whose bytes it shares: itself, or the input of a RESHAPE
        that moves nothing.
    """

    stages: tuple[Stage, ...]
    roots: dict[int, int]

    def stage_of(self) -> dict[int, int]:
        """Return the stage of each operator that runs somewhere."""
        return {node: at for at, stage in enumerate(self.stages) for node in stage.nodes}


def plan_flow(graph: Graph, reference: str = "litert", config: ArrayConfig | None = None) -> Flow:
    """Return the flow of a checked graph, as the roundings of `reference` have it."""
    roots = {number: number for number in graph.inputs}
    stages: list[Stage] = []
    for index, node in enumerate(graph.nodes):
        before, after = activations(node)[0], node.outputs[0]
        if is_alias(graph, index):
            roots[after] = roots[before]
            continue
        roots[after] = after
        if host_reason(graph, node, reference, config):
            stages.append(Stage(host=True, nodes=(index,)))
        elif stages and not stages[-1].host and index - stages[-1].nodes[0] < TRACE_ENTRIES:
            stages[-1] = Stage(host=False, nodes=(*stages[-1].nodes, index))
        else:
            stages.append(Stage(host=False, nodes=(index,)))
    return Flow(tuple(stages), roots)


def is_alias(graph: Graph, index: int) -> bool:
    """Tell whether a node moves no byte: a RESHAPE between shapes of one layout."""
    node = graph.nodes[index]
    before, after = (graph.tensors[n] for n in (node.inputs[0], node.outputs[0]))
    return node.op is Op.RESHAPE and same_layout(image_of(before), image_of(after))
