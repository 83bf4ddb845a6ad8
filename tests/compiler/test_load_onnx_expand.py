"""Expand of ONNX: numpy's broadcasting, in codes."""

from __future__ import annotations

import numpy as np
import pytest
from tests.compiler.opset_models import Net

from intaglio.compiler.load_onnx import parse_onnx
from intaglio.golden.network import run_graph
from intaglio.ledger.layers import draw
from intaglio.spec.errors import ModelError
from intaglio.spec.graph import Graph, Op

Shape = tuple[int, ...]


def parsed(shape: Shape, wanted: Shape) -> Graph:
    n = Net(17)
    result = n.node("Expand", n.real("x", 0.0625, -3), n.const(wanted))
    model = n.model(result, shape, rank=max(len(shape), len(wanted)))
    return parse_onnx(model.SerializeToString(), "test.onnx")


def in_file_order(codes: np.ndarray, rank: int) -> np.ndarray:
    return codes.transpose(0, 3, 1, 2) if rank == 4 and codes.ndim == 4 else codes


@pytest.mark.parametrize(
    ("shape", "wanted"),
    [
        ((1, 4, 1, 1), (1, 4, 3, 5)),
        ((1, 4, 1, 6), (1, 4, 5, 6)),
        ((1, 4, 1, 6), (1, 4, 5, 1)),
        ((1, 4, 1, 6), (5, 1)),
        ((1, 1, 3, 2), (1, 4, 3, 2)),
        ((1, 1), (1, 7)),
    ],
)
def test_broadcasting(shape: Shape, wanted: Shape) -> None:
    graph = parsed(shape, wanted)
    codes = draw(graph)
    (given,) = codes.values()
    found = run_graph(graph, codes, "onnxruntime")[graph.outputs[0]]
    source = in_file_order(np.asarray(given), len(shape))
    expected = np.broadcast_to(source, np.broadcast_shapes(shape, wanted))
    got = in_file_order(found, expected.ndim) if found.shape != expected.shape else found
    np.testing.assert_array_equal(got, expected)


def test_nothing_is_made_of_a_shape_that_is_there() -> None:
    n = Net(17)
    result = n.node("Neg", n.node("Expand", n.real("x"), n.const((1, 6))))
    graph = parse_onnx(n.model(result, (1, 6), rank=2).SerializeToString(), "test.onnx")
    assert [node.op for node in graph.nodes] == [Op.TABLE]


def test_rows_and_columns_are_nearest_pixels() -> None:
    assert [node.op for node in parsed((1, 4, 1, 1), (1, 4, 3, 5)).nodes] == [Op.RESIZE]


@pytest.mark.parametrize(
    ("shape", "wanted"),
    [
        ((1, 4, 2, 6), (1, 4, 4, 6)),
        ((1, 4, 1, 6), (2, 4, 1, 6)),
        ((1, 4, 1, 6), (1, 4, 0, 6)),
        ((1, 1), (1, 257)),
    ],
)
def test_refused(shape: Shape, wanted: Shape) -> None:
    with pytest.raises(ModelError, match="E304"):
        parsed(shape, wanted)
