"""ONNX files read: QDQ, QOperator and QONNX forms, and everything that is refused at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.compiler import onnx_models as make

from intaglio.compiler.load import load_model
from intaglio.compiler.load_onnx import parse_onnx
from intaglio.golden.network import run_graph
from intaglio.spec.errors import ModelError
from intaglio.spec.graph import Graph, Op


def parse(model: Any) -> Graph:
    return parse_onnx(model.SerializeToString(), "test.onnx")


def ops(graph: Graph) -> list[Op]:
    return [node.op for node in graph.nodes]


def renamed(model: Any, name: str, rank: int) -> None:
    """Make another value of codes the output."""
    from onnx import TensorProto, helper

    shape = [f"d{axis}" for axis in range(rank)]
    del model.graph.output[:]
    model.graph.output.append(helper.make_tensor_value_info(name, TensorProto.UINT8, shape))


def run(graph: Graph, x: np.ndarray) -> np.ndarray:
    """Return the output as the file holds it, for an input as the file holds it."""
    tensor = graph.tensors[graph.inputs[0]]
    codes = x.astype(np.int64) - tensor.offset
    if codes.ndim == 4:
        codes = codes.transpose(0, 2, 3, 1)
    number = graph.outputs[0]
    found = run_graph(graph, {graph.inputs[0]: codes}, "onnxruntime")[number]
    stored = found.astype(np.int64) + graph.tensors[number].offset
    return stored.transpose(0, 3, 1, 2) if stored.ndim == 4 else stored


def ort(model: Any, x: np.ndarray) -> np.ndarray:
    runtime = pytest.importorskip("onnxruntime")
    options = runtime.SessionOptions()
    options.log_severity_level = 4
    options.add_session_config_entry("session.qdqisint8allowed", "1")
    session = runtime.InferenceSession(model.SerializeToString(), options)
    return np.asarray(session.run(None, {session.get_inputs()[0].name: x})[0])


@pytest.mark.parametrize("act", ["uint8", "int8"])
def test_a_qdq_convolution(rng: np.random.Generator, act: str) -> None:
    model = make.qdq_conv(rng, act=act)
    graph = parse(model)
    assert ops(graph) == [Op.CONV]
    x = graph.tensors[graph.inputs[0]]
    assert (x.shape, x.dtype, x.offset) == ((1, 6, 5, 3), "int8", 128 if act == "uint8" else 0)
    assert x.quant is not None
    assert x.quant.zero_point == (7 - 128 if act == "uint8" else -3)
    limits = np.iinfo(act)
    image = rng.integers(limits.min, limits.max + 1, (1, 3, 6, 5)).astype(act)
    expected = ort(model, image)
    np.testing.assert_array_equal(run(graph, image), expected)
    assert len(np.unique(expected)) > 10


def test_weights_have_channels_last_and_keep_their_scales(rng: np.random.Generator) -> None:
    model = make.qdq_conv(rng)
    graph = parse(model)
    weights = graph.tensors[graph.nodes[0].inputs[1]]
    assert (weights.shape, weights.quant.axis) == ((4, 3, 3, 3), 0)  # type: ignore[union-attr]
    from onnx import numpy_helper

    file = next(c for c in model.graph.initializer if c.name == "w")
    np.testing.assert_array_equal(weights.data, numpy_helper.to_array(file).transpose(0, 2, 3, 1))


def test_unsigned_weights_lose_their_zero_point() -> None:
    constants = {
        "w": np.array([[[[0]], [[255]]], [[[130]], [[125]]]], np.uint8),
        **make.scales(x=(0.1, 0, "uint8"), w=(0.1, 100, "uint8"), y=(0.2, 0, "uint8")),
    }
    inputs = ["x", "x_s", "x_z", "w", "w_s", "w_z", "y_s", "y_z"]
    graph = parse(
        make.model(
            [make.node("QLinearConv", inputs, "y")],
            {"x": ("uint8", (1, 2, 3, 3))},
            ["y"],
            constants,
        )
    )
    weights = graph.tensors[graph.nodes[0].inputs[1]]
    assert weights.data is not None
    assert np.ravel(weights.data).tolist() == [-100, 155, 30, 25]
    assert weights.dtype == "int16"


@pytest.mark.parametrize("opset", [10, 11, 13, 19, 21])
def test_operator_sets(rng: np.random.Generator, opset: int) -> None:
    model = make.qdq_conv(np.random.default_rng(3), opset=max(opset, 13))
    if opset < 13:  # older sets have scales of whole tensors only
        for node in model.graph.node:
            keep = [a for a in node.attribute if a.name != "axis"]
            del node.attribute[:]
            node.attribute.extend(keep)
        for constant in list(model.graph.initializer):
            if constant.name in {"w_s", "w_z", "b_s", "b_z"}:
                from onnx import numpy_helper

                first = numpy_helper.to_array(constant)[0]
                constant.CopyFrom(numpy_helper.from_array(np.array(first), constant.name))
    model.opset_import[0].version = opset
    image = rng.integers(0, 256, (1, 3, 6, 5)).astype(np.uint8)
    np.testing.assert_array_equal(run(parse(model), image), ort(model, image))


def test_a_transpose_to_channels_last_moves_nothing(rng: np.random.Generator) -> None:
    model = make.qdq_conv(rng)
    model.graph.node.extend(
        [
            make.node("Transpose", ["y"], "t", perm=[0, 2, 3, 1]),
            make.node("Reshape", ["t", "shape"], "z"),
        ]
    )
    from onnx import numpy_helper

    model.graph.initializer.append(numpy_helper.from_array(np.array([1, -1, 4]), "shape"))
    renamed(model, "z", 3)
    graph = parse(model)
    assert ops(graph) == [Op.CONV, Op.RESHAPE]
    image = rng.integers(0, 256, (1, 3, 6, 5)).astype(np.uint8)
    np.testing.assert_array_equal(run(graph, image), ort(model, image))


def test_a_flattened_image_is_turned_to_the_order_of_the_file(rng: np.random.Generator) -> None:
    model = make.qdq_conv(rng)
    constants = {
        "v": rng.integers(-127, 128, (120, 10)).astype(np.int8),
        **make.scales(v=(0.01, 0, "int8"), z=(2.0, 128, "uint8")),
    }
    from onnx import numpy_helper

    model.graph.initializer.extend(numpy_helper.from_array(a, n) for n, a in constants.items())
    operands = ["f", "y_s", "y_z", "v", "v_s", "v_z", "z_s", "z_z"]
    model.graph.node.extend(
        [make.node("Flatten", ["y"], "f"), make.node("QLinearMatMul", operands, "z")]
    )
    renamed(model, "z", 2)
    graph = parse(model)
    assert ops(graph)[-1] is Op.DENSE
    image = rng.integers(0, 256, (1, 3, 6, 5)).astype(np.uint8)
    np.testing.assert_array_equal(run(graph, image), ort(model, image))


def test_qonnx_quantisers(rng: np.random.Generator) -> None:
    constants = {
        "w": rng.uniform(-1, 1, (4, 3, 1, 1)).astype(np.float32),
        "four": np.array(4.0, np.float32),
        "none": np.array(0.0, np.float32),
        "x_s": np.array(0.25, np.float32),
        "w_s": np.array(0.125, np.float32),
        "y_s": np.array(0.5, np.float32),
    }
    domain = "qonnx.custom_op.general"
    nodes = [
        make.node("Quant", ["x", "x_s", "none", "four"], "x_q", domain, signed=1, narrow=0),
        make.node("Quant", ["w", "w_s", "none", "four"], "w_q", domain, signed=1, narrow=1),
        make.node("Conv", ["x_q", "w_q"], "c", kernel_shape=[1, 1]),
        make.node("Relu", ["c"], "r"),
        make.node("Quant", ["r", "y_s", "none", "four"], "y", domain, signed=0, narrow=0),
    ]
    graph = parse(make.model(nodes, {"x": ("float32", (1, 3, 4, 4))}, ["y"], constants))
    assert ops(graph) == [Op.CONV]
    data = graph.tensors[graph.nodes[0].inputs[1]].data
    assert data is not None
    weights = data.astype(np.int64)
    assert (weights.min() >= -7, weights.max() <= 7) == (True, True)
    x = rng.integers(-8, 8, (1, 3, 4, 4))
    real = np.einsum("nchw,oc->nohw", x * 0.25, weights.reshape(4, 3) * 0.125)
    expected = np.clip(np.rint(np.maximum(real, 0) / 0.5), 0, 15)
    np.testing.assert_array_equal(run(graph, x), expected)


def test_bipolar_weights(rng: np.random.Generator) -> None:
    constants = {
        "w": rng.uniform(-1, 1, (6, 2)).astype(np.float32),
        "w_s": np.array(0.5, np.float32),
        **make.scales(x=(0.25, 0, "int8"), y=(0.5, 0, "int8")),
    }
    nodes = [
        make.node("DequantizeLinear", ["x", "x_s", "x_z"], "x_r"),
        make.node("BipolarQuant", ["w", "w_s"], "w_q", "qonnx.custom_op.general"),
        make.node("MatMul", ["x_r", "w_q"], "c"),
        make.node("QuantizeLinear", ["c", "y_s", "y_z"], "y"),
    ]
    graph = parse(make.model(nodes, {"x": ("int8", (1, 6))}, ["y"], constants, rank=2))
    x = rng.integers(-40, 40, (1, 6))
    signs = np.where(constants["w"] >= 0, 1, -1)
    expected = np.clip(np.rint(x @ signs * 0.25), -128, 127)
    np.testing.assert_array_equal(run(graph, x), expected)


def test_real_inputs_and_outputs_become_codes(rng: np.random.Generator) -> None:
    model = make.qdq_conv(rng)
    model.graph.node.insert(0, make.node("QuantizeLinear", ["image", "x_s", "x_z"], "x"))
    model.graph.node.append(make.node("DequantizeLinear", ["y", "y_s", "y_z"], "real"))
    from onnx import TensorProto, helper

    del model.graph.input[:]
    model.graph.input.append(
        helper.make_tensor_value_info("image", TensorProto.FLOAT, ["N", 3, 6, 5])
    )
    model.graph.output[0].name = "real"
    graph = parse(model)
    assert ops(graph) == [Op.CONV]
    assert graph.tensors[graph.inputs[0]].name == "image"


def test_all_findings_at_once() -> None:
    constants = {
        "w": np.ones((2, 2, 1, 1), np.float32),
        **make.scales(x=(0.1, 0, "uint8"), y=(0.1, 0, "uint8")),
    }
    nodes = [
        make.node("DequantizeLinear", ["x", "x_s", "x_z"], "x_r"),
        make.node("Conv", ["x_r", "w"], "c"),
        make.node("LSTM", ["x_r"], "l"),
        make.node("ConvInteger", ["x", "x_z"], "i"),
        make.node("Sin", ["x_r"], "s"),
        make.node("QuantizeLinear", ["s", "y_s", "y_z"], "y"),
    ]
    with pytest.raises(ModelError) as caught:
        parse(make.model(nodes, {"x": ("uint8", (1, 2, 3, 3))}, ["y"], constants))
    findings = caught.value.findings
    assert [f.code for f in findings] == ["E304", "E303", "E304", "E303"]
    assert "weights of real numbers" in findings[0].message
    assert "LSTM" in findings[1].message
    assert "weights" in findings[2].message
    assert "Sin" in findings[3].message
    assert all(f.help and f.need for f in findings)


def test_a_model_of_real_numbers_is_refused(shared: Path) -> None:
    with pytest.raises(ModelError) as caught:
        load_model(shared / "models/ultraface/version-slim-320_simplified.onnx")
    assert {f.code for f in caught.value.findings} == {"E304"}
    assert "never quantised" in caught.value.findings[0].message


def test_the_content_decides_the_format(rng: np.random.Generator, tmp_path: Path) -> None:
    path = tmp_path / "network.bin"
    path.write_bytes(make.qdq_conv(rng).SerializeToString())
    assert ops(load_model(path)) == [Op.CONV]
