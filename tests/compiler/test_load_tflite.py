"""TFLite files read: real models as LiteRT sees them, bad files refused with one clear error."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from intaglio.api.models import mobilenet_v2
from intaglio.compiler import save_options
from intaglio.compiler.load_schema import operator_name
from intaglio.compiler.load_tflite import load_tflite, parse_tflite
from intaglio.compiler.save_tflite import save_tflite
from intaglio.spec.errors import Finding, ModelError
from intaglio.spec.graph import Activation, Graph, Op, Quantisation, Tensor

SHIPPED = Path("sw/driver/intaglio/api/data/digits.tflite")
CASES = ["digits_int8", "kws", "micro_speech_yes", "resnet8_int8", "vww_96"]
OTHER_TYPES = {
    "coral/mobilenet_v1_0.25_128_quant.tflite": ("int8", "int16", 128),
    "generated/digits_int16x8.tflite": ("int16", "int8", 0),
    "generated/resnet8_a16w8.tflite": ("int16", "int8", 0),
    "generated/resnet8_a8w4.tflite": ("int8", "int4", 0),
}


@pytest.fixture(scope="module")
def digits() -> bytes:
    return (Path(__file__).parents[2] / SHIPPED).read_bytes()


@pytest.fixture(scope="module")
def graph(digits: bytes) -> Graph:
    return parse_tflite(digits, "digits.tflite", "digits")


def findings_of(graph: Graph) -> tuple[Finding, ...]:
    """Return what the reader says about a graph that is written as it stands."""
    with pytest.raises(ModelError) as caught:
        parse_tflite(save_tflite(graph), "changed.tflite", "changed")
    return caught.value.findings


def with_tensor(graph: Graph, tensor: Tensor) -> Graph:
    return replace(graph, tensors={**graph.tensors, tensor.number: tensor})


def with_points(tensor: Tensor, point: int) -> Tensor:
    assert tensor.quant is not None
    quant = Quantisation(
        tensor.quant.scales, np.full_like(tensor.quant.zero_points, point), tensor.quant.axis
    )
    return replace(tensor, quant=quant)


@pytest.mark.parametrize("case", CASES)
def test_operators_are_those_that_litert_lists(shared: Path, case: str) -> None:
    cases = json.loads((shared / "golden/litert_ref/index.json").read_text())["cases"]
    entry = next(c for c in cases if c["case"] == case)
    graph = load_tflite(shared / entry["model"])
    listed = [t for t in entry["tensors"] if t["op_index"] >= 0]
    assert len(graph.nodes) == len(listed)
    for node, need in zip(graph.nodes, listed, strict=True):
        tensor = graph.tensors[node.outputs[0]]
        assert operator_name(save_options.CODES[node.op]) == need["op"]
        assert node.outputs == (need["tensor"],)
        assert list(node.inputs) == need["inputs"][: len(node.inputs)]
        assert (list(tensor.shape), tensor.dtype) == (need["shape"], need["dtype"])
        assert tensor.quant is not None
        assert (tensor.quant.scale, tensor.quant.zero_point) == (need["scale"], need["zero_point"])
    assert graph.outputs == (entry["output_tensor"],)
    assert len({node.name for node in graph.nodes}) == len(graph.nodes)


def test_attributes_of_a_real_network(shared: Path) -> None:
    """Settings of the digits network as its training script has them."""
    graph = load_tflite(shared / "models/generated/digits_int8.tflite")
    ops = [node.op for node in graph.nodes]
    assert ops == [
        Op.CONV, Op.DEPTHWISE, Op.CONV, Op.ADD, Op.MAX_POOL, Op.CONV, Op.MEAN, Op.DENSE, Op.SOFTMAX
    ]  # fmt: skip
    conv, depthwise, pointwise, total, pool, deep, mean, _, softmax = (
        node.attributes for node in graph.nodes
    )
    assert (conv.stride, conv.padding, conv.activation) == ((1, 1), "same", Activation.RELU)
    assert (depthwise.activation, depthwise.depth_multiplier) == (Activation.RELU6, 1)
    assert (pointwise.padding, pointwise.activation) == ("valid", Activation.NONE)
    assert total.activation is Activation.RELU
    assert (pool.kernel, pool.stride, pool.padding) == ((2, 2), (2, 2), "valid")
    assert deep.stride == (2, 2)
    assert mean.axes == (1, 2)
    assert softmax.beta == 1.0
    weights = graph.tensors[graph.nodes[1].inputs[1]]
    assert weights.quant is not None
    assert (weights.shape, weights.quant.axis, weights.quant.scales.size) == ((1, 3, 3, 12), 3, 12)


def test_depth_multiplier_is_the_ratio_of_channels(shared: Path) -> None:
    graph = load_tflite(shared / "models/tflm/micro_speech_quantized.tflite")
    assert graph.nodes[1].attributes.depth_multiplier == 8
    assert graph.tensors[graph.nodes[1].outputs[0]].shape == (1, 25, 20, 8)


@pytest.mark.parametrize("name", OTHER_TYPES)
def test_types_of_activations_and_weights(shared: Path, name: str) -> None:
    graph = load_tflite(shared / "models" / name)
    activations, weights, offset = OTHER_TYPES[name]
    weighted = [node for node in graph.nodes if node.op in (Op.CONV, Op.DEPTHWISE)]
    assert weighted
    for node in weighted:
        x, w, y = (graph.tensors[n] for n in (*node.inputs[:2], node.outputs[0]))
        assert {x.dtype, y.dtype} == {activations}
        assert (w.dtype, x.offset) == (weights, offset)
        assert w.data is not None
        assert w.data.min() >= {"int4": -8, "int8": -128, "int16": -255}[weights]
        assert w.quant is not None
        assert not w.quant.zero_points.any()


def test_all_faults_of_a_model_are_told_at_once(
    graph: Graph, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(save_options.CODES, Op.MAX_POOL, 8)
    monkeypatch.setitem(save_options.CODES, Op.SOFTMAX, 108)
    weights = with_points(graph.tensors[graph.nodes[1].inputs[1]], 3)
    findings = findings_of(with_tensor(graph, weights))
    assert [f.code for f in findings] == ["E304", "E303", "E303"]
    assert "operator 1 DEPTHWISE_CONV_2D 'depthwise'" in findings[0].message
    assert "weights with zero point 3, not 0" in findings[0].message
    assert "operator 4 FLOOR 'pool'" in findings[1].message
    assert "operator 8 COS 'probabilities'" in findings[2].message
    assert "CONV_2D" in findings[2].need


def _first(graph: Graph, part: int) -> Tensor:
    return graph.tensors[graph.nodes[0].inputs[part]]


def _batch(graph: Graph) -> Graph:
    image = _first(graph, 0)
    return with_tensor(graph, replace(image, shape=(4, *image.shape[1:])))


def _softmax_scale(graph: Graph) -> Graph:
    return with_tensor(graph, with_points(graph.tensors[graph.outputs[0]], 0))


def _pool_scale(graph: Graph) -> Graph:
    return with_tensor(graph, with_points(graph.tensors[graph.nodes[4].outputs[0]], 5))


def _nan_scale(graph: Graph) -> Graph:
    quant = Quantisation(np.array([np.nan], np.float32), np.array([0]))
    return with_tensor(graph, replace(_first(graph, 0), quant=quant))


def _rebuilt(graph: Graph, part: int, **changes: object) -> Graph:
    return with_tensor(graph, replace(_first(graph, part), **changes))  # type: ignore[arg-type]


UNSUPPORTED: dict[str, tuple[Callable[[Graph], Graph], str]] = {
    "batch": (_batch, "of shape (4, 8, 8, 1), not batch 1"),
    "no scale": (lambda g: _rebuilt(g, 0, quant=None), "input 0 without a scale"),
    "nan": (_nan_scale, "scale nan"),
    "point": (lambda g: with_tensor(g, with_points(_first(g, 0), 128)), "zero point 128"),
    "run-time weights": (lambda g: _rebuilt(g, 1, data=None), "weights computed"),
    "float": (lambda g: _rebuilt(g, 1, dtype="float32"), "weights of type float32"),
    "bias": (lambda g: _rebuilt(g, 2, dtype="float32"), "bias of type float32"),
    "softmax": (_softmax_scale, "not (0.00390625, -128)"),
    "pool": (_pool_scale, "output with scale and zero point"),
}


@pytest.mark.parametrize("name", UNSUPPORTED)
def test_unsupported_types_and_quantisations(graph: Graph, name: str) -> None:
    change, words = UNSUPPORTED[name]
    findings = findings_of(change(graph))
    assert {f.code for f in findings} == {"E304"}
    assert any(words in f.message for f in findings), findings


def test_weights_along_another_dimension(graph: Graph) -> None:
    # The residual 1x1 has as many inputs as outputs, so both dimensions can bear the scales.
    weights = graph.tensors[graph.nodes[2].inputs[1]]
    assert weights.quant is not None
    quant = replace(weights.quant, axis=3)
    (finding,) = findings_of(with_tensor(graph, replace(weights, quant=quant)))
    assert "scales along dimension 3, not 0" in finding.message


def test_mean_over_channels_is_not_supported(graph: Graph) -> None:
    nodes = list(graph.nodes)
    nodes[6] = replace(nodes[6], attributes=replace(nodes[6].attributes, axes=(3,)))
    (finding,) = findings_of(replace(graph, nodes=tuple(nodes)))
    assert (finding.code, "axes (3,)" in finding.message) == ("E303", True)


def test_sums_of_different_shapes_are_not_supported(graph: Graph) -> None:
    nodes = list(graph.nodes)
    nodes[3] = replace(nodes[3], inputs=(nodes[3].inputs[0], graph.inputs[0]))
    (finding,) = findings_of(replace(graph, nodes=tuple(nodes)))
    assert (finding.code, "broadcast" in finding.message) == ("E303", True)


def _swapped(graph: Graph) -> Graph:
    first, second, *rest = graph.nodes
    return replace(graph, nodes=(second, first, *rest))


def _doubled(graph: Graph) -> Graph:
    return replace(graph, nodes=(graph.nodes[0], *graph.nodes))


def _grown(graph: Graph) -> Graph:
    output = graph.tensors[graph.nodes[0].outputs[0]]
    return with_tensor(graph, replace(output, shape=(1, 9, 8, output.shape[3])))


def _short_bias(graph: Graph) -> Graph:
    bias = _first(graph, 2)
    assert bias.data is not None
    return _rebuilt(graph, 2, shape=(1,), data=bias.data[:1], quant=None)


CONTRADICTIONS: dict[str, tuple[Callable[[Graph], Graph], str]] = {
    "order": (_swapped, "before it is made"),
    "twice": (_doubled, "again in operator 1"),
    "output shape": (_grown, "output of shape (1, 9, 8"),
    "bias shape": (_short_bias, "bias of shape (1,)"),
    "data": (lambda g: _rebuilt(g, 1, shape=(1, 3, 3, 1), quant=None), "bytes of data"),
    "scales": (lambda g: _rebuilt(g, 1, shape=(216, 1, 1, 1)), "24 scales along dimension 0"),
    "stride": (
        lambda g: replace(
            g,
            nodes=(
                replace(g.nodes[0], attributes=replace(g.nodes[0].attributes, stride=(0, 1))),
                *g.nodes[1:],
            ),
        ),
        "stride",
    ),
    "no output": (lambda g: replace(g, outputs=(g.nodes[0].inputs[1],)), "which nothing makes"),
    "number": (lambda g: replace(g, outputs=(1000,)), "names tensor 1000"),
}


@pytest.mark.parametrize("name", CONTRADICTIONS)
def test_contradictions_are_damage(graph: Graph, name: str) -> None:
    change, words = CONTRADICTIONS[name]
    (finding,) = findings_of(change(graph))
    assert finding.code == "E302"
    assert words in finding.message
    assert finding.where.startswith("changed.tflite: ")
    assert finding.need


def test_a_network_of_four_megabytes_loads(tmp_path: Path) -> None:
    path = tmp_path / "mobilenet_v2.tflite"
    path.write_bytes(save_tflite(mobilenet_v2()))
    graph = load_tflite(path)
    assert len(graph.nodes) == 66
