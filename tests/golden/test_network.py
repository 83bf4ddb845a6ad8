"""Graphs made by hand: batches, shapes, references and the errors of a run."""

from __future__ import annotations

import numpy as np
import pytest

from intaglio.golden.network import run_graph
from intaglio.spec.errors import ModelError
from intaglio.spec.graph import Attributes, Graph, Node, Op, Quantisation, Tensor


def quantisation(scale: float = 0.5, zero_point: int = 0) -> Quantisation:
    return Quantisation(np.array([scale], np.float32), np.array([zero_point], np.int64))


def graph(op: Op, x: Tensor, y: Tensor, *constants: Tensor, **attributes: object) -> Graph:
    tensors = {tensor.number: tensor for tensor in (x, y, *constants)}
    inputs = (x.number, *(tensor.number for tensor in constants))
    if op in (Op.CONV, Op.DENSE) and len(inputs) == 2:
        inputs += (-1,)
    node = Node(op, "layer", inputs, (y.number,), Attributes(**attributes))  # type: ignore[arg-type]
    return Graph("by hand", tensors, (node,), (x.number,), (y.number,))


def tensor(number: int, *shape: int, quant: Quantisation | None = None) -> Tensor:
    return Tensor(number, f"t{number}", shape, "int8", quant or quantisation())


def dense(scale: float) -> Graph:
    weights = np.ones((1, 1), np.int8)
    w = Tensor(2, "w", (1, 1), "int8", quantisation(scale), weights)
    return graph(Op.DENSE, tensor(0, 1, 1), tensor(1, 1, 1), w)


def test_the_reference_decides_ties_of_dense_layers() -> None:
    net = dense(0.5)  # sx * sw / sy = 0.5
    x = {0: np.array([[-3], [3]], np.int8)}
    assert run_graph(net, x)[1].ravel().tolist() == [-2, 2]
    assert run_graph(net, x, "tflm")[1].ravel().tolist() == [-1, 2]


def test_a_reshape_keeps_the_images_apart() -> None:
    net = graph(Op.RESHAPE, tensor(0, 2, 2, 3), tensor(1, 4, 3))
    x = np.arange(36, dtype=np.int8).reshape(6, 2, 3)
    got = run_graph(net, {0: x})
    assert got[1].shape == (12, 3)
    np.testing.assert_array_equal(got[1].ravel(), np.arange(36))
    np.testing.assert_array_equal(got[0], x)


def test_groups_follow_from_the_weights() -> None:
    data = np.array([1, 2], np.int8).reshape(2, 1, 1, 1)
    w = Tensor(2, "w", data.shape, "int8", quantisation(1.0), data)
    net = graph(Op.CONV, tensor(0, 1, 1, 1, 2), tensor(1, 1, 1, 1, 2), w)
    got = run_graph(net, {0: np.array([[[[5, 7]]]], np.int8)})
    assert got[1].ravel().tolist() == [5, 14]


@pytest.mark.parametrize(
    ("array", "code"),
    [
        (np.zeros((1, 2), np.int8), "E305"),
        (np.zeros((0, 1), np.int8), "E305"),
        (np.zeros(1, np.int8), "E305"),
        (np.zeros((1, 1), np.float32), "E306"),
        (np.array([[128]]), "E306"),
    ],
)
def test_inputs_that_do_not_fit_are_refused(array: np.ndarray, code: str) -> None:
    with pytest.raises(ModelError) as caught:
        run_graph(dense(0.5), {0: array})
    assert [finding.code for finding in caught.value.findings] == [code]
    assert "t0" in caught.value.findings[0].message


def test_a_missing_input_is_refused() -> None:
    with pytest.raises(ModelError, match="E305"):
        run_graph(dense(0.5), {})


def test_two_inputs_of_different_batches_are_refused() -> None:
    tensors = {n: tensor(n, 1, 2) for n in range(3)}
    net = Graph("sum", tensors, (Node(Op.ADD, "sum", (0, 1), (2,)),), (0, 1), (2,))
    x = np.array([[1, 2]], np.int8)
    assert run_graph(net, {0: x, 1: x})[2].tolist() == [[2, 4]]
    with pytest.raises(ModelError, match=r"E305.*batches"):
        run_graph(net, {0: x, 1: np.repeat(x, 3, axis=0)})


def test_forms_without_a_definition_are_refused() -> None:
    x = {0: np.zeros((1, 2, 2, 3), np.int8)}
    mean = graph(Op.MEAN, tensor(0, 1, 2, 2, 3), tensor(1, 1, 2, 3), axes=(1,))
    with pytest.raises(ModelError, match=r"E303.*mean"):
        run_graph(mean, x)
    table = graph(Op.TABLE, tensor(0, 1, 2, 2, 3), tensor(1, 1, 2, 2, 3), function="cube")
    with pytest.raises(ModelError, match=r"E303.*cube"):
        run_graph(table, x)
    bare = Tensor(1, "bare", (1, 2, 2, 3), "int8")
    with pytest.raises(ModelError, match=r"E304.*bare"):
        run_graph(graph(Op.MAX_POOL, tensor(0, 1, 2, 2, 3), bare), x)
