"""One operator with its sizes, and the network of that operator alone."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from intaglio.spec.graph import (
    Attributes,
    Graph,
    Node,
    Op,
    Quantisation,
    Tensor,
    pads_of,
    window_places,
)
from intaglio.spec.tensor import tensor_bytes

IN_SCALE, WEIGHT_SCALE = 0.05, 0.01
SPREAD = 40  # output codes of one standard deviation of a random sum
WEIGHTED = (Op.CONV, Op.DEPTHWISE, Op.DENSE, Op.TRANSPOSED_CONV)
POOLS = (Op.MAX_POOL, Op.AVERAGE_POOL)


@dataclass(frozen=True)
class Shape:
    """An operator and its sizes.

    Parameters
    ----------
    op : Op
        Any but RESHAPE and SOFTMAX. MATMUL: of two activations, row by row of the image.
    image : (int, int, int)
        H, W, C of the input.
    outputs : int
        Output channels of CONV, DEPTHWISE and DENSE; else those of the input.
    kernel, stride, dilation : (int, int)
        Along y and x.
    groups : int
        Of CONV and TRANSPOSED_CONV.
    gram : bool
        MATMUL: of a matrix, transposed by the host, and the matrix itself.
    padding : str or (int, int, int, int)
        As in :class:`intaglio.spec.graph.Attributes`.
    edge : str
        The same.
    out_padding : (int, int)
        TRANSPOSED_CONV: rows and columns more at the end of the output.
    """

    op: Op
    image: tuple[int, int, int]
    outputs: int
    kernel: tuple[int, int] = (1, 1)
    stride: tuple[int, int] = (1, 1)
    dilation: tuple[int, int] = (1, 1)
    groups: int = 1
    padding: str | tuple[int, int, int, int] = "valid"
    edge: str = "zero"
    out_padding: tuple[int, int] = (0, 0)
    gram: bool = False

    @property
    def attributes(self) -> Attributes:
        """Settings of the operator."""
        return Attributes(
            kernel=self.kernel,
            stride=self.stride,
            dilation=self.dilation,
            padding=self.padding,
            depth_multiplier=self.outputs // self.image[2] if self.op is Op.DEPTHWISE else 1,
            axes=(1, 2) if self.op is Op.MEAN else (),
            edge=self.edge,
        )

    @property
    def places(self) -> tuple[int, int]:
        """Windows along y and x."""
        if self.op in (Op.MEAN, Op.DENSE):
            return 1, 1
        if self.op in {Op.ADD, Op.MATMUL}:
            return self.image[0], self.image[1]
        top, bottom, left, right = pads_of(
            self.attributes, (self.image[0], self.image[1]), self.kernel
        )
        if self.op is Op.TRANSPOSED_CONV:
            rows, columns = (
                (self.image[i] - 1) * self.stride[i] + self.kernel[i] + self.out_padding[i]
                for i in range(2)
            )
            return rows - top - bottom, columns - left - right
        y, x = (
            window_places(
                self.image[i], self.kernel[i], self.stride[i], self.dilation[i], (before, after)
            )
            for i, (before, after) in enumerate(((top, bottom), (left, right)))
        )
        return y, x

    @property
    def terms(self) -> int:
        """Products of one output."""
        if self.op is Op.DENSE:
            return math.prod(self.image)
        if self.op is Op.MATMUL:
            return self.image[2]
        summed = self.op in (Op.CONV, Op.TRANSPOSED_CONV)
        channels = self.image[2] // self.groups if summed else 1
        return self.kernel[0] * self.kernel[1] * channels

    @property
    def macs(self) -> int:
        """Useful multiply-accumulates."""
        if self.op is Op.TRANSPOSED_CONV:
            pairs = self.outputs * (self.image[2] // self.groups)
            return pairs * math.prod(
                sum(places * taps for places, taps in self.phases(axis)) for axis in range(2)
            )
        multiplies = self.op in {*WEIGHTED, Op.MATMUL}
        return math.prod(self.places) * self.outputs * self.terms if multiplies else 0

    def phases(self, axis: int) -> list[tuple[int, int]]:
        """Return outputs and taps of each phase of a TRANSPOSED_CONV along an axis."""
        stride, kernel, size = self.stride[axis], self.kernel[axis], self.places[axis]
        corner = self.padding[2 * axis] if isinstance(self.padding, tuple) else 0
        return [
            (len(range(place, size, stride)), len(range((place + corner) % stride, kernel, stride)))
            for place in range(min(stride, size))
        ]

    def words(self, word_bytes: int) -> int:
        """Return the activation words of input and output together."""
        images = (self.image, (*self.places, self.outputs))
        return sum(tensor_bytes(*image, word_bytes) // word_bytes for image in images)


def graph_of(shape: Shape, name: str, seed: int) -> Graph:
    """Return the network of this operator, with weights and bias drawn from `seed`.

    Weights are even over -127 .. 127 with a scale for each channel, zero points are random, and
    the output's scale spreads the sums over the codes.
    """
    rng = np.random.default_rng(seed)
    count = 2 if shape.op in {Op.ADD, Op.MATMUL} else 1
    source = (1, *shape.image)
    quant = _quant(rng, IN_SCALE)
    tensors = {n: Tensor(n, f"x{n}", source, "int8", quant) for n in range(count)}
    if shape.op is Op.MATMUL:
        sizes = source, (1, shape.image[0], shape.image[2], shape.outputs)
        tensors = {
            n: Tensor(n, f"x{n}", size, "int8", _any_quant(rng)) for n, size in enumerate(sizes)
        }
    inputs: tuple[int, ...] = tuple(tensors)
    if shape.op in WEIGHTED:
        tensors |= _constants(shape, rng, quant)
        inputs = (0, 1, 2)
    if shape.gram:
        return _gram(shape, name, tensors, rng)
    number = len(tensors)
    out: tuple[int, ...] = (1, *shape.places, shape.outputs)
    if shape.op in (Op.MEAN, Op.DENSE):
        out = (1, shape.outputs)
    tensors[number] = Tensor(number, "y", out, "int8", _out_quant(shape, rng, quant))
    node = Node(shape.op, name, inputs, (number,), shape.attributes)
    return Graph(name, tensors, (node,), tuple(range(count)), (number,))


def _quant(rng: np.random.Generator, scale: float) -> Quantisation:
    zero = np.array([rng.integers(-20, 20)], np.int64)
    return Quantisation(np.array([scale], np.float32), zero)


def _gram(shape: Shape, name: str, tensors: dict[int, Tensor], rng: np.random.Generator) -> Graph:
    """Return the product of input 1, transposed, and input 1."""
    matrix = tensors[1]
    turned = Tensor(2, "turned", (1, *shape.image), "int8", matrix.quant)
    quant = _out_quant(shape, rng, _any_quant(rng))
    result = Tensor(3, "y", (1, *shape.places, shape.outputs), "int8", quant)
    nodes = (
        Node(Op.TRANSPOSE, "turn", (1,), (2,), Attributes(order=(0, 1, 3, 2))),
        Node(Op.MATMUL, name, (2, 1), (3,), shape.attributes),
    )
    return Graph(name, {1: matrix, 2: turned, 3: result}, nodes, (1,), (3,))


def _any_quant(rng: np.random.Generator) -> Quantisation:
    """Return a quantisation whose zero point may be none, one of the ends, or any."""
    zero = int(rng.choice([0, -128, 127, int(rng.integers(-128, 128))]))
    return Quantisation(np.array([IN_SCALE], np.float32), np.array([zero], np.int64))


def _out_quant(shape: Shape, rng: np.random.Generator, quant: Quantisation) -> Quantisation:
    if shape.op in POOLS:
        return quant
    if shape.op is Op.ADD:
        return _quant(rng, IN_SCALE * 1.7)
    if shape.op is Op.MEAN:
        scale = IN_SCALE / math.sqrt(shape.image[0] * shape.image[1])
        return _quant(rng, scale)
    if shape.op is Op.MATMUL:
        deviation = 150 * 150 * math.sqrt(shape.terms)
        return _quant(rng, IN_SCALE * IN_SCALE * deviation / SPREAD)
    deviation = 73 * 74 * math.sqrt(shape.terms)  # of a product of two even codes: 127 / sqrt(3)
    return _quant(rng, IN_SCALE * WEIGHT_SCALE * deviation / SPREAD)


def _constants(shape: Shape, rng: np.random.Generator, quant: Quantisation) -> dict[int, Tensor]:
    """Return weights (tensor 1) and bias (tensor 2)."""
    kernel = {
        **dict.fromkeys(
            (Op.CONV, Op.TRANSPOSED_CONV),
            (shape.outputs, *shape.kernel, shape.image[2] // shape.groups),
        ),
        Op.DEPTHWISE: (1, *shape.kernel, shape.outputs),
        Op.DENSE: (shape.outputs, math.prod(shape.image)),
    }[shape.op]
    axis = 3 if shape.op is Op.DEPTHWISE else 0
    scales = (WEIGHT_SCALE * rng.uniform(0.5, 1.0, shape.outputs)).astype(np.float32)
    zeros = np.zeros(shape.outputs, np.int64)
    weights = rng.integers(-127, 128, kernel).astype(np.int8)
    most = 5000 * math.isqrt(shape.terms) + 1
    bias = rng.integers(-most, most, shape.outputs).astype(np.int32)
    products = (np.float32(quant.scale) * scales).astype(np.float32)
    return {
        1: Tensor(1, "w", kernel, "int8", Quantisation(scales, zeros, axis), weights),
        2: Tensor(2, "b", bias.shape, "int32", Quantisation(products, zeros, 0), bias),
    }
