"""Files that PyTorch's exporters wrote: quantised, compiled, and run bit for bit.

``tests/data/pytorch/export_cnn.py`` wrote them; PyTorch itself is not needed.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from intaglio.api.suites_ort import run_ort
from intaglio.compiler.compile import compile_graph
from intaglio.compiler.load_onnx import parse_onnx
from intaglio.compiler.passes.run import optimised
from intaglio.golden.machine import GoldenDevice
from intaglio.golden.network import run_graph
from intaglio.ledger.layers import run
from intaglio.quantise.run import quantise
from intaglio.quantise.scheme import Scheme
from intaglio.runtime.run import run_program
from intaglio.spec.graph import Graph, Op
from intaglio.spec.presets import PRESETS
from intaglio.spec.requant import quant_of

FILES = ("cnn_script", "cnn_dynamo")
LEAST_DB = 35.0


@pytest.fixture(scope="module", params=FILES)
def net(request: pytest.FixtureRequest, root: Path) -> tuple[bytes, Graph, Any]:
    """Return the quantised file, its network, and PyTorch's samples and results."""
    folder = root / "tests" / "data" / "pytorch"
    data = (folder / f"{request.param}.onnx").read_bytes()
    samples = np.load(folder / "cnn.npz")
    done = quantise(data, request.param, {"x": samples["x"][:, None]}, Scheme())
    return done.data, parse_onnx(done.data, request.param), samples


def codes_of(graph: Graph, x: np.ndarray) -> np.ndarray:
    """Return the input codes of images, channels last."""
    quant = quant_of(graph.tensors[graph.inputs[0]])
    steps = np.rint(x / np.float32(quant.scale)) + quant.zero_point
    return np.clip(steps, -128, 127).astype(np.int8).transpose(0, 2, 3, 1)


def test_operators_of_the_network(net: tuple[bytes, Graph, Any]) -> None:
    ops = [node.op for node in net[1].nodes]
    assert [op for op in ops if op is not Op.RESHAPE] == [
        *(Op.CONV, Op.CONV, Op.DEPTHWISE, Op.CONV, Op.ADD),
        *(Op.MAX_POOL, Op.CONV, Op.TABLE, Op.MEAN, Op.DENSE),
    ]


def test_results_are_those_of_pytorch(net: tuple[bytes, Graph, Any]) -> None:
    _, graph, samples = net
    number = graph.outputs[0]
    inputs = {graph.inputs[0]: codes_of(graph, samples["x"])}
    found = run_graph(graph, inputs, "onnxruntime")[number]
    quant = quant_of(graph.tensors[number])
    real = (found.reshape(samples["y"].shape).astype(float) - quant.zero_point) * quant.scale
    error = np.mean((real - samples["y"]) ** 2)
    assert 10 * np.log10(np.mean(samples["y"] ** 2) / error) > LEAST_DB
    assert (real.argmax(axis=1) == samples["y"].argmax(axis=1)).mean() > 0.9


def test_bits_are_those_of_onnx_runtime(net: tuple[bytes, Graph, Any]) -> None:
    pytest.importorskip("onnxruntime")
    data, graph, samples = net
    number = graph.outputs[0]
    quant = quant_of(graph.tensors[number])
    for x in samples["x"]:
        inputs = {graph.inputs[0]: codes_of(graph, x[None])}
        found = run_graph(graph, inputs, "onnxruntime")[number].reshape(-1)
        expected = run_ort(data, {"x": x[None]})
        codes = np.rint(expected.astype(float) / quant.scale) + quant.zero_point
        np.testing.assert_array_equal(found, codes.reshape(-1))


@pytest.mark.parametrize("reference", ["onnxruntime", "own"])
def test_golden_device(net: tuple[bytes, Graph, Any], reference: str) -> None:
    _, graph, samples = net
    graph, _ = optimised(graph, reference, run_graph)
    device = PRESETS["bench256"]
    inputs = {graph.inputs[0]: codes_of(graph, samples["x"][:1])}
    program = compile_graph(graph, device, reference=reference)
    found = run_program(program, GoldenDevice(device), inputs).outputs
    expected = run_graph(graph, inputs, reference)
    for number in graph.outputs:
        np.testing.assert_array_equal(found[number].reshape(-1), expected[number].reshape(-1))


def test_gates(net: tuple[bytes, Graph, Any]) -> None:
    _, graph, samples = net
    inputs = {graph.inputs[0]: codes_of(graph, samples["x"][:1])}
    assert run(graph, PRESETS["tiny"], inputs, reference="onnxruntime").compared == 10
