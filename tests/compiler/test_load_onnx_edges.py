"""Transposed convolutions and padding that goes on: what ONNX Runtime computes from the file."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.compiler import onnx_models as make

from intaglio.compiler.load_onnx import parse_onnx
from intaglio.golden.network import run_graph
from intaglio.spec.errors import ModelError
from intaglio.spec.graph import Graph, Op

X = ("uint8", (1, 4, 5, 6))


def qdq(nodes: list[Any], weights: np.ndarray, axis: int, opset: int = 19) -> Any:
    """Return a QDQ model x -> nodes that read x_r, w_r and make r -> y."""
    rng = np.random.default_rng(3)
    count = weights.shape[axis]
    constants = {
        "w": weights,
        "w_s": np.asarray(rng.uniform(0.005, 0.01, count), np.float32),
        "w_z": np.zeros(count, np.int8),
        **make.scales(x=(0.02, 7, "uint8"), y=(0.031, 90, "uint8")),
    }
    every = [
        make.node("DequantizeLinear", ["x", "x_s", "x_z"], "x_r"),
        make.node("DequantizeLinear", ["w", "w_s", "w_z"], "w_r", axis=axis),
        *nodes,
        make.node("QuantizeLinear", ["r", "y_s", "y_z"], "y"),
    ]
    return make.model(every, {"x": X}, ["y"], constants, opset)


def check(model: Any) -> Graph:
    """Compare the graph with ONNX Runtime."""
    import onnxruntime

    graph = parse_onnx(model.SerializeToString(), "test.onnx")
    x = np.random.default_rng(5).integers(0, 256, X[1]).astype(np.uint8)
    session = onnxruntime.InferenceSession(model.SerializeToString())
    expected = np.asarray(session.run(None, {"x": x})[0])
    codes = (x.astype(np.int64) - 128).transpose(0, 2, 3, 1)
    (number,) = graph.outputs
    found = run_graph(graph, {graph.inputs[0]: codes}, "onnxruntime")[number]
    np.testing.assert_array_equal(found.transpose(0, 3, 1, 2).astype(np.int64) + 128, expected)
    return graph


@pytest.mark.parametrize(
    "settings",
    [
        {"strides": [2, 2], "kernel_shape": [3, 3]},
        {"strides": [2, 2], "kernel_shape": [3, 3], "pads": [1, 0, 0, 1]},
        {"strides": [2, 3], "kernel_shape": [2, 4], "output_padding": [1, 2]},
        {"strides": [2, 2], "kernel_shape": [4, 4], "auto_pad": "SAME_UPPER"},
        {"strides": [2, 2], "kernel_shape": [3, 3], "auto_pad": "SAME_LOWER"},
        {"strides": [2, 2], "kernel_shape": [3, 3], "output_shape": [10, 12]},
        {"strides": [3, 1], "kernel_shape": [1, 1]},
        {"strides": [2, 3], "kernel_shape": [3, 4], "dilations": [3, 2], "pads": [1, 2, 3, 0]},
        {"strides": [4, 2], "kernel_shape": [3, 3], "dilations": [2, 4]},
        {"strides": [2, 2], "kernel_shape": [3, 3], "group": 2},
        {"strides": [2, 2], "kernel_shape": [2, 2], "group": 4},
    ],
)
def test_a_transposed_convolution_is_that_of_onnx_runtime(settings: dict[str, Any]) -> None:
    shape = (4, 3, *settings["kernel_shape"])
    weights = np.random.default_rng(1).integers(-127, 128, shape).astype(np.int8)
    graph = check(qdq([make.node("ConvTranspose", ["x_r", "w_r"], "r", **settings)], weights, 1))
    assert [node.op for node in graph.nodes] == [Op.TRANSPOSED_CONV]


@pytest.mark.parametrize("mode", ["wrap", "edge", "reflect"])
@pytest.mark.parametrize("group", [1, 4])
def test_padding_that_goes_on_is_taken_into_the_convolution(mode: str, group: int) -> None:
    weights = np.random.default_rng(2).integers(-127, 128, (4, 4 // group, 3, 4)).astype(np.int8)
    nodes = [
        make.node("Pad", ["x_r", "pads"], "p", mode=mode),
        make.node("QuantizeLinear", ["p", "x_s", "x_z"], "p_q"),
        make.node("DequantizeLinear", ["p_q", "x_s", "x_z"], "p_r"),
        make.node("Conv", ["p_r", "w_r"], "r", kernel_shape=[3, 4], strides=[1, 2], group=group),
    ]
    model = qdq(nodes, weights, 0)
    from onnx import numpy_helper

    pads = np.array([0, 0, 2, 3, 0, 0, 1, 0], np.int64)
    model.graph.initializer.append(numpy_helper.from_array(pads, "pads"))
    graph = check(model)
    (node,) = graph.nodes
    assert (node.attributes.edge, node.attributes.padding) == (mode, (2, 1, 3, 0))


def test_padding_that_goes_on_stays_where_the_convolution_pads_too() -> None:
    weights = np.random.default_rng(2).integers(-127, 128, (4, 4, 3, 3)).astype(np.int8)
    nodes = [
        make.node("Pad", ["x_r", "pads", "", "axes"], "p", mode="wrap"),
        make.node("Conv", ["p", "w_r"], "r", kernel_shape=[3, 3], pads=[1, 1, 1, 1]),
    ]
    model = qdq(nodes, weights, 0)
    from onnx import numpy_helper

    for name, values in (("pads", [2, 1]), ("axes", [-1])):
        array = np.array(values, np.int64)
        model.graph.initializer.append(numpy_helper.from_array(array, name))
    assert [node.op for node in check(model).nodes] == [Op.PAD, Op.CONV]


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"dilations": [0, 1]}, "dilations"),
        ({"output_shape": [90, 90]}, "leaves nothing"),
        ({"pads": [9, 9, 9, 9]}, "pads 9 and 9"),
        ({"group": 3}, "groups"),
    ],
)
def test_a_transposed_convolution_that_is_not_taken_says_why(
    settings: dict[str, Any], says: str
) -> None:
    weights = np.ones((4, 3, 3, 3), np.int8)
    model = qdq([make.node("ConvTranspose", ["x_r", "w_r"], "r", **settings)], weights, 1)
    with pytest.raises(ModelError, match=says):
        parse_onnx(model.SerializeToString(), "test.onnx")
