"""Efficient channel attention in a .tflite file: on the array, equal to LiteRT's kernels."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from intaglio.api.suites_litert import run_litert
from intaglio.compiler.compile import compile_graph
from intaglio.compiler.load_tflite import parse_tflite
from intaglio.compiler.passes.run import optimised
from intaglio.compiler.save_tflite import save_tflite
from intaglio.golden.machine import GoldenDevice
from intaglio.golden.network import run_graph
from intaglio.ledger.layers import Net, draw
from intaglio.runtime.run import run_program
from intaglio.spec.graph import Activation, Graph, Node, Op
from intaglio.spec.presets import PRESETS

STEP = 0.04
FORMS = ("image", "flat", "factors first")


def attention(form: str, channels: int, kernel: int) -> Graph:
    """Return relu(x * sigmoid(conv(mean(x))) + x) as converters write it.

    `form`: "image": the mean keeps its axes; "flat": it has none of height and width, and the row
    becomes an image of one row for the convolution; "factors first": of the product.
    """
    net = Net("eca", kernel)
    x = net.input(6, 5, channels, 3, STEP)
    mean = net.mean(x, 5)
    if form == "flat":
        mean = net.reshape(net.reshape(mean, (1, channels)), (1, channels, 1))
    row = net.reshape(mean, (1, 1, channels, 1))
    conv = net.conv(row, outputs=1, kernel=(1, kernel), padding="same", zero=-7, scale=STEP)
    if form == "flat":
        conv = net.reshape(conv, (1, channels, 1))
    gate = net.reshape(net.table(conv, "sigmoid", 1 / 256, -128), (1, 1, 1, channels))
    graph = net.graph(net.add(net.multiply(x, gate, 4), x, activation=Activation.RELU))
    if form != "factors first":
        return graph
    nodes = [
        replace(node, inputs=node.inputs[::-1]) if node.op is Op.MUL else node
        for node in graph.nodes
    ]
    return replace(graph, nodes=tuple(nodes))


def merged_mean(graph: Graph) -> Graph:
    """Return the graph with a mean that drops its axes in place of a reshape behind it."""
    nodes: list[Node] = []
    for node in graph.nodes:
        behind = bool(nodes) and nodes[-1].op is Op.MEAN and node.op is Op.RESHAPE
        if behind and len(graph.tensors[node.outputs[0]].shape) == 2:
            nodes[-1] = replace(nodes[-1], outputs=node.outputs)
        else:
            nodes.append(node)
    return replace(graph, nodes=tuple(nodes))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("channels", "kernel"), [(16, 3), (24, 5), (10, 5), (64, 7)])
def test_attention_in_a_file(form: str, channels: int, kernel: int) -> None:
    data = save_tflite(merged_mean(attention(form, channels, kernel)))
    read = parse_tflite(data, "eca.tflite", "eca")
    graph, certificates = optimised(read, "litert", run_graph)
    assert "convolution over channels" in {c.name for c in certificates}
    assert [node.op for node in graph.nodes] == [Op.MEAN, Op.CONV, Op.TABLE, Op.MUL, Op.ADD]
    config = PRESETS["tiny"]
    program = compile_graph(graph, config)
    assert {layer.where for layer in program.layers} == {"array"}
    inputs = draw(graph)
    (number,) = graph.outputs
    found = run_program(program, GoldenDevice(config), inputs).outputs[number]
    expected = run_litert(data, list(inputs.values()))
    np.testing.assert_array_equal(found.reshape(expected.shape), expected)
    assert len(np.unique(expected)) > 20


@pytest.mark.parametrize("form", FORMS)
def test_our_own_reference_scales_in_the_sum(form: str) -> None:
    data = save_tflite(merged_mean(attention(form, 16, 3)))
    graph, _ = optimised(parse_tflite(data, "eca.tflite", "eca"), "own", run_graph)
    assert [node.op for node in graph.nodes] == [Op.MEAN, Op.CONV, Op.TABLE, Op.SCALE_ADD]
