"""A change of a few neighbouring operators of an integer graph, and how the graph takes it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from intaglio.spec.graph import Graph, Node, Tensor
from intaglio.spec.requant import format_of


@dataclass(frozen=True)
class Rewrite:
    """Operators that others replace; what both give in `result` has to be the same codes.

    Parameters
    ----------
    before, after : tuple of Node
        In execution order; `after` may be empty where `result` is a `source`.
    source : int
        The one activation that both read.
    result : int
        The tensor of `before` that is read by others.
    alias : int
        Where `after` is empty: the tensor that is read in place of `result`.
    context : tuple of Node
        Operators that stay, between `source` and `before`.
    shapes : mapping
        Tensors of `after` that have other shapes than those of `before`, with as many elements.
    """

    before: tuple[Node, ...]
    after: tuple[Node, ...]
    source: int
    result: int
    alias: int = -1
    context: tuple[Node, ...] = ()
    shapes: Mapping[int, tuple[int, ...]] = field(default_factory=dict)


class Pass(Protocol):
    """Finds rewrites of one kind."""

    @property
    def name(self) -> str:
        """What the compile log calls it."""
        ...

    def find(self, graph: Graph) -> Iterator[Rewrite]:
        """Yield rewrites that do not overlap."""
        ...


def makers(graph: Graph) -> dict[int, Node]:
    """Return the operator that makes each tensor."""
    return {number: node for node in graph.nodes for number in node.outputs}


def readers(graph: Graph) -> dict[int, list[Node]]:
    """Return the operators that read each tensor; outputs of the network count as one more."""
    found: dict[int, list[Node]] = {number: [] for number in graph.tensors}
    for node in graph.nodes:
        for number in node.inputs:
            if number >= 0:
                found[number].append(node)
    return found


def read_once(graph: Graph, number: int, reads: dict[int, list[Node]]) -> bool:
    """Tell whether one operator reads a tensor and the network does not give it."""
    return len(reads[number]) == 1 and number not in graph.outputs


def applied(graph: Graph, rewrite: Rewrite) -> Graph:
    """Return the graph with a rewrite done; tensors keep their numbers."""
    gone = {id(node) for node in rewrite.before}
    last = rewrite.before[-1]
    nodes: list[Node] = []
    for node in graph.nodes:
        if node is last:
            nodes += rewrite.after
        if id(node) not in gone:
            nodes.append(node)
    if rewrite.alias >= 0:
        nodes = [_renamed(node, rewrite.result, rewrite.alias) for node in nodes]
    return replace(reshaped(graph, rewrite), nodes=tuple(nodes))


def reshaped(graph: Graph, rewrite: Rewrite) -> Graph:
    """Return the graph with the shapes that tensors have after a rewrite."""
    tensors = {n: replace(graph.tensors[n], shape=shape) for n, shape in rewrite.shapes.items()}
    return replace(graph, tensors={**graph.tensors, **tensors})


def isolated(graph: Graph, nodes: tuple[Node, ...], inputs: tuple[int, ...]) -> Graph:
    """Return operators as a graph of their own, with those of `inputs` that they read."""
    read = tuple(n for n in inputs if any(n in node.inputs for node in nodes))
    return replace(graph, nodes=nodes, inputs=read, outputs=nodes[-1].outputs)


def random_inputs(
    graph: Graph, rewrite: Rewrite, seed: int
) -> tuple[tuple[int, ...], dict[int, npt.NDArray[Any]]]:
    """Return the activations that the operators of a rewrite read, and random codes for each."""
    nodes = (*rewrite.context, *rewrite.before)
    given = [n for node in nodes for n in node.inputs if n >= 0]
    made = {n for node in nodes for n in node.outputs}
    inputs = tuple(
        n for n in dict.fromkeys(given) if n not in made and graph.tensors[n].data is None
    )
    rng = np.random.default_rng(seed)
    return inputs, {n: random_codes(graph.tensors[n], rng) for n in inputs}


def random_codes(tensor: Tensor, rng: np.random.Generator) -> npt.NDArray[Any]:
    """Return codes of a tensor, all equally likely."""
    form = format_of(tensor)
    kind = np.int16 if tensor.dtype == "int16" else np.int8
    return rng.integers(form.min, form.max + 1, tensor.shape).astype(kind)


def _renamed(node: Node, old: int, new: int) -> Node:
    if old not in node.inputs:
        return node
    return replace(node, inputs=tuple(new if n == old else n for n in node.inputs))
