"""Passes over integer graphs: what each rewrites, and that no code changes."""

from __future__ import annotations

import numpy as np
import pytest

from intaglio.compiler.passes.run import optimised
from intaglio.compiler.passes.widths import held
from intaglio.golden.network import run_graph
from intaglio.spec.graph import Activation, Attributes, Graph, Node, Op, Quantisation, Tensor

SHAPE = (1, 6, 7, 3)


def quant(scale: float = 0.1, zero: int = 5) -> Quantisation:
    return Quantisation(np.array([scale], np.float32), np.array([zero], np.int64))


class Net:
    """Appends operators one after the other."""

    def __init__(self) -> None:
        self.tensors = {0: Tensor(0, "x", SHAPE, "int8", quant())}
        self.nodes: list[Node] = []

    def tensor(
        self, shape: tuple[int, ...], q: Quantisation, data: np.ndarray | None = None
    ) -> int:
        number = len(self.tensors)
        self.tensors[number] = Tensor(number, f"t{number}", shape, "int8", q, data)
        return number

    def node(self, op: Op, inputs: tuple[int, ...], shape: tuple[int, ...], **more: object) -> int:
        q = more.pop("quant", quant())
        assert isinstance(q, Quantisation)
        out = self.tensor(shape, q)
        attributes = Attributes(**more)  # type: ignore[arg-type]
        self.nodes.append(Node(op, f"{op.value}{out}", inputs, (out,), attributes))
        return out

    def conv(self, x: int, pad: int = 0, **more: object) -> int:
        height, width = self.tensors[x].shape[1:3]
        weights = np.random.default_rng(3).integers(-9, 10, (3, 3, 3, 3)).astype(np.int8)
        w = self.tensor(weights.shape, quant(0.02, 0), weights)
        shape = (1, height - 2 + 2 * pad, width - 2 + 2 * pad, 3)
        padding = (pad,) * 4
        return self.node(Op.CONV, (x, w, -1), shape, padding=padding, **more)

    def graph(self, *outputs: int) -> Graph:
        return Graph("passes", self.tensors, tuple(self.nodes), (0,), outputs)


def changed(
    graph: Graph, reference: str = "litert", batch: int = 3
) -> tuple[Graph, dict[str, int]]:
    """Return the rewritten network, whose outputs are the same codes, and what was done."""
    after, certificates = optimised(graph, reference, run_graph)
    rng = np.random.default_rng(1)
    codes = {0: rng.integers(-128, 128, (batch, *SHAPE[1:])).astype(np.int8)}
    old, new = run_graph(graph, codes, reference), run_graph(after, codes, reference)
    for number in graph.outputs:
        np.testing.assert_array_equal(old[number], new[number])
    assert all(entry.exact for entry in certificates)
    return after, {entry.name: entry.changed for entry in certificates}


def padded(net: Net, x: int) -> int:
    _, height, width, channels = net.tensors[x].shape
    shape = (1, height + 3, width + 1, channels)
    return net.node(Op.PAD, (x,), shape, begin=(0, 1, 1, 0), end=(0, 2, 0, 0))


def test_padding_goes_into_the_window() -> None:
    net = Net()
    y = net.conv(padded(net, 0), pad=1)
    graph, done = changed(net.graph(y))
    assert done == {"pad folding": 1}
    (node,) = graph.nodes
    assert node.attributes.padding == (2, 3, 2, 1)


def test_padding_that_others_read_or_that_adds_channels_stays() -> None:
    net = Net()
    pad = padded(net, 0)
    assert changed(net.graph(net.conv(pad), pad))[1] == {}
    net = Net()
    pad = net.node(Op.PAD, (0,), (1, 6, 7, 3), begin=(0,) * 4, end=(0,) * 4)
    wide = net.node(Op.PAD, (pad,), (1, 6, 7, 4), begin=(0,) * 4, end=(0, 0, 0, 1))
    assert changed(net.graph(wide))[1] == {}


@pytest.mark.parametrize("reference", ["litert", "onnxruntime", "own"])
@pytest.mark.parametrize("activation", [Activation.RELU, Activation.RELU6, Activation.RELU1])
def test_a_clamp_becomes_that_of_the_operator_before_it(
    activation: Activation, reference: str
) -> None:
    net = Net()
    y = net.conv(0, activation=Activation.RELU1)
    z = net.node(Op.TABLE, (y,), net.tensors[y].shape, function="requantise", activation=activation)
    graph, done = changed(net.graph(z), reference)
    assert done == {"activation fusion": 1}
    assert [node.op for node in graph.nodes] == [Op.CONV]


def test_a_requantisation_that_changes_nothing_goes() -> None:
    net = Net()
    y = net.conv(0)
    z = net.node(Op.TABLE, (y,), net.tensors[y].shape, function="requantise")
    done = changed(net.graph(net.conv(z, pad=1)))[1]
    assert done == {"requantisation merging": 1}
    other = Net()
    y = other.conv(0)
    z = other.node(Op.TABLE, (y,), other.tensors[y].shape, function="requantise", quant=quant(0.2))
    assert changed(other.graph(other.conv(z, pad=1)))[1] == {}


def test_moves_there_and_back_go() -> None:
    net = Net()
    a = net.node(Op.TRANSPOSE, (0,), (1, 3, 6, 7), order=(0, 3, 1, 2))
    b = net.node(Op.TRANSPOSE, (a,), SHAPE, order=(0, 2, 3, 1))
    c = net.node(Op.RESHAPE, (net.conv(b),), (1, 60))
    d = net.node(Op.RESHAPE, (c,), (1, 5, 4, 3))
    graph, done = changed(net.graph(d))
    assert done == {"move merging": 2, "dead code": 2}
    assert [node.op for node in graph.nodes] == [Op.CONV, Op.RESHAPE]


def test_operators_on_constants_and_unread_ones_go() -> None:
    net = Net()
    fixed = net.tensor(SHAPE, quant(), np.full(SHAPE, 7, np.int8))
    hard = net.node(Op.TABLE, (fixed,), SHAPE, function="hard_swish", quant=quant(0.05))
    y = net.node(Op.MUL, (0, hard), SHAPE)
    net.conv(y)
    graph, done = changed(net.graph(y), batch=1)
    assert done == {"constant folding": 1, "dead code": 1}
    assert [node.op for node in graph.nodes] == [Op.MUL]


def test_a_rewrite_that_changes_a_code_is_not_taken() -> None:
    """The golden operators are asked: here they are made to differ."""
    net = Net()
    graph = net.graph(net.conv(padded(net, 0)))
    calls = []

    def broken(part: Graph, codes: object, reference: str) -> object:
        found = dict(run_graph(part, codes, reference))  # type: ignore[arg-type]
        calls.append(part)
        if len(calls) == 2:
            (number,) = part.outputs
            found[number] = found[number] ^ 1
        return found

    after, certificates = optimised(graph, "litert", broken)  # type: ignore[arg-type]
    assert certificates == ()
    assert after.nodes == graph.nodes


def test_merged_weights_are_held_in_eight_bits_nine_or_rounded(rng: np.random.Generator) -> None:
    small = rng.integers(-127, 128, (1, 3, 3, 4))
    same = held(small, -1)
    assert (same.dtype, same.certificate.exact) == ("int8", True)
    wide = held(small * 2, -1)
    assert (wide.dtype, wide.offset, wide.certificate.exact) == ("int16", 128, True)
    np.testing.assert_array_equal(wide.codes, small * 2)
    rounded = held(small * 9 + 1, -1)
    assert rounded.dtype == "int8"
    assert not rounded.certificate.exact
    assert (rounded.certificate.sqnr_db or 0) > 35
    error = np.abs(rounded.codes * rounded.factors - (small * 9 + 1))
    assert error.max() <= rounded.factors.max() / 2
