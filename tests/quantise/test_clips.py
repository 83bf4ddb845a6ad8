"""Clips that change no code are not written."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from intaglio.quantise.clips import idle_clips
from intaglio.quantise.grid import Grid
from intaglio.quantise.network import read_float
from intaglio.quantise.place import places_of
from intaglio.quantise.run import quantise
from intaglio.quantise.scheme import Scheme

SAMPLES = {"x": np.random.default_rng(3).normal(size=(6, 1, 2, 5, 5)).astype(np.float32)}


def clipped(low: float, high: float) -> bytes:
    weights = np.random.default_rng(2).normal(size=(3, 2, 1, 1)).astype(np.float32)
    bounds = {"low": np.array(low, np.float32), "high": np.array(high, np.float32)}
    constants = {"w": weights, **bounds}
    graph = helper.make_graph(
        [
            helper.make_node("Conv", ["x", "w"], ["c"], name="conv"),
            helper.make_node("Clip", ["c", "low", "high"], ["y"], name="clip"),
        ],
        "net",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, (1, 2, 5, 5))],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(array, name) for name, array in constants.items()],
    )
    opset = [helper.make_opsetid("", 13)]
    return bytes(helper.make_model(graph, opset_imports=opset, ir_version=8).SerializeToString())


@pytest.mark.parametrize(
    ("low", "high", "idle"),
    [
        (0.0, 6.0, True),
        (0.0, 5.1, True),
        (0.0, 5.07, False),  # the greatest code stands for 5.1
        (-1.0, 9.0, True),
        (0.02, 6.0, False),
    ],
)
def test_bounds_at_the_ends_of_the_codes(low: float, high: float, idle: bool) -> None:
    model = read_float(clipped(low, high), "net.onnx")
    grids = {"y": Grid("uint8", float(np.float32(0.02)), 0, 0, 255)}
    assert idle_clips(model, places_of(model), grids) == ({"c": "y"} if idle else {})


@pytest.mark.parametrize(("bounds", "kept"), [((0.0, 6.0), False), ((0.6, 1.0), True)])
def test_the_file(bounds: tuple[float, float], kept: bool) -> None:
    done = quantise(clipped(*bounds), "net.onnx", SAMPLES, Scheme())
    written: Any = onnx.load_from_string(done.data)
    assert ("Clip" in {node.op_type for node in written.graph.node}) is kept
    assert [value.name for value in written.graph.output] == ["y"]
