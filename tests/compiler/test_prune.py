"""Filters of zeros: what is removed changes no bit, and is as much as was said."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from intaglio.api.models_random import RandomNet
from intaglio.compiler.outline import outline_graph
from intaglio.compiler.passes.run import PRUNING, optimised
from intaglio.compiler.prune import without_zero_filters
from intaglio.golden.network import run_graph
from intaglio.spec.graph import Activation, Graph
from intaglio.spec.presets import PRESETS

ZEROS = (1, 4, 5)


def network() -> Graph:
    net = RandomNet("pruned", 12, 3)
    x = net.conv(net.input, "first", 8, 3, stride=1, activation=Activation.RELU6)
    x = net.depthwise(x, "apart", stride=1, activation=Activation.RELU6)
    x = net.conv(x, "second", 12, activation=Activation.RELU6)
    x = net.conv(x, "third", 6)
    return net.finish(x)


def zeroed(graph: Graph, name: str, channels: tuple[int, ...], bias: int = 0) -> Graph:
    """Return the graph with zero filters, and `bias` in their place."""
    tensors = dict(graph.tensors)
    [node] = [node for node in graph.nodes if node.name == name]
    weights, biases = (np.array(tensors[n].data) for n in node.inputs[1:3])
    weights[list(channels)] = 0
    biases[list(channels)] = bias
    for number, data in zip(node.inputs[1:3], (weights, biases), strict=True):
        tensors[number] = replace(tensors[number], data=data)
    return replace(graph, tensors=tensors)


def silenced(graph: Graph, name: str, channels: tuple[int, ...]) -> Graph:
    """Return the graph with no bias in some channels of a depthwise layer."""
    tensors = dict(graph.tensors)
    [node] = [node for node in graph.nodes if node.name == name]
    bias = np.array(tensors[node.inputs[2]].data)
    bias[list(channels)] = 0
    tensors[node.inputs[2]] = replace(tensors[node.inputs[2]], data=bias)
    return replace(graph, tensors=tensors)


def outputs(graph: Graph, seed: int) -> list[Any]:
    rng = np.random.default_rng(seed)
    shape = (3, *graph.tensors[graph.inputs[0]].shape[1:])
    found = run_graph(graph, {graph.inputs[0]: rng.integers(-128, 128, shape, np.int8)})
    return [found[number] for number in graph.outputs]


def same(one: Graph, two: Graph, seed: int) -> bool:
    return all(
        np.array_equal(a, b) for a, b in zip(outputs(one, seed), outputs(two, seed), strict=True)
    )


def test_a_filter_of_zeros_goes_with_all_that_reads_it(seed: int) -> None:
    before = silenced(zeroed(network(), "first", ZEROS), "apart", ZEROS)
    before = zeroed(before, "second", (0, 11))
    found = without_zero_filters(before)
    assert [entry.nodes for entry in found.removed] == [
        ("first", "apart", "second"),
        ("second", "third"),
    ]
    assert [entry.channels for entry in found.removed] == [ZEROS, (0, 11)]
    config = PRESETS["small"]
    gone = outline_graph(before, config).macs - outline_graph(found.graph, config).macs
    assert gone == found.macs > 0
    assert same(before, found.graph, seed)
    assert without_zero_filters(found.graph).removed == ()


def test_a_constant_that_someone_adds_up_stays(seed: int) -> None:
    before = silenced(zeroed(network(), "first", ZEROS, bias=5000), "apart", ZEROS)
    found = without_zero_filters(before)
    assert found.removed == ()
    # With the depthwise bias as it was, its constant need not be the zero point.
    loud = zeroed(network(), "first", ZEROS)
    assert same(loud, without_zero_filters(loud).graph, seed)


def test_nothing_is_removed_from_a_network_of_no_zeros(seed: int) -> None:
    graph = network()
    found = without_zero_filters(graph)
    assert found.removed == ()
    assert found.graph is graph


def test_a_layer_of_zeros_keeps_a_channel(seed: int) -> None:
    everything = tuple(range(12))
    before = zeroed(network(), "second", everything)
    found = without_zero_filters(before)
    assert found.removed[0].channels == everything[1:]
    assert same(before, found.graph, seed)


def test_the_compiler_prunes_with_a_certificate(seed: int) -> None:
    before = silenced(zeroed(network(), "first", ZEROS), "apart", ZEROS)
    after, certificates = optimised(before, "litert", run_graph)
    [made] = [one for one in certificates if one.name == PRUNING]
    assert made.layers == ("first",)
    assert made.compared > 0
    assert (
        outline_graph(after, PRESETS["small"]).macs < outline_graph(before, PRESETS["small"]).macs
    )
    assert same(before, after, seed)


def test_what_golden_does_not_confirm_is_not_pruned() -> None:
    before = silenced(zeroed(network(), "first", ZEROS), "apart", ZEROS)
    calls = []

    def unsteady(*arguments: Any) -> Any:
        calls.append(1)
        return {n: codes + len(calls) for n, codes in run_graph(*arguments).items()}

    after, certificates = optimised(before, "litert", unsteady)
    assert PRUNING not in [one.name for one in certificates]
    assert len(calls) > 1
    assert [after.tensors[n].shape for n in after.tensors] == [
        before.tensors[n].shape for n in before.tensors
    ]


@pytest.mark.parametrize("reference", ["litert", "tflm", "onnxruntime"])
def test_every_reference_agrees(reference: str, seed: int) -> None:
    before = silenced(zeroed(network(), "first", ZEROS), "apart", ZEROS)
    after = without_zero_filters(before, reference).graph
    rng = np.random.default_rng(seed)
    codes = rng.integers(-128, 128, before.tensors[before.inputs[0]].shape, np.int8)
    one, two = (run_graph(g, {g.inputs[0]: codes}, reference) for g in (before, after))
    assert all(np.array_equal(one[number], two[number]) for number in before.outputs)
