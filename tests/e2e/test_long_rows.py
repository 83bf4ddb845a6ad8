"""Kernels of 65536 taps in a row, on an array whose buffers hold a sixteenth of them."""

from __future__ import annotations

import numpy as np
import pytest

from intaglio.api.bench_shapes import Shape, graph_of
from intaglio.api.devices import open_device
from intaglio.compiler.compile import compile_graph
from intaglio.golden.network import run_graph
from intaglio.runtime.run import run_program
from intaglio.spec.commands import Opcode, decode
from intaglio.spec.config_file import load_config
from intaglio.spec.graph import Op
from intaglio.spec.timing_compute import compute_cycles

TAPS = 1 << 16
SHAPES = {
    "depthwise": Shape(Op.DEPTHWISE, (1, TAPS, 2), 2, kernel=(1, TAPS)),
    "dense": Shape(Op.CONV, (1, TAPS + 4, 2), 1, kernel=(1, TAPS)),
    "causal": Shape(Op.CONV, (1, 9, 2), 3, kernel=(1, TAPS), padding=(0, 0, TAPS - 1, 0)),
}


@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.parametrize("device", ["golden", pytest.param("sim", marks=pytest.mark.slow)])
def test_a_row_of_65536_taps_is_exact(device: str, name: str, rng: np.random.Generator) -> None:
    opened = open_device(device, load_config("tiny"))
    try:
        graph = graph_of(SHAPES[name], name, 1)
        program = compile_graph(graph, opened.config)
        shape = graph.tensors[0].shape
        image = rng.integers(-128, 128, shape).astype(np.int8)
        result = run_program(program, opened, {0: image})
        (number,) = graph.outputs
        expected = run_graph(graph, {0: image})[number]
        np.testing.assert_array_equal(result.outputs[number], expected)
        if device == "sim":
            commands = decode(program.commands)
            assert result.stats.counters["COMPUTE_CYCLES"] == sum(
                compute_cycles(fields, opened.config).total
                for opcode, fields in commands
                if opcode is Opcode.COMPUTE
            )
    finally:
        opened.close()
