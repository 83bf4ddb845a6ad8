"""Products of two activations: from ONNX to commands, equal to ONNX Runtime and to golden."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from tests.compiler import onnx_models as make

from intaglio.api.bench_shapes import Shape, graph_of
from intaglio.api.suites_ort import run_ort
from intaglio.compiler.compile import compile_graph
from intaglio.compiler.load_onnx import parse_onnx
from intaglio.compiler.product import product_fault
from intaglio.golden.machine import GoldenDevice
from intaglio.golden.network import run_graph
from intaglio.runtime.run import run_program
from intaglio.spec.commands import Opcode, Operation, decode
from intaglio.spec.errors import FitError
from intaglio.spec.graph import Op
from intaglio.spec.presets import PRESETS
from intaglio.spec.timing_compute import compute_cycles

TINY = PRESETS["tiny"]


@pytest.mark.parametrize("form", ["uint8", "int8"])
@pytest.mark.parametrize("sizes", [(1, 2, 5, 11, 7), (1, 9, 16, 6), (1, 3, 1, 13, 20)])
def test_qlinear_matmul_of_two_inputs(
    form: str, sizes: tuple[int, ...], rng: np.random.Generator
) -> None:
    *batch, rows, terms, columns = sizes
    point = 0 if form == "int8" else 128
    operands = ["a", "a_s", "a_z", "b", "b_s", "b_z", "y_s", "y_z"]
    constants = make.scales(
        a=(0.03, point + 12, form), b=(0.02, point - 7, form), y=(0.4, point, form)
    )
    shapes = {"a": (*batch, rows, terms), "b": (*batch, terms, columns)}
    inputs = {name: (form, shape) for name, shape in shapes.items()}
    nodes = [make.node("QLinearMatMul", operands, "y")]
    model = make.model(nodes, inputs, ["y"], constants, 17, form, rank=len(batch) + 2)
    graph = parse_onnx(model.SerializeToString(), "product")
    low = np.iinfo(form).min
    codes = {n: rng.integers(low, low + 256, shape).astype(form) for n, shape in shapes.items()}
    given = {}
    for at in graph.inputs:
        own = codes[graph.tensors[at].name]
        image = np.moveaxis(own, 1, -1) if own.ndim == 4 else own  # images are read as N,H,W,C
        given[at] = (image.astype(np.int64) - low - 128).astype(np.int8)
    program = compile_graph(graph, TINY, reference="onnxruntime")
    assert program.layers[-1].where == "array"
    (number,) = graph.outputs
    got = run_program(program, GoldenDevice(TINY), given).outputs[number]
    np.testing.assert_array_equal(got, run_graph(graph, given, "onnxruntime")[number])
    expected = run_ort(model.SerializeToString(), codes)
    np.testing.assert_array_equal(got.astype(np.int64) + 128 + low, expected)


def _graph(image: tuple[int, int, int], outputs: int, seed: int) -> Any:
    return graph_of(Shape(Op.MATMUL, image, outputs), "product", seed)


@pytest.mark.parametrize("stay", [False, True])
def test_panels_and_strips(stay: bool, seed: int) -> None:
    """More weights and more pixels than the buffers hold at once."""
    graph = _graph((2, 120, 60), 90, seed)
    config = replace(TINY, acts_kib=128) if stay else TINY
    program = compile_graph(graph, config, resident_io=stay)
    rng = np.random.default_rng(seed)
    inputs = {
        number: rng.integers(-128, 128, graph.tensors[number].shape).astype(np.int8)
        for number in graph.inputs
    }
    (number,) = graph.outputs
    got = run_program(program, GoldenDevice(config), inputs).outputs[number]
    np.testing.assert_array_equal(got, run_graph(graph, inputs)[number])


def test_zero_points_of_none_cost_no_rows(seed: int) -> None:
    kernels = set()
    for n in range(12):
        program = compile_graph(_graph((1, 6, 8), 4, seed + n), TINY)
        last = [f for o, f in decode(program.commands) if o is Opcode.COMPUTE][-1]
        assert last["operation"] == Operation.CONV
        kernels.add(last["kernel_h"])
    assert {1, 2} <= kernels <= {1, 2, 3, 4, 5}


def test_a_sum_that_the_weight_buffer_cannot_hold(seed: int) -> None:
    with pytest.raises(FitError, match="E401"):
        compile_graph(_graph((1, 2, 30000), 4, seed), TINY)


def test_lanes_without_bytes_leave_it_to_the_host(seed: int) -> None:
    graph = _graph((1, 2, 8), 4, seed)
    narrow = replace(TINY, weight_bits=4)
    assert product_fault(graph, graph.nodes[0]) == ""
    assert "plain bytes" in product_fault(graph, graph.nodes[0], narrow)
    program = compile_graph(graph, narrow)
    assert [layer.where for layer in program.layers] == ["host"]


@pytest.mark.parametrize("stay", [False, True])
def test_few_rows_use_the_pixel_lanes_as_channels(stay: bool, seed: int) -> None:
    """Two batches of three rows, times more channels than the lanes of a tile."""
    graph = _graph((2, 3, 34), 70, seed)
    program = compile_graph(graph, TINY, resident_io=stay)
    found = [f for o, f in decode(program.commands) if o is Opcode.COMPUTE]
    wide = [f for f in found if f["operation"] == Operation.DEPTHWISE]
    assert len(wide) == len([f for f in found if f["kernel_w"] == 34])
    assert {f["out_blocks"] for f in wide} == {3}
    for f in wide:
        tiles = -(-f["pixels"] // TINY.pixels)
        steps = f["out_blocks"] * tiles * f["kernel_h"] * 34 // TINY.depth
        assert compute_cycles(f, TINY).steps == steps
    rng = np.random.default_rng(seed)
    inputs = {
        number: rng.integers(-128, 128, graph.tensors[number].shape).astype(np.int8)
        for number in graph.inputs
    }
    (number,) = graph.outputs
    got = run_program(program, GoldenDevice(TINY), inputs).outputs[number]
    np.testing.assert_array_equal(got, run_graph(graph, inputs)[number])


@pytest.mark.parametrize("size", [14, 16, 5])
def test_a_gram_matrix_is_summed_on_and_below_its_diagonal(size: int, seed: int) -> None:
    graph = graph_of(Shape(Op.MATMUL, (2, size, 40), size, gram=True), "gram", seed)
    program = compile_graph(graph, TINY)
    assert [layer.where for layer in program.layers] == ["host", "array"]
    found = [f for o, f in decode(program.commands) if o is Opcode.COMPUTE]
    blocks = -(-size // TINY.channels)
    sums = [f["pixels"] for f in found if f["in_blocks"] > 1]
    assert sums == 2 * [size - n * TINY.channels for n in range(blocks)]
    (number,) = graph.inputs
    codes = np.random.default_rng(seed).integers(-128, 128, graph.tensors[number].shape)
    inputs = {number: codes.astype(np.int8)}
    (number,) = graph.outputs
    got = run_program(program, GoldenDevice(TINY), inputs).outputs[number]
    np.testing.assert_array_equal(got, run_graph(graph, inputs)[number])
    np.testing.assert_array_equal(got, got.swapaxes(2, 3))
