"""Small float networks, and what ONNX Runtime makes of a file."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

Array = np.ndarray[Any, Any]


def model(
    nodes: list[Any], inputs: dict[str, tuple[int, ...]], outputs: list[str], constants: Any
) -> bytes:
    """Return a file of operator set 17."""
    graph = helper.make_graph(
        nodes,
        "net",
        [helper.make_tensor_value_info(n, TensorProto.FLOAT, s) for n, s in inputs.items()],
        [helper.make_tensor_value_info(n, TensorProto.FLOAT, None) for n in outputs],
        [numpy_helper.from_array(a, n) for n, a in constants.items()],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    return bytes(made.SerializeToString())


def mixed_net(rng: np.random.Generator) -> bytes:
    """Convolution with batch norm, depthwise, 1x1, residual, pools, dense layer, softmax."""

    def normal(*shape: int) -> Array:
        return (rng.normal(size=shape) * 0.3).astype(np.float32)

    def positive(*shape: int) -> Array:
        return rng.uniform(0.5, 1.5, shape).astype(np.float32)

    node = helper.make_node
    nodes = [
        node("Pad", ["x", "pads"], ["padded"], name="pad"),
        node("Conv", ["padded", "w1", "b1"], ["c1"], name="conv1"),
        node("BatchNormalization", ["c1", "g", "be", "m", "v"], ["n1"], name="bn"),
        node("Relu", ["n1"], ["r1"], name="relu1"),
        node("Conv", ["r1", "w2"], ["c2"], name="dw", group=8, pads=[1, 1, 1, 1]),
        node("Clip", ["c2", "low", "high"], ["r2"], name="clip"),
        node("Conv", ["r2", "w3"], ["c3"], name="pw"),
        node("Mul", ["c3", "factor"], ["c4"], name="scale"),
        node("Identity", ["c4"], ["c5"], name="same"),
        node("Add", ["c5", "r1"], ["a"], name="add"),
        node("MaxPool", ["a"], ["p"], name="pool", kernel_shape=[2, 2], strides=[2, 2]),
        node("ReduceMean", ["p"], ["q"], name="mean", axes=[2, 3], keepdims=0),
        node("MatMul", ["q", "wf"], ["f"], name="fc"),
        node("Add", ["f", "bf"], ["y"], name="bias"),
        node("Softmax", ["y"], ["z"], name="softmax"),
    ]
    constants = {
        "pads": np.array([0, 0, 1, 1, 0, 0, 1, 1], np.int64),
        "w1": normal(8, 3, 3, 3),
        "b1": normal(8),
        "g": positive(8),
        "be": normal(8),
        "m": normal(8),
        "v": positive(8),
        "w2": normal(8, 1, 3, 3),
        "low": np.array(0, np.float32),
        "high": np.array(6, np.float32),
        "w3": normal(8, 8, 1, 1),
        "factor": positive(1, 8, 1, 1),
        "wf": normal(8, 10),
        "bf": normal(10),
    }
    return model(nodes, {"x": (1, 3, 10, 10)}, ["z"], constants)


def by_runtime(data: bytes, inputs: dict[str, Array], *, apart: bool = False) -> list[Array]:
    """Return what ONNX Runtime gives; `apart`: quantisers are not fused into operators."""
    runtime = pytest.importorskip("onnxruntime")
    options = runtime.SessionOptions()
    options.log_severity_level = 4
    options.add_session_config_entry("session.disable_quant_qdq", "1" if apart else "0")
    return list(runtime.InferenceSession(data, options).run(None, inputs))
