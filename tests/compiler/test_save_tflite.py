"""Graphs written as TFLite files: read back equal, the same bytes each time, accepted by LiteRT."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from intaglio.api.models import mobilenet_v2, resnet50
from intaglio.api.models_builder import GraphBuilder, span_quantisation
from intaglio.compiler.load_tflite import load_tflite, parse_tflite
from intaglio.compiler.save_tflite import save_tflite
from intaglio.golden.network import run_graph
from intaglio.spec.errors import ModelError
from intaglio.spec.graph import Graph, Op, Tensor

SHIPPED = Path("sw/driver/intaglio/api/data/digits.tflite")
INT8_MODELS = [
    "generated/digits_int8.tflite",
    "mlperf_tiny/kws_ref_model.tflite",
    "mlperf_tiny/pretrainedResnet_quant.tflite",
    "mlperf_tiny/vww_96_int8.tflite",
    "tflm/micro_speech_quantized.tflite",
]
DIGEST = """
import hashlib
from intaglio.api.models import mobilenet_v2
from intaglio.compiler.save_tflite import save_tflite
from intaglio.golden.network import run_graph
print(hashlib.sha256(save_tflite(mobilenet_v2(32))).hexdigest())
"""


def assert_same_tensor(have: Tensor, need: Tensor) -> None:
    for field in ("number", "name", "shape", "dtype"):
        assert getattr(have, field) == getattr(need, field)
    assert (have.quant is None, have.data is None) == (need.quant is None, need.data is None)
    if have.quant is not None and need.quant is not None:
        np.testing.assert_array_equal(have.quant.scales, need.quant.scales, strict=True)
        np.testing.assert_array_equal(have.quant.zero_points, need.quant.zero_points, strict=True)
        assert have.quant.axis == need.quant.axis
    if have.data is not None and need.data is not None:
        np.testing.assert_array_equal(have.data, need.data, strict=True)


def assert_same_graph(have: Graph, need: Graph) -> None:
    assert have.name == need.name
    assert (have.inputs, have.outputs) == (need.inputs, need.outputs)
    assert have.nodes == need.nodes
    assert have.tensors.keys() == need.tensors.keys()
    for number, tensor in need.tensors.items():
        assert_same_tensor(have.tensors[number], tensor)


@pytest.mark.parametrize("make", [mobilenet_v2, resnet50])
def test_a_graph_comes_back_as_it_was(make: object, tmp_path: Path) -> None:
    assert callable(make)
    graph = make(32)
    path = tmp_path / "network.tflite"
    path.write_bytes(save_tflite(graph))
    assert_same_graph(load_tflite(path), graph)


@pytest.mark.parametrize("name", INT8_MODELS)
def test_real_models_come_back_as_they_were(shared: Path, name: str) -> None:
    graph = load_tflite(shared / "models" / name)
    assert_same_graph(parse_tflite(save_tflite(graph), "copy", graph.name), graph)


def test_the_shipped_file_is_what_the_writer_writes(root: Path) -> None:
    path = root / SHIPPED
    assert save_tflite(load_tflite(path)) == path.read_bytes()


def test_bytes_do_not_depend_on_the_hash_seed(root: Path) -> None:
    digests = set()
    for value in ("1", "2"):
        roots = os.pathsep.join(str(root / part) for part in ("hw", "sim", "sw/driver"))
        setting = {**os.environ, "PYTHONHASHSEED": value, "PYTHONPATH": roots}
        command = [sys.executable, "-c", DIGEST]
        run = subprocess.run(command, env=setting, capture_output=True, text=True, check=True)
        digests.add(run.stdout)
    assert len(digests) == 1


def test_explicit_padding_is_refused_by_name(root: Path) -> None:
    graph = load_tflite(root / SHIPPED)
    first = graph.nodes[0]
    padded = replace(first, attributes=replace(first.attributes, padding=(1, 0, 1, 0)))
    with pytest.raises(ModelError) as caught:
        save_tflite(replace(graph, nodes=(padded, *graph.nodes[1:])))
    (finding,) = caught.value.findings
    assert finding.code == "E303"
    assert "conv" in finding.message
    assert "(1, 0, 1, 0)" in finding.have


def run_litert(data: bytes, numbers: list[int], image: object) -> dict[int, object]:
    """Return the named tensors as LiteRT's reference kernels compute them."""
    litert = pytest.importorskip(
        "ai_edge_litert.interpreter", reason="ai-edge-litert is not installed"
    )
    interpreter = litert.Interpreter(
        model_content=data,
        experimental_op_resolver_type=litert.OpResolverType.BUILTIN_REF,
        experimental_preserve_all_tensors=True,
        num_threads=1,
    )
    interpreter.allocate_tensors()
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], image)
    interpreter.invoke()
    return {number: interpreter.get_tensor(number) for number in numbers}


@pytest.mark.parametrize("name", INT8_MODELS)
def test_litert_computes_the_same_from_the_copy(
    shared: Path, name: str, rng: np.random.Generator
) -> None:
    path = shared / "models" / name
    graph = load_tflite(path)
    image = rng.integers(-128, 128, graph.tensors[graph.inputs[0]].shape, np.int8)
    numbers = [node.outputs[0] for node in graph.nodes]
    original = run_litert(path.read_bytes(), numbers, image)
    copy = run_litert(save_tflite(graph), numbers, image)
    for number in numbers:
        np.testing.assert_array_equal(copy[number], original[number])


@pytest.mark.parametrize("make", [mobilenet_v2, resnet50])
def test_litert_accepts_what_we_build(make: object, rng: np.random.Generator) -> None:
    assert callable(make)
    graph = make(64)
    image = rng.integers(-128, 128, graph.tensors[graph.inputs[0]].shape, np.int8)
    outputs = run_litert(save_tflite(graph), [node.outputs[0] for node in graph.nodes], image)
    for node in graph.nodes:
        codes = np.asarray(outputs[node.outputs[0]])
        assert codes.shape == graph.tensors[node.outputs[0]].shape


def uneven() -> Graph:
    """Return a network in which height and width differ in every setting."""
    net = GraphBuilder("uneven")
    rng = np.random.default_rng(1)
    image = net.input("image", (1, 20, 30, 3), span_quantisation((-1, 1)))
    draw = rng.standard_normal
    x = net.conv(image, "conv", draw((8, 3, 5, 3)), draw(8), (-9, 9))
    x = net.depthwise(x, "depthwise", draw((1, 5, 3, 8)), draw(8), (-9, 9))
    x = net.pool(Op.AVERAGE_POOL, x, "pool", 2, stride=2)
    graph = net.graph((image,), (x,))
    conv, depthwise, pool = graph.nodes
    settings = [
        replace(conv.attributes, stride=(2, 3)),
        replace(depthwise.attributes, dilation=(1, 2), padding="valid"),
        replace(pool.attributes, kernel=(3, 2), stride=(3, 1)),
    ]
    shapes = [(1, 10, 10, 8), (1, 6, 6, 8), (1, 2, 5, 8)]
    tensors = dict(graph.tensors)
    for node, shape in zip(graph.nodes, shapes, strict=True):
        tensors[node.outputs[0]] = replace(tensors[node.outputs[0]], shape=shape)
    nodes = tuple(
        replace(node, attributes=attributes)
        for node, attributes in zip(graph.nodes, settings, strict=True)
    )
    return replace(graph, nodes=nodes, tensors=tensors)


def test_height_and_width_are_told_apart(rng: np.random.Generator) -> None:
    graph = uneven()
    data = save_tflite(graph)
    assert_same_graph(parse_tflite(data, "uneven", "uneven"), graph)
    image = rng.integers(-128, 128, graph.tensors[graph.inputs[0]].shape, np.int8)
    need = run_graph(graph, {graph.inputs[0]: image})
    numbers = [node.outputs[0] for node in graph.nodes]
    for number, have in run_litert(data, numbers, image).items():
        np.testing.assert_array_equal(have, need[number])
