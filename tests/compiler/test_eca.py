"""Efficient channel attention as exporters write it: on the array, equal to ONNX Runtime."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.compiler import onnx_models as make

from intaglio.api.suites_ort import run_ort
from intaglio.compiler.compile import compile_graph
from intaglio.compiler.load_onnx import parse_onnx
from intaglio.compiler.passes.run import optimised
from intaglio.golden.machine import GoldenDevice
from intaglio.golden.network import run_graph
from intaglio.runtime.run import run_program
from intaglio.spec.graph import Op
from intaglio.spec.presets import PRESETS

TINY = PRESETS["tiny"]
POINTS = {"x": 131, "mean": 120, "conv": 125, "gate": 0, "y": 128, "wide": 3}
STEPS = {"x": 0.0317, "mean": 0.0103, "conv": 0.0211, "gate": 0.00387, "y": 0.0229, "wide": 0.0041}


def attention(rng: np.random.Generator, form: str, channels: int, size: int) -> Any:
    """Return a QDQ model of the attention.

    `form`: moves by reshape, or squeeze and transpose; with "expand" the factors are as large as
    the image before they multiply it, with "coded" they are quantised once more then.
    """
    constants = make.scales(**{n: (STEPS[n], POINTS[n], "uint8") for n in STEPS})
    constants["w"] = rng.integers(-127, 128, (1, 1, size)).astype(np.int8)
    constants |= make.scales(w=(0.01, 0, "int8"))
    constants |= {
        "row": np.array([1, 1, channels], np.int64),
        "image": np.array([1, channels, 1, 1], np.int64),
        "last": np.array([-1], np.int64),
        "whole": np.array([1, channels, 5, 6], np.int64),
    }
    nodes: list[Any] = []

    def coded(name: str, key: str) -> str:
        pair = [f"{key}_s", f"{key}_z"]
        nodes.append(make.node("QuantizeLinear", [name, *pair], f"{name}_q"))
        nodes.append(make.node("DequantizeLinear", [f"{name}_q", *pair], f"{name}_d"))
        return f"{name}_d"

    def moved(kind: str, name: str, out: str, *more: str, **attributes: Any) -> str:
        nodes.append(make.node(kind, [name, *more], out, **attributes))
        return out

    nodes.append(make.node("DequantizeLinear", ["x", "x_s", "x_z"], "x_d"))
    nodes.append(make.node("DequantizeLinear", ["w", "w_s", "w_z"], "w_d"))
    mean = coded(moved("GlobalAveragePool", "x_d", "mean"), "mean")
    if form != "transpose":
        row = moved("Reshape", mean, "row_of", "row")
    else:
        row = moved("Transpose", moved("Squeeze", mean, "thin", "last"), "turned", perm=[0, 2, 1])
    row = coded(row, "mean")
    half = size // 2
    conv = coded(moved("Conv", row, "conv", "w_d", pads=[half, half]), "conv")
    if form != "transpose":
        gate = moved("Reshape", coded(moved("Sigmoid", conv, "gate"), "gate"), "back", "image")
    else:
        back = moved("Transpose", conv, "back", perm=[0, 2, 1])
        back = coded(moved("Unsqueeze", back, "thick", "last"), "conv")
        gate = moved("Sigmoid", back, "gate")
    gate = coded(gate, "gate")
    if "expand" in form:
        gate = moved("Expand", gate, "wide", "whole")
    if "coded" in form:
        gate = coded(gate, "wide")
    nodes.append(make.node("Mul", ["x_d", gate], "y_r"))
    nodes.append(make.node("QuantizeLinear", ["y_r", "y_s", "y_z"], "y"))
    inputs = {"x": ("uint8", (1, channels, 5, 6))}
    return make.model(nodes, inputs, ["y"], constants, 17, "uint8")


@pytest.mark.parametrize("form", ["reshape", "transpose", "expand", "expand coded"])
@pytest.mark.parametrize(("channels", "size"), [(16, 3), (24, 5), (10, 5), (64, 7)])
def test_attention_on_the_array(
    form: str, channels: int, size: int, rng: np.random.Generator
) -> None:
    model = attention(rng, form, channels, size)
    before = parse_onnx(model.SerializeToString(), "eca")
    graph, certificates = optimised(before, "onnxruntime", run_graph)
    assert "convolution over channels" in {c.name for c in certificates}
    tables = [Op.TABLE] * (2 if "coded" in form else 1)
    assert [node.op for node in graph.nodes] == [Op.MEAN, Op.CONV, *tables, Op.MUL]
    program = compile_graph(graph, TINY, reference="onnxruntime")
    assert {layer.where for layer in program.layers} == {"array"}
    image = rng.integers(0, 256, (1, channels, 5, 6)).astype(np.uint8)
    codes = (image.transpose(0, 2, 3, 1).astype(np.int64) - 128).astype(np.int8)
    (number,) = graph.outputs
    got = run_program(program, GoldenDevice(TINY), {graph.inputs[0]: codes}).outputs[number]
    expected = run_ort(model.SerializeToString(), {"x": image})
    np.testing.assert_array_equal(got.astype(np.int64) + 128, expected.transpose(0, 2, 3, 1))
    assert len(np.unique(expected)) > 10
