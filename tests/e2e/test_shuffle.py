"""Pixel shuffles behind convolutions: places at which outputs are written, and nothing else."""

from __future__ import annotations

import numpy as np
import pytest

from intaglio.api.devices import open_device
from intaglio.api.rewriting import rewritten
from intaglio.compiler.compile import compile_graph
from intaglio.golden.machine import GoldenDevice
from intaglio.golden.network import run_graph
from intaglio.ledger.layers import Net, draw
from intaglio.runtime.run import run_program
from intaglio.spec.graph import Attributes, Graph, Node, Op, Tensor
from intaglio.spec.presets import PRESETS

CONFIG = PRESETS["tiny"]


def tail(size: int, channels: int, order: str, kernel: int = 3) -> Graph:
    """Return a convolution, a pixel shuffle and a convolution."""
    net = Net("tail", size)
    x = net.input(5, 6, 8)
    wide = net.conv(x, outputs=channels * size**2, kernel=(kernel, kernel), padding="same")
    graph = net.graph(wide)
    before = graph.tensors[wide]
    shape = (1, 5 * size, 6 * size, channels)
    y = Tensor(len(graph.tensors), "shuffled", shape, "int8", before.quant)
    attributes = Attributes(kernel=(size, size), function=order)
    node = Node(Op.DEPTH_TO_SPACE, "shuffle", (wide,), (y.number,), attributes)
    return Graph(
        "tail", {**graph.tensors, y.number: y}, (*graph.nodes, node), graph.inputs, (y.number,)
    )


@pytest.mark.parametrize("order", ["dcr", "crd"])
@pytest.mark.parametrize(("size", "channels"), [(2, 3), (2, 9), (3, 5), (4, 3)])
def test_a_shuffle_is_no_work_on_the_array(size: int, channels: int, order: str) -> None:
    graph = tail(size, channels, order)
    inputs = draw(graph)
    after, certificates = rewritten(graph, CONFIG, "litert")
    assert [entry.name for entry in certificates] == ["pixel shuffle"]
    program = compile_graph(after, CONFIG)
    (layer,) = program.layers
    assert (layer.where, layer.macs) == ("array", 5 * 6 * size**2 * channels * 9 * 8)
    (number,) = graph.outputs
    expected = run_graph(graph, inputs)[number]
    np.testing.assert_array_equal(run_graph(after, inputs)[number], expected)
    found = run_program(program, GoldenDevice(CONFIG), inputs).outputs[number]
    np.testing.assert_array_equal(found, expected)


def test_a_shuffle_in_gates() -> None:
    graph = tail(2, 9, "crd", 1)
    inputs = draw(graph)
    program = compile_graph(rewritten(graph, CONFIG, "litert")[0], CONFIG)
    device = open_device("sim", CONFIG)
    try:
        result = run_program(program, device, inputs)
    finally:
        device.close()
    (number,) = graph.outputs
    np.testing.assert_array_equal(result.outputs[number], run_graph(graph, inputs)[number])
