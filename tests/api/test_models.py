"""Benchmark networks: published shapes, plausible numbers, the same bytes each time."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from intaglio.api import models
from intaglio.api.models_builder import quantise_weights, span_quantisation
from intaglio.compiler.load_tflite import load_tflite
from intaglio.compiler.save_tflite import save_tflite
from intaglio.golden.network import run_graph
from intaglio.spec.errors import UsageError
from intaglio.spec.graph import Activation, Graph, Node, Op

# Published multiply-accumulates, in millions: the papers' own tables, rounded there.
PUBLISHED_MMAC = {
    "mobilenet_v1_1.0_224": (569, 5),
    "mobilenet_v2_1.0_224": (300, 5),
    "resnet50_v1.5_224": (4100, 60),
}
CSV_OPS = {
    Op.CONV: "conv",
    Op.DENSE: "conv",
    Op.DEPTHWISE: "depthwise",
    Op.ADD: "add",
    Op.MAX_POOL: "maxpool",
    Op.AVERAGE_POOL: "avgpool",
    Op.MEAN: "avgpool",
}


@pytest.fixture(scope="module")
def graphs() -> dict[str, Graph]:
    return {name: make() for name, make in models.MODELS.items()}


def hwc(shape: tuple[int, ...]) -> tuple[int, ...]:
    return (1, 1, shape[1]) if len(shape) == 2 else shape[1:]


def row(graph: Graph, node: Node) -> tuple[object, ...]:
    """Return a node as a row of the table of networks: name, op, sizes, window, stride."""
    before = hwc(graph.tensors[node.inputs[0]].shape)
    after = hwc(graph.tensors[node.outputs[0]].shape)
    kernel, stride = node.attributes.kernel, node.attributes.stride[0]
    if node.op in {Op.CONV, Op.DEPTHWISE}:
        height, width = graph.tensors[node.inputs[1]].shape[1:3]
        kernel = (height, width)
    if node.op in {Op.MEAN, Op.AVERAGE_POOL}:
        kernel, stride = (before[0], before[1]), 1
    return node.name, CSV_OPS[node.op], *before, *after, *kernel, stride


def macs(graph: Graph, node: Node) -> int:
    if node.op not in {Op.CONV, Op.DEPTHWISE, Op.DENSE}:
        return 0
    weights = graph.tensors[node.inputs[1]].shape
    places = math.prod(graph.tensors[node.outputs[0]].shape[1:-1])
    return places * math.prod(weights)


@pytest.mark.parametrize("name", models.MODELS)
def test_shapes_are_those_of_the_table(shared: Path, graphs: dict[str, Graph], name: str) -> None:
    with (shared / "anchors/networks.csv").open(newline="") as file:
        table = [line for line in csv.DictReader(file) if line["network"] == name]
    sizes = ("H", "W", "C", "OH", "OW", "N", "kh", "kw", "stride")
    need = [(r["layer"], r["op"], *(int(r[key]) for key in sizes)) for r in table]
    graph = graphs[name]
    nodes = [node for node in graph.nodes if node.op in CSV_OPS]
    assert [row(graph, node) for node in nodes] == need
    assert [macs(graph, node) for node in nodes] == [int(r["useful_macs"]) for r in table]


@pytest.mark.parametrize("name", models.MODELS)
def test_multiply_accumulates_are_those_published(graphs: dict[str, Graph], name: str) -> None:
    million, tolerance = PUBLISHED_MMAC[name]
    total = sum(macs(graphs[name], node) for node in graphs[name].nodes)
    assert abs(total / 1e6 - million) < tolerance


def test_residual_sums_of_each_family(graphs: dict[str, Graph]) -> None:
    fused = {
        name: [node.attributes.activation for node in graph.nodes if node.op is Op.ADD]
        for name, graph in graphs.items()
    }
    assert fused["mobilenet_v1_1.0_224"] == []
    assert fused["mobilenet_v2_1.0_224"] == [Activation.NONE] * 10
    assert fused["resnet50_v1.5_224"] == [Activation.RELU] * 16


@pytest.mark.parametrize("make", [models.mobilenet_v1, models.mobilenet_v2, models.resnet50])
def test_activations_neither_saturate_nor_vanish(
    make: Callable[[int], Graph], rng: np.random.Generator
) -> None:
    graph = make(64)
    shape = graph.tensors[graph.inputs[0]].shape
    values = run_graph(graph, {graph.inputs[0]: rng.integers(-128, 128, shape, np.int8)})
    for node in graph.nodes[:-1]:
        codes = values[node.outputs[0]]
        assert (codes == 127).mean() < 0.05, node.name
        assert codes.std() > 5, node.name
        assert np.unique(codes).size > 16, node.name


def test_files_load_as_they_were_built_and_never_change(tmp_path: Path) -> None:
    names = ["mobilenet_v1_1.0_224"]
    (path,) = models.write_models(tmp_path, names)
    graph = load_tflite(path)
    assert path.name == "mobilenet_v1_1.0_224_int8.tflite"
    assert save_tflite(graph) == path.read_bytes()
    assert path.read_bytes() == save_tflite(models.mobilenet_v1())
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def test_seeds_and_names_make_other_weights() -> None:
    files = {save_tflite(models.mobilenet_v1(32, seed)) for seed in (1, 1, 2)}
    assert len(files) == 2


def test_the_command_writes_what_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert models.main(["mobilenet_v2_1.0_224", "--output", str(tmp_path)]) == 0
    (path,) = tmp_path.iterdir()
    assert capsys.readouterr().out == f"{path}  {path.stat().st_size} bytes\n"


def test_unknown_names_and_folders_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(UsageError) as caught:
        models.write_models(tmp_path, ["mobilenet_v3"])
    assert caught.value.findings[0].code == "E101"
    assert "resnet50_v1.5_224" in caught.value.findings[0].need
    taken = tmp_path / "file"
    taken.touch()
    assert models.main(["mobilenet_v1_1.0_224", "--output", str(taken)]) == 2
    assert "E103" in capsys.readouterr().err


def test_ranges_have_a_code_for_zero() -> None:
    quant = span_quantisation((-1.0, 3.0))
    assert quant.scale == pytest.approx(4 / 255)
    assert quant.zero_point == round(-128 + 255 / 4)
    # A range without 0 is widened to it, so that padding has an exact code.
    assert span_quantisation((2.0, 4.0)).zero_point == -128
    assert span_quantisation((-4.0, -2.0)).zero_point == 127


def test_weights_take_one_scale_for_each_channel() -> None:
    weights = np.array([[1.0, -2.0], [0.25, 0.5], [0.0, 0.0]])
    codes, quant = quantise_weights(weights, 0)
    np.testing.assert_array_equal(codes, [[64, -127], [64, 127], [0, 0]])
    np.testing.assert_allclose(quant.scales[:2], [2 / 127, 0.5 / 127], rtol=1e-6)
    codes, quant = quantise_weights(weights, None)
    np.testing.assert_array_equal(codes, [[64, -127], [16, 32], [0, 0]])
    assert quant.scales.size == 1
