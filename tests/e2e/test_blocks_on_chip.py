"""Chains of layers whose intermediates never leave the chip: bytes counted on the bus in gates."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from intaglio.api.devices import open_device
from intaglio.compiler.objective import compile_for
from intaglio.compiler.traffic import peak_of, traffic_of
from intaglio.golden.network import run_graph
from intaglio.ledger.layers import Net, draw
from intaglio.runtime.run import run_program
from intaglio.spec.errors import UsageError
from intaglio.spec.graph import Graph
from intaglio.spec.presets import PRESETS
from intaglio.spec.tensor import tensor_bytes

CONFIG = PRESETS["tiny"]
SIDE = 7


def inverted_residual() -> Graph:
    """Expand, depthwise, project, and the sum with the input."""
    net = Net("inverted-residual")
    x = net.input(SIDE, SIDE, 12)
    wide = net.conv(x, outputs=48)
    deep = net.conv(wide, depthwise=True, kernel=(3, 3), padding="same")
    return net.graph(net.add(net.conv(deep, outputs=12), x))


def separable() -> Graph:
    """Depthwise, then pointwise."""
    net = Net("separable")
    x = net.input(SIDE, SIDE, 20)
    deep = net.conv(x, depthwise=True, kernel=(3, 3), padding="same")
    return net.graph(net.conv(deep, outputs=40))


def grouped() -> Graph:
    """Grouped 3x3, expand, a function by table, project."""
    net = Net("grouped")
    x = net.input(SIDE, SIDE, 16)
    weights = net.rng.integers(-127, 128, (16, 3, 3, 4))
    first = net.conv(x, weights, padding="same")
    wide = net.conv(first, outputs=48)
    bent = net.table(wide, "gelu", net.scale(wide))
    return net.graph(net.conv(bent, outputs=16))


BLOCKS = {"inverted residual": inverted_residual, "separable": separable, "grouped": grouped}


@pytest.mark.parametrize("name", BLOCKS)
def test_only_inputs_outputs_and_weights_are_on_the_bus(name: str) -> None:
    graph = BLOCKS[name]()
    program = compile_for(graph, CONFIG, "energy")
    found = traffic_of(program, CONFIG)
    assert found.tensors_read == _bytes(graph, graph.inputs)
    assert found.written == _bytes(graph, graph.outputs)
    # Constants are rounded up to words of memory; none is read twice.
    assert len(program.constants) - 2 * CONFIG.bus_bytes <= found.constants_read
    assert found.constants_read <= len(program.constants)

    inputs = draw(graph)
    device = open_device("sim", CONFIG)
    try:
        result = run_program(program, device, inputs)
    finally:
        device.close()
    counters = result.stats.counters
    read = counters["READ_BEATS"] * CONFIG.bus_bytes
    assert read == found.tensors_read + found.constants_read + found.commands_read
    assert counters["WRITE_BEATS"] * CONFIG.bus_bytes == found.written
    (number,) = graph.outputs
    wanted = run_graph(graph, inputs)[number]
    np.testing.assert_array_equal(result.outputs[number].reshape(wanted.shape), wanted)


@pytest.mark.parametrize("name", BLOCKS)
def test_each_objective_is_least_in_what_it_asks_for(name: str) -> None:
    graph = BLOCKS[name]()
    plans = {name: compile_for(graph, CONFIG, name) for name in ("latency", "energy", "area")}
    apart = compile_for(graph, CONFIG, keep_all=True)
    moved = {name: traffic_of(plan, CONFIG).total for name, plan in plans.items()}
    assert moved["energy"] <= moved["latency"] < traffic_of(apart, CONFIG).total
    assert plans["area"].tensor_bytes <= plans["latency"].tensor_bytes < apart.tensor_bytes


def test_the_peak_is_what_lives_at_one_step() -> None:
    graph = inverted_residual()
    peak = peak_of(graph, CONFIG)
    wide = graph.tensors[graph.nodes[0].outputs[0]].shape
    own = graph.tensors[graph.inputs[0]].shape
    assert peak.layer == graph.nodes[1].name
    assert peak.size == int(2 * np.prod(wide) + np.prod(own))


def test_inputs_beyond_the_buffer_are_read_in_strips() -> None:
    net = Net("large")
    graph = net.graph(net.conv(net.input(64, 64, 8), outputs=8, kernel=(3, 3), padding="same"))
    found = traffic_of(compile_for(graph, CONFIG, "energy"), CONFIG)
    assert found.tensors_read > _bytes(graph, graph.inputs)


@pytest.mark.parametrize(
    ("objective", "keep_all", "code"), [("speed", False, "E101"), ("energy", True, "E102")]
)
def test_objectives_that_are_none(objective: str, keep_all: bool, code: str) -> None:
    make: Callable[[], Graph] = separable
    with pytest.raises(UsageError, match=code):
        compile_for(make(), CONFIG, objective, keep_all=keep_all)


def _bytes(graph: Graph, numbers: tuple[int, ...]) -> int:
    shapes = (graph.tensors[number].shape for number in numbers)
    return sum(tensor_bytes(h, w, c, CONFIG.channels, 8) for _, h, w, c in shapes)


def test_memory_used_again_is_the_least_there_is() -> None:
    graph = inverted_residual()
    config = replace(CONFIG, name="small-acts", acts_kib=2)  # most tensors go to memory
    area = compile_for(graph, config, "area")
    assert area.tensor_bytes <= peak_of(graph, config).size
    with pytest.raises(UsageError, match="E102"):
        compile_for(graph, config, "latency", solver="cpsat")
    with pytest.raises(UsageError, match="E101"):
        compile_for(graph, config, "area", solver="guess")
