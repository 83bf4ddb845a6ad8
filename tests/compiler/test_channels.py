"""Convolutions over channels and products with a vector of channels: on the array, exact."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from intaglio.compiler.compile import compile_graph
from intaglio.compiler.passes.run import optimised
from intaglio.golden.machine import GoldenDevice
from intaglio.golden.network import run_graph
from intaglio.ledger.layers import Net
from intaglio.runtime.run import run_program
from intaglio.spec.graph import Graph, Op
from intaglio.spec.presets import PRESETS

TINY = PRESETS["tiny"]


def ran(graph: Graph, config: Any = TINY, seed: int = 1) -> Any:
    """Compile a graph, run it on the golden machine and compare all outputs with golden."""
    rng = np.random.default_rng(seed)
    given = {
        n: rng.integers(-128, 128, graph.tensors[n].shape).astype(np.int8) for n in graph.inputs
    }
    program = compile_graph(graph, config)
    got = run_program(program, GoldenDevice(config), given).outputs
    expected = run_graph(graph, given)
    for number in graph.outputs:
        np.testing.assert_array_equal(got[number], expected[number])
    return program


@pytest.mark.parametrize("channels", [4, 8, 10, 12, 44, 5])
@pytest.mark.parametrize("size", [3, 5, 7])
def test_a_convolution_over_channels(channels: int, size: int) -> None:
    net = Net("eca", channels)
    row = net.reshape(net.input(1, 1, channels, 5, 2e-4), (1, 1, channels, 1))
    y = net.conv(row, outputs=1, kernel=(1, size), padding="same", zero=-3)
    y = net.reshape(net.table(y, "sigmoid", 1 / 256, -128), (1, 1, 1, channels))
    before = net.graph(y)
    graph, certificates = optimised(before, "litert", run_graph)
    assert {c.name: c.changed for c in certificates}["convolution over channels"] == 1
    assert [node.op for node in graph.nodes] == [Op.CONV, Op.TABLE]
    program = ran(graph)
    assert {layer.where for layer in program.layers} == {"array"}


def scaled(net: Net, size: tuple[int, int, int], zeros: tuple[int, int], swap: bool) -> int:
    """Return an image times a factor for each of its channels."""
    x = net.input(*size, zeros[0], 0.02)
    s = net.input(1, 1, size[2], zeros[1], 1 / 256)
    if size[:2] == (1, 1) or not swap:
        return net.multiply(x, s, 3)
    return net.multiply(s, x, 3)


@pytest.mark.parametrize("preset", ["tiny", "ulx3s-25f", "default"])
@pytest.mark.parametrize("zeros", [(0, 0), (5, -128), (-128, -128), (127, 9), (-128, 0)])
@pytest.mark.parametrize("size", [(5, 7, 4), (1, 1, 9), (3, 4, 21), (13, 17, 16)])
def test_a_factor_for_each_channel(
    size: tuple[int, int, int], zeros: tuple[int, int], preset: str
) -> None:
    net = Net("scale", 3)
    graph = net.graph(scaled(net, size, zeros, False))
    program = ran(graph, PRESETS[preset])
    assert [layer.where for layer in program.layers] == ["array"]
