"""Products of two activations: what the array makes of them.

The second operand, R rows of N channels, is brought into the order of weight words by the array
itself: a word holds D rows of K channels, channel by channel, so each of its beats is a window of
D rows whose channels go to the lanes that need them, with weights 1. It goes to memory and comes
back as weights. Zero points are further rows of taps over the same words: one that lies outside the
image and reads minus the first operand's, and one whose weights are minus the second one's.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from intaglio.compiler.layer import Layer, Params, image_of, whole, widths_of
from intaglio.spec.commands import Operation
from intaglio.spec.config import ArrayConfig
from intaglio.spec.errors import Finding, FitError
from intaglio.spec.formats import INT8, INT32
from intaglio.spec.graph import Graph, Node, Op
from intaglio.spec.quant import Rounding
from intaglio.spec.requant import quant_of, weighted_requant

Repeat = tuple[int, int]  # rows of taps, and the value of each
WIDEST = INT8.max - INT8.min


@dataclass(frozen=True, eq=False)
class ProductLayer(Layer):
    """A product of two activations, batch by batch: rows of images are the batches.

    Parameters
    ----------
    terms : int
        R: products of a sum.
    outside, constant : (int, int)
        Rows of taps that read a value outside the image, and rows of weights of one value; how
        many and the value. Together they add what the zero points take away.
    swapped : ((int, int), (int, int))
        Both, where the operands change places.
    vectors : bool
        The first operand becomes the weights, :mod:`intaglio.compiler.product_vector`.
    symmetric : bool
        The first operand is the second one transposed, and so is the product.
    """

    terms: int = 0
    outside: Repeat = (0, 0)
    constant: Repeat = (0, 0)
    swapped: tuple[Repeat, Repeat] = ((0, 0), (0, 0))
    vectors: bool = False
    symmetric: bool = False

    @property
    def tap_rows(self) -> int:
        """Rows of taps: those of both zero points, and the product itself."""
        return self.outside[0] + 1 + self.constant[0]

    def row_words(self, config: ArrayConfig) -> int:
        """Return the weight words of an output block and a row of taps."""
        return -(-self.terms // config.depth)

    def words(self, config: ArrayConfig) -> int:
        """Return the weight words of an output block."""
        return self.tap_rows * self.row_words(config)


def fits_ahead(layer: ProductLayer, config: ArrayConfig, blocks: int) -> bool:
    """Tell whether the weight buffer holds two panels, each with those that bring it into order."""
    order = config.depth * config.channels
    return 2 * (blocks * layer.words(config) + order) <= config.weight_words


def product_fault(graph: Graph, node: Node, config: ArrayConfig | None = None) -> str:
    """Return why a MATMUL is not for the array, or not for that of `config`; empty: it is."""
    tensors = [graph.tensors[n] for n in (*node.inputs[:2], node.outputs[0])]
    if any(tensor.dtype != "int8" for tensor in tensors):
        return "the array multiplies activations of 8 bits by each other"
    if any(image_of(t) != (1, 1, *t.shape)[-3:] for t in tensors):
        return "a product of more than one image, or of matrices without a batch"
    return "" if config is None else lanes_fault(config)


def lanes_fault(config: ArrayConfig) -> str:
    """Return why lanes take no activations as weights; empty: they do."""
    lane = config.lanes
    plain = lane.kind == "integer" and lane.weight_bits == lane.act_bits == INT8.bits
    if not plain or lane.side_bits or config.weight_bytes != config.depth * config.bus_bytes:
        return "the lanes have no weights of plain bytes"
    return ""


def lower_product(graph: Graph, node: Node, index: int, reference: str) -> ProductLayer:
    """Return a MATMUL of two activations as a layer.

    Raises
    ------
    FitError
        E402: an accumulator could overflow.
    """
    a, b, y = (graph.tensors[n] for n in (*node.inputs[:2], node.outputs[0]))
    image, out_image = image_of(a), image_of(y)
    zero_a, zero_b = quant_of(a).zero_point, quant_of(b).zero_point
    requant = weighted_requant(graph, node, reference)
    terms = image[2]
    bound = terms * WIDEST * WIDEST
    if bound > INT32.max:
        raise FitError(
            Finding(
                "E402",
                f"{node.name} sums {terms} products of two activations",
                where=node.name,
                have=f"a bound of {bound}",
                need=f"at most {INT32.max}",
                help="split the sum",
            )
        )
    return ProductLayer(
        index=index,
        name=node.name,
        op=node.op,
        operation=Operation.CONV,
        inputs=(a.number, b.number),
        output=y.number,
        image=image,
        out_image=out_image,
        params=(Params.of(np.array([terms * zero_a * zero_b]), requant.scales),),
        rounding=Rounding(requant.rounding),
        zero_point=requant.zero_point,
        low=requant.low,
        high=requant.high,
        areas=(whole(out_image),),
        macs=out_image[0] * out_image[1] * out_image[2] * terms,
        terms=terms,
        outside=repeated(-zero_a),
        constant=repeated(-zero_b),
        swapped=(repeated(-zero_b), repeated(-zero_a)),
        symmetric=_is_gram(graph, node),
        **widths_of(graph, node),
    )


def _is_gram(graph: Graph, node: Node) -> bool:
    """Tell whether a product is that of a matrix, transposed, and the matrix itself."""
    first, second = node.inputs[:2]
    maker = next((n for n in graph.nodes if first in n.outputs), None)
    if maker is None or maker.op is not Op.TRANSPOSE or maker.inputs[0] != second:
        return False
    axes = tuple(range(len(graph.tensors[second].shape)))
    quants = [quant_of(graph.tensors[n]) for n in (first, second)]
    turned = maker.attributes.order == (*axes[:-2], axes[-1], axes[-2])
    return turned and quants[0] == quants[1]


def repeated(value: int) -> Repeat:
    """Return how many bytes add up to `value`, and each of them: 128 is no byte."""
    if value == 0:
        return 0, 0
    return (2, value // 2) if value > INT8.max else (1, value)


def order_weights(config: ArrayConfig) -> npt.NDArray[np.int8]:
    """Return the weight words that bring D rows of K channels into order: (word, K, D).

    For each beat h of a word, each row t and step s: lane k takes the channel and the row of byte
    h * K + k, in which byte d of lane n is channel n of row d.
    """
    lanes, depth = config.channels, config.depth
    words = np.zeros((depth, depth, lanes // depth, lanes, depth), np.int8)
    for beat in range(depth):
        for lane in range(lanes):
            channel, row = divmod(beat * lanes + lane, depth)
            words[beat, row, channel // depth, lane, channel % depth] = 1
    return words.reshape(-1, lanes, depth)


def constant_words(layer: ProductLayer, config: ArrayConfig) -> npt.NDArray[np.int8]:
    """Return the weight words of a row of taps whose weights are one value: (word, K, D)."""
    lanes, depth = config.channels, config.depth
    rows = np.zeros(layer.row_words(config) * depth, np.int8)
    rows[: layer.terms] = layer.constant[1]
    return np.ascontiguousarray(
        np.broadcast_to(rows.reshape(-1, 1, depth), (len(rows) // depth, lanes, depth))
    )
