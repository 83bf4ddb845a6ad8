"""Runs the passes of the compiler over an integer graph; every rewrite is compared on codes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from intaglio.compiler.passes.certificate import Certificate
from intaglio.compiler.passes.channels import ChannelConvolution
from intaglio.compiler.passes.dead import without_dead
from intaglio.compiler.passes.moves import MoveMerging
from intaglio.compiler.passes.nearer import NearerPass, nearer
from intaglio.compiler.passes.pads import PadFolding
from intaglio.compiler.passes.rewrite import (
    Pass,
    Rewrite,
    applied,
    isolated,
    random_codes,
    random_inputs,
    reshaped,
)
from intaglio.compiler.passes.scale_sum import ResidualScale
from intaglio.compiler.passes.shuffle import ShuffleFusion
from intaglio.compiler.passes.tables import ActivationFusion, RequantisationMerging
from intaglio.compiler.prune import without_zero_filters
from intaglio.spec.graph import Graph, Tensor

Array = npt.NDArray[Any]
RunGraph = Callable[[Graph, Mapping[int, Array], str], Mapping[int, Array]]

PASSES: tuple[Pass, ...] = (
    MoveMerging(),
    ChannelConvolution(),
    RequantisationMerging(),
    PadFolding(),
    ActivationFusion(),
    ShuffleFusion(),
)
NEARER: tuple[NearerPass, ...] = (ResidualScale(),)
FOLDING, DEAD, PRUNING = "constant folding", "dead code", "filters of zeros"


def optimised(
    graph: Graph, reference: str, run: RunGraph, seed: int = 1
) -> tuple[Graph, tuple[Certificate, ...]]:
    """Return the graph after all passes, and what each did.

    A rewrite is taken only where the operators before and after it give the same codes for random
    ones, or, where nothing but our own reference is obeyed, codes nearer to the real result;
    tensors keep their numbers.

    Parameters
    ----------
    reference : str
        Engine whose rounding is obeyed.
    run : callable
        :func:`intaglio.golden.network.run_graph`, or one like it.
    """
    graph, *certificates = _folded(graph, reference, run)
    for step in PASSES:
        names: list[str] = []
        compared = 0
        found: Rewrite | None = next(step.find(graph), None)
        refused: set[int] = set()
        while found is not None:
            elements = _same(graph, found, reference, run, seed)
            if elements:
                graph = applied(graph, found)
                names.append(found.before[-1].name)
                compared += elements
            else:
                refused.add(found.result)
            left = (other for other in step.find(graph) if other.result not in refused)
            found = next(left, None)
        if names:
            certificates.append(
                Certificate(step.name, len(names), True, None, tuple(names), compared)
            )
    for other in NEARER:
        if other.reference == reference:
            graph, made = nearer(graph, other, run, seed)
            certificates += made
    graph, dead = without_dead(graph)
    if dead:
        certificates.append(Certificate(DEAD, len(dead), True, None, dead))
    graph, *pruned = _pruned(graph, reference, run, seed)
    return graph, (*certificates, *pruned)


def _pruned(graph: Graph, reference: str, run: RunGraph, seed: int) -> tuple[Any, ...]:
    """Return the graph without filters of zeros, and a certificate; as it is if codes differ."""
    pruned = without_zero_filters(graph, reference)
    if not pruned.removed:
        return (graph,)
    rng = np.random.default_rng(seed)
    codes = {n: random_codes(graph.tensors[n], rng) for n in graph.inputs}
    before, after = (run(whole, codes, reference) for whole in (graph, pruned.graph))
    if not all(np.array_equal(before[n], after[n]) for n in graph.outputs):
        return (graph,)
    compared = sum(int(before[n].size) for n in graph.outputs)
    names = tuple(dict.fromkeys(entry.nodes[0] for entry in pruned.removed))
    made = Certificate(PRUNING, len(pruned.removed), True, None, names, compared)
    return pruned.graph, made


def _folded(graph: Graph, reference: str, run: RunGraph) -> tuple[Any, ...]:
    """Return the graph with operators on constants replaced by their results, and a certificate."""
    tensors, kept, names = dict(graph.tensors), [], []
    for node in graph.nodes:
        read = [number for number in node.inputs if number >= 0]
        if any(tensors[n].data is None for n in read) or set(node.outputs) & set(graph.outputs):
            kept.append(node)
            continue
        part = isolated(replace(graph, tensors=_without_data(tensors, read)), (node,), tuple(read))
        data = run(part, {n: np.asarray(tensors[n].data) for n in read}, reference)
        number = node.outputs[0]
        tensors[number] = replace(tensors[number], data=np.asarray(data[number]))
        names.append(node.name)
    if not names:
        return (graph,)
    made = Certificate(FOLDING, len(names), True, None, tuple(names))
    return replace(graph, nodes=tuple(kept), tensors=tensors), made


def _without_data(tensors: Mapping[int, Tensor], read: list[int]) -> dict[int, Tensor]:
    return {**tensors, **{n: replace(tensors[n], data=None) for n in read}}


def _same(graph: Graph, rewrite: Rewrite, reference: str, run: RunGraph, seed: int) -> int:
    """Return how many codes were compared; 0: they are not the same."""
    nodes = (*rewrite.context, *rewrite.before)
    inputs, codes = random_inputs(graph, rewrite, seed)
    before = run(isolated(graph, nodes, inputs), codes, reference)[rewrite.result]
    if rewrite.after:
        changed = isolated(reshaped(graph, rewrite), rewrite.after, inputs)
        after = run(changed, codes, reference)[rewrite.result]
    else:
        after = codes[rewrite.alias]
    return int(before.size) if np.array_equal(before, after.reshape(before.shape)) else 0
