"""ONNX weights with scales of blocks: integer scales of groups on the array."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from tests.compiler import onnx_models as make

from intaglio.compiler.compile import compile_graph
from intaglio.compiler.load_onnx import parse_onnx
from intaglio.golden.machine import GoldenDevice
from intaglio.golden.network import run_graph
from intaglio.runtime.run import run_program
from intaglio.spec.errors import ModelError
from intaglio.spec.graph import Graph
from intaglio.spec.presets import PRESETS

BLOCK = 16
CONFIG = replace(
    PRESETS["tiny"], name="groups", group_scale="integer", group_size=BLOCK, scale_bits=16
)


def parts(rng: np.random.Generator, shape: tuple[int, ...], axis: int) -> dict[str, Any]:
    """Return codes of four bits and scales of their blocks."""
    scales = tuple(n // BLOCK if i == axis else n for i, n in enumerate(shape))
    return {
        "w": rng.integers(-7, 8, shape).astype(np.int8),
        "w_s": np.exp(rng.uniform(-6, -3, scales)).astype(np.float32),
        **make.scales(x=(0.02, 7, "uint8"), y=(0.1, 120, "uint8")),
    }


def product(rng: np.random.Generator, rows: int) -> tuple[Any, np.ndarray]:
    """Return MatMul of rows by weights K, N, and the real weights."""
    constants = parts(rng, (48, 10), 0)
    nodes = [
        make.node("DequantizeLinear", ["x", "x_s", "x_z"], "x_r"),
        make.node("DequantizeLinear", ["w", "w_s"], "w_r", axis=0, block_size=BLOCK),
        make.node("MatMul", ["x_r", "w_r"], "m"),
        make.node("QuantizeLinear", ["m", "y_s", "y_z"], "y"),
    ]
    shape = {"x": ("uint8", (1, rows, 48) if rows > 1 else (1, 48))}
    model = make.model(nodes, shape, ["y"], constants, opset=21, rank=2 + (rows > 1))
    return model, constants["w"] * np.repeat(constants["w_s"], BLOCK, 0)


def convolution(rng: np.random.Generator) -> tuple[Any, np.ndarray]:
    """Return Conv with weights O, I, 3, 3 whose input channels have blocks."""
    constants = parts(rng, (6, 32, 3, 3), 1)
    nodes = [
        make.node("DequantizeLinear", ["x", "x_s", "x_z"], "x_r"),
        make.node("DequantizeLinear", ["w", "w_s"], "w_r", axis=1, block_size=BLOCK),
        make.node("Conv", ["x_r", "w_r"], "m", pads=[1, 1, 1, 1]),
        make.node("QuantizeLinear", ["m", "y_s", "y_z"], "y"),
    ]
    model = make.model(nodes, {"x": ("uint8", (1, 32, 5, 6))}, ["y"], constants, opset=21)
    return model, constants["w"] * np.repeat(constants["w_s"], BLOCK, 1)


def on_device(graph: Graph, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return the input and the output, which the program and the operators agree on."""
    (number,) = graph.inputs
    codes = rng.integers(-128, 128, graph.tensors[number].shape).astype(np.int8)
    expected = run_graph(graph, {number: codes}, "own")[graph.outputs[0]]
    program = compile_graph(graph, CONFIG, reference="own")
    found = run_program(program, GoldenDevice(CONFIG), {number: codes}).outputs
    np.testing.assert_array_equal(found[graph.outputs[0]].reshape(expected.shape), expected)
    return codes, expected


@pytest.mark.parametrize("rows", [1, 5])
def test_products_by_weights_in_blocks(rng: np.random.Generator, rows: int) -> None:
    model, weights = product(rng, rows)
    graph = parse_onnx(model.SerializeToString(), "blocks.onnx")
    codes, found = on_device(graph, rng)
    real = (codes.reshape(rows, 48).astype(np.float64) + 128 - 7) * 0.02 @ weights
    wanted = np.clip(np.rint(real / 0.1) + 120, 0, 255) - 128
    wrong = np.abs(found.reshape(rows, 10) - wanted)
    assert wrong.max() <= 1  # integer scales are rounded to 2**-17 of the greatest
    assert (wrong == 0).mean() > 0.9
    assert len(np.unique(found)) > 5


def test_convolutions_by_weights_in_blocks(rng: np.random.Generator) -> None:
    model, weights = convolution(rng)
    graph = parse_onnx(model.SerializeToString(), "blocks.onnx")
    codes, found = on_device(graph, rng)
    image = np.pad((codes[0].astype(np.float64) + 128 - 7) * 0.02, ((1, 1), (1, 1), (0, 0)))
    real = sum(
        image[i : i + 5, j : j + 6] @ weights[:, :, i, j].T for i in range(3) for j in range(3)
    )
    wanted = np.clip(np.rint(np.asarray(real) / 0.1) + 120, 0, 255) - 128
    assert np.abs(found[0] - wanted).max() <= 1


@pytest.mark.parametrize("case", ["zero points", "ragged", "negative", "wrong axis"])
def test_blocks_that_are_refused(rng: np.random.Generator, case: str) -> None:
    model, _ = product(rng, 1)
    from onnx import numpy_helper

    arrays = {t.name: numpy_helper.to_array(t) for t in model.graph.initializer}
    node = model.graph.node[1]
    if case == "zero points":
        arrays["w_z"] = np.ones((3, 10), np.int8)
        node.input.append("w_z")
    elif case == "ragged":
        next(a for a in node.attribute if a.name == "block_size").i = 20
    elif case == "negative":
        arrays["w_s"] = -arrays["w_s"]
    else:
        next(a for a in node.attribute if a.name == "axis").i = 1
    del model.graph.initializer[:]
    model.graph.initializer.extend(numpy_helper.from_array(a, n) for n, a in arrays.items())
    with pytest.raises(ModelError, match="E304"):
        parse_onnx(model.SerializeToString(), "blocks.onnx")
