"""Small ONNX models for tests."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


def model(
    nodes: list[Any],
    inputs: Mapping[str, tuple[str, tuple[int | str, ...]]],
    outputs: list[str],
    constants: Mapping[str, Array] | None = None,
    opset: int = 17,
    out: str = "uint8",
    rank: int = 4,
) -> Any:
    """Return a model; types of inputs are numpy's names."""
    from onnx import TensorProto, helper, numpy_helper

    kinds = {
        "float32": TensorProto.FLOAT,
        "int8": TensorProto.INT8,
        "uint8": TensorProto.UINT8,
        "int16": TensorProto.INT16,
    }
    shape = [f"d{axis}" for axis in range(rank)]
    graph = helper.make_graph(
        nodes,
        "test",
        [helper.make_tensor_value_info(n, kinds[t], s) for n, (t, s) in inputs.items()],
        [helper.make_tensor_value_info(n, kinds[out], shape) for n in outputs],
        [numpy_helper.from_array(a, n) for n, a in (constants or {}).items()],
    )
    imports = [
        helper.make_opsetid("", opset),
        helper.make_opsetid("com.microsoft", 1),
        helper.make_opsetid("qonnx.custom_op.general", 1),
    ]
    return helper.make_model(graph, opset_imports=imports, ir_version=8)


def node(kind: str, inputs: list[str], output: str, domain: str = "", **attributes: Any) -> Any:
    """Return a node of one output, called after it."""
    from onnx import helper

    return helper.make_node(kind, inputs, [output], name=output, domain=domain, **attributes)


def scales(**values: tuple[float, int | Array, str]) -> dict[str, Array]:
    """Return constants NAME_s and NAME_z of a scale and a zero point."""
    found: dict[str, Array] = {}
    for name, (scale, point, dtype) in values.items():
        found[f"{name}_s"] = np.array(scale, np.float32)
        found[f"{name}_z"] = np.array(point).astype(dtype)
    return found


def qdq_conv(rng: np.random.Generator, *, act: str = "uint8", opset: int = 17) -> Any:
    """Return a QDQ convolution with ReLU, per-channel weights, on 1, 3, 6, 5."""
    point = 7 if act == "uint8" else -3
    weight_scales = rng.uniform(0.005, 0.01, 4).astype(np.float32)
    constants: dict[str, Array] = {
        "w": rng.integers(-127, 128, (4, 3, 3, 3)).astype(np.int8),
        "w_s": weight_scales,
        "w_z": np.zeros(4, np.int8),
        "b": rng.integers(-1000, 1000, 4).astype(np.int32),
        "b_s": np.float32(0.02) * weight_scales,
        "b_z": np.zeros(4, np.int32),
        **scales(x=(0.02, point, act), y=(0.5, point, act)),
    }
    nodes = [
        node("DequantizeLinear", ["x", "x_s", "x_z"], "x_r"),
        node("DequantizeLinear", ["w", "w_s", "w_z"], "w_r", axis=0),
        node("DequantizeLinear", ["b", "b_s", "b_z"], "b_r", axis=0),
        node("Conv", ["x_r", "w_r", "b_r"], "c", pads=[1, 1, 1, 1], kernel_shape=[3, 3]),
        node("Relu", ["c"], "r"),
        node("QuantizeLinear", ["r", "y_s", "y_z"], "y"),
    ]
    return model(nodes, {"x": (act, (1, 3, 6, 5))}, ["y"], constants, opset, act)
