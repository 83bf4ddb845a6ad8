"""Lowering by hand: folded biases, packed words, areas of pools, and what is refused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from intaglio.compiler.check import check_graph
from intaglio.compiler.group import suit
from intaglio.compiler.layer import Area, Params
from intaglio.compiler.lower import lower
from intaglio.compiler.reduction import Chunk
from intaglio.compiler.weights import pack_params, pack_table, pack_weights
from intaglio.spec.commands import PARAM, TABLE, Operation
from intaglio.spec.config import ArrayConfig
from intaglio.spec.errors import FitError, ModelError
from intaglio.spec.graph import Activation, Attributes, Graph, Node, Op, Quantisation, Tensor
from intaglio.spec.quant import Rounding, average_scale

CONFIG = ArrayConfig(name="lower", pixels=2, channels=4, depth=2, requant_lanes=2)


def quant(scale: float = 0.5, zero_point: int = 3) -> Quantisation:
    return Quantisation(np.array([scale], np.float32), np.array([zero_point], np.int64))


def tensor(number: int, *shape: int, zero_point: int = 3, dtype: str = "int8") -> Tensor:
    return Tensor(number, f"t{number}", shape, dtype, quant(zero_point=zero_point))


def constant(number: int, data: np.ndarray) -> Tensor:
    weights = quant(0.1, 0) if data.dtype == np.int8 else quant(0.05, 0)
    return Tensor(number, f"t{number}", data.shape, str(data.dtype), weights, data)


def graph(op: Op, x: Tensor, y: Tensor, *constants: Tensor, **attributes: object) -> Graph:
    inputs = (x.number, *(c.number for c in constants))
    node = Node(op, "the layer", inputs, (y.number,), Attributes(**attributes))  # type: ignore[arg-type]
    tensors = {t.number: t for t in (x, y, *constants)}
    return Graph("by hand", tensors, (node,), (x.number,), (y.number,))


def conv(weights: np.ndarray, bias: np.ndarray | None = None, channels: int | None = None) -> Graph:
    inner = channels or weights.shape[3]
    constants = [constant(2, weights)]
    if bias is not None:
        constants.append(constant(3, bias))
    x, y = tensor(0, 1, 5, 5, inner), tensor(1, 1, 5, 5, weights.shape[0])
    return graph(Op.CONV, x, y, *constants, padding="same")


def test_the_zero_point_of_the_input_is_folded_into_the_bias() -> None:
    weights = np.arange(-9, 9, dtype=np.int8).reshape(2, 3, 3, 1)
    layer = lower(conv(weights, np.array([10, -20], np.int32)), 0, "litert")
    assert layer.params[0].bias.tolist() == [10 - 3 * -45, -20 - 3 * 36]
    assert (layer.pad_value, layer.pads, layer.macs) == (3, (1, 1), 25 * 18)
    assert layer.rounding is Rounding.DOUBLE


def test_a_grouped_convolution_is_a_dense_one_with_zeros_and_counts_its_own_macs() -> None:
    weights = np.arange(1, 9, dtype=np.int8).reshape(4, 1, 1, 2)
    lowered = lower(conv(weights, channels=4), 0, "litert")
    layer = suit(lowered, replace(CONFIG, grouped=False))
    assert layer.weights is not None
    assert layer.groups == 1
    assert layer.weights[:, 0, 0].tolist() == [
        [1, 2, 0, 0],
        [3, 4, 0, 0],
        [0, 0, 5, 6],
        [0, 0, 7, 8],
    ]
    assert layer.macs == 25 * 8


def test_a_depthwise_convolution_with_several_outputs_is_spread_over_the_lanes() -> None:
    weights = np.arange(1, 13, dtype=np.int8).reshape(1, 1, 1, 12)
    x, y = tensor(0, 1, 2, 2, 6), tensor(1, 1, 2, 2, 12)
    layer = lower(graph(Op.DEPTHWISE, x, y, constant(2, weights), depth_multiplier=2), 0, "litert")
    layer = suit(layer, CONFIG)
    assert (layer.operation, layer.spread, layer.macs) == (Operation.DEPTHWISE, 2, 48)
    words = pack_weights(layer, CONFIG, Chunk(0, 1, 0, 1, 0, 1)).view(np.int8).reshape(3, 4, 2)
    # Lane n * 2 + c makes output n of channel c.
    assert words[:, :, 0].tolist() == [[1, 3, 2, 4], [5, 7, 6, 8], [9, 11, 10, 12]]
    records = pack_params(layer.params[0], 12, CONFIG, 2)
    assert records.shape[0] == 3


def test_a_depthwise_convolution_without_such_gates_is_a_dense_one() -> None:
    weights = np.arange(1, 7, dtype=np.int8).reshape(1, 1, 1, 6)
    x, y = tensor(0, 1, 2, 2, 3), tensor(1, 1, 2, 2, 6)
    layer = lower(graph(Op.DEPTHWISE, x, y, constant(2, weights), depth_multiplier=2), 0, "litert")
    layer = suit(layer, replace(CONFIG, grouped=False))
    assert layer.operation is Operation.CONV
    assert layer.weights is not None
    expected = np.zeros((6, 3), np.int8)
    expected[np.arange(6), [0, 0, 1, 1, 2, 2]] = np.arange(1, 7)
    np.testing.assert_array_equal(layer.weights[:, 0, 0], expected)


def test_a_dense_layer_reads_an_image_in_the_order_of_the_file() -> None:
    weights = np.arange(24, dtype=np.int8).reshape(2, 12)
    x, y = tensor(0, 1, 2, 3, 2), tensor(1, 1, 2)
    layer = lower(graph(Op.DENSE, x, y, constant(2, weights)), 0, "litert")
    assert (layer.kernel, layer.rounding) == ((2, 3), Rounding.SINGLE_AWAY)
    assert layer.weights is not None
    assert layer.weights[1, 1, 2].tolist() == [22, 23]


def test_areas_of_an_average_pool_have_the_counts_of_their_taps() -> None:
    x, y = tensor(0, 1, 4, 5, 1), tensor(1, 1, 4, 3, 1)
    layer = lower(
        graph(Op.AVERAGE_POOL, x, y, kernel=(3, 3), stride=(1, 2), padding="same"), 0, "litert"
    )
    counts = {}
    for area in layer.areas:
        params = layer.params[area.params]
        for count in range(1, 10):
            scale = average_scale(count)
            if (scale.multiplier, scale.shift) == (params.multiplier[0], params.shift[0]):
                counts[area.y0, area.y1, area.x0, area.x1] = count
    # Columns start at -1, 1 and 3 of 5; rows at -1, 0, 1 and 2 of 4.
    assert counts == {
        (0, 1, 0, 1): 4,
        (0, 1, 1, 2): 6,
        (0, 1, 2, 3): 4,
        (1, 3, 0, 1): 6,
        (1, 3, 1, 2): 9,
        (1, 3, 2, 3): 6,
        (3, 4, 0, 1): 4,
        (3, 4, 1, 2): 6,
        (3, 4, 2, 3): 4,
    }


def test_the_padding_of_a_maximum_never_wins() -> None:
    layer = lower(
        graph(Op.MAX_POOL, tensor(0, 1, 4, 4, 1), tensor(1, 1, 2, 2, 1), kernel=(2, 2)), 0, "litert"
    )
    assert layer.pad_value == -128


def test_the_table_of_an_addition_holds_both_operands() -> None:
    nodes = (Node(Op.ADD, "sum", (0, 1), (2,), Attributes(activation=Activation.RELU)),)
    tensors = {n: tensor(n, 1, 2, 2, 1, zero_point=z) for n, z in ((0, -5), (1, 7), (2, 0))}
    layer = lower(Graph("sum", tensors, nodes, (0, 1), (2,)), 0, "litert")
    assert layer.table is not None
    assert layer.table.shape == (256, 2)
    assert layer.table[-5 + 128, 0] == 0
    assert layer.table[7 + 128, 1] == 0
    assert layer.table[1 - 5 + 128, 0] == 1 << 19  # half of one, left by 20 bits
    assert (layer.low, layer.high) == (0, 127)


def test_weight_words_of_a_convolution() -> None:
    rng = np.random.default_rng(1)
    weights = rng.integers(-128, 128, (5, 2, 3, 7)).astype(np.int8)
    layer = lower(conv(weights), 0, "litert")
    plain = replace(CONFIG, grouped=False)
    words = pack_weights(layer, plain, Chunk(1, 2, 1, 3, 0, 2)).view(np.int8)
    # Two taps of one row; 2 steps of the full block and 2 of the last, which has 3 channels.
    assert words.shape == (2 * 2 * 4 * 8,)
    cells = words.reshape(2, 2, 4, 4, 2)
    for block, tap, step, k, d in np.ndindex(*cells.shape):
        out, channel = block * 4 + k, step * 2 + d
        known = out < 5 and channel < 7
        expected = weights[out, 1, 1 + tap, channel] if known else 0
        assert cells[block, tap, step, k, d] == expected


def test_weight_words_of_a_depthwise_convolution() -> None:
    weights = np.arange(-9, 9, dtype=np.int8).reshape(1, 1, 3, 6)
    x, y = tensor(0, 1, 1, 3, 6), tensor(1, 1, 1, 1, 6)
    layer = lower(graph(Op.DEPTHWISE, x, y, constant(2, weights)), 0, "litert")
    cells = pack_weights(layer, CONFIG, Chunk(0, 1, 0, 3, 0, 1)).view(np.int8).reshape(2, 2, 4, 2)
    # Two columns a word; the fourth column does not exist.
    assert cells[0, 0, :, 1].tolist() == weights[0, 0, 1, :4].tolist()
    assert cells[1, 1, :, 0].tolist() == [*weights[0, 0, 2, 4:].tolist(), 0, 0]
    assert not cells[:, 1, :, 1].any()


def test_parameter_words_are_records_of_the_contract() -> None:
    values = np.arange(1, 6)
    words = pack_params(Params(-values, values << 28, values - 3), 5, CONFIG)
    assert words.shape == (2, 2 * CONFIG.param_bytes)
    data = words.reshape(-1, CONFIG.param_bytes)[:, : 2 * 9].reshape(-1, 9)
    records = [PARAM.from_bytes(row.tobytes()) for row in data]
    assert records[4] == {"bias": -5, "multiplier": 5 << 28, "shift": 2}
    assert records[7] == {"bias": 0, "multiplier": 0, "shift": 0}
    shared = Params(values[:1], values[:1], values[:1])
    assert pack_params(shared, 5, CONFIG).shape == (1, 2 * CONFIG.param_bytes)


def test_table_words_are_records_of_the_contract() -> None:
    table = np.stack([np.arange(256), -np.arange(256)], axis=1)
    words = pack_table(table, CONFIG).reshape(256, CONFIG.table_bytes)
    assert TABLE.from_bytes(words[200].tobytes()) == {"a": 200, "b": -200}


def test_an_accumulator_that_could_overflow_is_named() -> None:
    weights = np.ones((2, 1, 1, 1), np.int8)
    weights[1] = -128
    fits = conv(weights, np.array([0, 2**31 - 1 - 128 * 131], np.int32))
    lower(fits, 0, "litert")
    with pytest.raises(FitError, match=r"E402: channel 1 of the layer can reach 2147483648"):
        lower(conv(weights, np.array([0, 2**31 - 128 * 131], np.int32)), 0, "litert")


def test_everything_that_is_not_supported_is_listed_at_once() -> None:
    tensors = {
        0: tensor(0, 1, 2, 2, 2),
        1: tensor(1, 1, 2, 2, 1),
        2: tensor(2, 1, 2, 2, 2),
        3: tensor(3, 1, 2, 2, 2, dtype="int16"),
        4: tensor(4, 1, 2),
    }
    nodes = (
        Node(Op.ADD, "uneven", (0, 1), (2,)),
        Node(Op.MAX_POOL, "wide", (2,), (3,)),
        Node(Op.MEAN, "flat", (2,), (4,), Attributes(axes=(1,))),
    )
    with pytest.raises(ModelError) as caught:
        check_graph(Graph("bad", tensors, nodes, (0, 1), (3, 4)), CONFIG, "litert")
    found = [(f.code, f.where) for f in caught.value.findings]
    assert found == [("E303", "uneven"), ("E304", "wide"), ("E303", "flat")]


@pytest.mark.parametrize(
    ("beta", "fits"), [(1.0, True), (31.0, True), (32.0, False), (1e-9, False)]
)
def test_a_softmax_out_of_range_is_refused(beta: float, fits: bool) -> None:
    net = graph(Op.SOFTMAX, tensor(0, 1, 4), tensor(1, 1, 4), beta=beta)
    if fits:
        check_graph(net, CONFIG, "litert")
        return
    with pytest.raises(ModelError, match="E304"):
        check_graph(net, CONFIG, "litert")


def test_a_rounding_without_gates_is_refused() -> None:
    config = ArrayConfig(name="plain", roundings=(Rounding.SINGLE_UP,))
    with pytest.raises(ModelError, match=r"DOUBLE \(0\), which plain has no gates for"):
        check_graph(conv(np.ones((1, 1, 1, 1), np.int8)), config, "litert")


def test_areas_intersect() -> None:
    assert Area(0, 4, 0, 4, 1).within(Area(2, 6, 3, 9)) == Area(2, 4, 3, 4, 1)
    assert Area(0, 4, 0, 4).within(Area(4, 6, 0, 4)) is None
