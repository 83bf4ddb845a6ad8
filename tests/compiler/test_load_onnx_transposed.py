"""Transposed convolutions read from ONNX: codes as ONNX Runtime gives them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from intaglio.compiler.load_onnx import parse_onnx
from intaglio.golden.network import run_graph
from intaglio.spec.errors import ModelError
from intaglio.spec.graph import Op


def quantised(
    shape: tuple[int, ...], weights: tuple[int, ...], channel: bool = False, **attributes: Any
) -> tuple[bytes, Any]:
    """Return a QDQ file of one ConvTranspose of uint8, and codes of its input."""
    rng = np.random.default_rng(sum(shape) + sum(weights))
    out = weights[1] * attributes.get("group", 1)
    scales = rng.uniform(0.005, 0.02, weights[1] if channel else 1).astype(np.float32)
    constants: dict[str, Any] = {
        "xs": np.array(0.05, np.float32),
        "xz": np.array(99, np.uint8),
        "w": rng.integers(-127, 128, weights).astype(np.int8),
        "ws": scales if channel else scales[0],
        "wz": np.zeros(scales.size if channel else (), np.int8),
        "b": rng.normal(size=out).astype(np.float32),
        "ys": np.array(0.07, np.float32),
        "yz": np.array(120, np.uint8),
    }
    axis: dict[str, Any] = {"axis": 1} if channel else {}
    nodes = [
        helper.make_node("DequantizeLinear", ["x", "xs", "xz"], ["xr"]),
        helper.make_node("DequantizeLinear", ["w", "ws", "wz"], ["wr"], **axis),
        helper.make_node("ConvTranspose", ["xr", "wr", "b"], ["yr"], **attributes),
        helper.make_node("QuantizeLinear", ["yr", "ys", "yz"], ["y"]),
    ]
    graph = helper.make_graph(
        nodes,
        "net",
        [helper.make_tensor_value_info("x", TensorProto.UINT8, shape)],
        [helper.make_tensor_value_info("y", TensorProto.UINT8, None)],
        [numpy_helper.from_array(np.asarray(a), n) for n, a in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    return bytes(model.SerializeToString()), rng.integers(0, 256, shape).astype(np.uint8)


@pytest.mark.parametrize(
    ("shape", "weights", "attributes"),
    [
        ((1, 3, 5, 4), (3, 6, 3, 3), {"strides": [2, 2], "pads": [1, 1, 1, 1]}),
        ((1, 3, 5, 4), (3, 6, 3, 3), {"strides": [2, 2], "channel": True}),
        ((1, 4, 5, 4), (4, 3, 4, 4), {"strides": [2, 2], "pads": [1, 1, 1, 1], "group": 2}),
        ((1, 2, 4, 4), (2, 2, 3, 2), {"strides": [3, 2], "output_padding": [2, 1]}),
        ((1, 2, 4, 4), (2, 2, 2, 2), {"dilations": [2, 3]}),
        ((1, 2, 4, 4), (2, 2, 2, 2), {"strides": [3, 3], "pads": [1, 2, 0, 2]}),
        ((1, 2, 5, 5), (2, 2, 3, 3), {"strides": [2, 2], "auto_pad": "SAME_LOWER"}),
        ((1, 2, 5, 5), (2, 2, 3, 3), {"strides": [2, 2], "output_shape": [9, 12]}),
        ((1, 2, 7), (2, 3, 4), {"strides": [2], "pads": [1, 0]}),
        ((1, 2, 1, 1), (2, 3, 4, 4), {}),
    ],
    ids=str,
)
def test_codes_of_onnx_runtime(
    shape: tuple[int, ...], weights: tuple[int, ...], attributes: dict[str, Any]
) -> None:
    runtime = pytest.importorskip("onnxruntime")
    data, x = quantised(shape, weights, **attributes)
    options = runtime.SessionOptions()
    options.log_severity_level = 4
    (expected,) = runtime.InferenceSession(data, options).run(None, {"x": x})
    graph = parse_onnx(data, "net.onnx")
    assert {node.op for node in graph.nodes} == {Op.TRANSPOSED_CONV}
    (number,) = graph.inputs
    tensor = graph.tensors[number]
    codes = np.moveaxis(x.astype(np.int16) - tensor.offset, 1, -1).astype(np.int8)
    found = run_graph(graph, {number: codes.reshape(tensor.shape)}, "onnxruntime")
    out = graph.tensors[graph.outputs[0]]
    got = found[out.number].astype(np.int64) + out.offset
    wanted = np.moveaxis(expected, 1, -1).astype(np.int64)
    # The runtime sums in float32: a value next to a half may go the other way.
    assert got.size == wanted.size
    assert np.abs(got.reshape(wanted.shape) - wanted).max() <= 1
    assert (got.reshape(wanted.shape) != wanted).mean() < 0.01


@pytest.mark.parametrize(
    ("attributes", "reason"),
    [
        ({"strides": [0, 1]}, "strides"),
        ({"pads": [9, 9, 9, 9]}, "leaves nothing"),
        ({"auto_pad": "ODD"}, "auto_pad"),
        ({"group": 2}, "groups"),
        ({"dilations": [1, 1, 1]}, "3 values"),
    ],
    ids=str,
)
def test_forms_that_are_refused(attributes: dict[str, Any], reason: str) -> None:
    data, _ = quantised((1, 3, 4, 4), (3, 2, 3, 3), **attributes)
    with pytest.raises(ModelError, match=reason):
        parse_onnx(data, "net.onnx")
