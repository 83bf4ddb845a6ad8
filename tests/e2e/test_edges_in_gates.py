"""Images that go on past their edges, in simulated gates, where the image is on chip already."""

from __future__ import annotations

import numpy as np
import pytest

from intaglio.api.bench_shapes import Shape, graph_of
from intaglio.api.devices import open_device
from intaglio.compiler.compile import compile_graph
from intaglio.golden.network import run_graph
from intaglio.runtime.run import run_program
from intaglio.spec.config_file import load_config
from intaglio.spec.edges import MODES
from intaglio.spec.graph import Op


@pytest.mark.parametrize("edge", MODES[1:])
def test_an_image_on_chip_is_copied_past_its_edges(edge: str, rng: np.random.Generator) -> None:
    device = open_device("sim", load_config("tiny"))
    try:
        for op, channels in ((Op.CONV, 9), (Op.DEPTHWISE, 7)):
            shape = Shape(
                op, (5, 7, channels), channels, kernel=(3, 5), padding=(3, 1, 2, 4), edge=edge
            )
            graph = graph_of(shape, edge, 1)
            program = compile_graph(graph, device.config, resident_io=True)
            image = rng.integers(-128, 128, (1, 5, 7, channels)).astype(np.int8)
            result = run_program(program, device, {0: image})
            (number,) = graph.outputs
            expected = run_graph(graph, {0: image})[number]
            np.testing.assert_array_equal(result.outputs[number], expected)
    finally:
        device.close()
