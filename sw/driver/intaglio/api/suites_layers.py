"""Random networks of one operator, as a TFLite file holds them."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from intaglio.spec.formats import Array
from intaglio.spec.graph import (
    Activation,
    Attributes,
    Graph,
    Node,
    Op,
    Quantisation,
    Tensor,
    pads_of,
    window_places,
)

Rng = np.random.Generator
Shape = tuple[int, ...]
ACTIVATIONS = tuple(Activation)
SPREAD = 40.0  # codes of the output that a typical sum reaches


def quant(rng: Rng, dtype: str, low: float = 0.005, high: float = 0.1) -> Quantisation:
    """Return a scale and a zero point as a converter may choose them."""
    least = 0 if dtype == "uint8" else -128
    point = 0 if dtype == "int16" else int(rng.integers(least, least + 256))
    scale = np.float32(np.exp(rng.uniform(math.log(low), math.log(high))))
    return Quantisation(np.array([scale], np.float32), np.array([point], np.int64))


def random_layer(kind: str, rng: Rng) -> Graph:
    """Return a network of one operator of a kind of :data:`LAYERS`."""
    return LAYERS[kind](rng)


def network(
    op: Op,
    tensors: list[Tensor],
    inputs: tuple[int, ...],
    activations: int,
    attributes: Attributes,
) -> Graph:
    """Return a network of one node, whose last tensor is its output."""
    numbered = {number: replace(t, number=number) for number, t in enumerate(tensors)}
    last = len(tensors) - 1
    node = Node(op, "layer", inputs, (last,), attributes)
    return Graph("random", numbered, (node,), tuple(range(activations)), (last,))


def tensor(
    name: str, shape: Shape, dtype: str, q: Quantisation | None, data: Array | None = None
) -> Tensor:
    """Return a tensor whose number is set later."""
    return Tensor(0, name, shape, dtype, q, data)


def _window(rng: Rng, most: int = 3) -> Attributes:
    stride = (int(rng.integers(1, 4)), int(rng.integers(1, 4)))
    dilation = (1, 1)
    if stride == (1, 1) and rng.random() < 0.5:
        dilation = (int(rng.integers(1, most + 1)), int(rng.integers(1, most + 1)))
    return Attributes(
        stride=stride,
        dilation=dilation,
        padding=str(rng.choice(["same", "valid"])),
        activation=ACTIVATIONS[int(rng.integers(len(ACTIVATIONS)))],
    )


def _places(attributes: Attributes, size: tuple[int, int], kernel: tuple[int, int]) -> Shape:
    pads = pads_of(attributes, size, kernel)
    return tuple(
        window_places(size[i], kernel[i], attributes.stride[i], attributes.dilation[i], sides)
        for i, sides in enumerate((pads[:2], pads[2:]))
    )


def _image(rng: Rng, kernel: tuple[int, int], attributes: Attributes) -> tuple[int, int]:
    """Return a size that holds at least one window."""
    height, width = (
        int(rng.integers(1, 9)) + (kernel[i] - 1) * attributes.dilation[i] for i in range(2)
    )
    return height, width


def weighted(op: Op, act: str, wgt: str) -> Callable[[Rng], Graph]:
    """Return a maker of random CONV, DEPTHWISE or DENSE networks."""

    def make(rng: Rng) -> Graph:
        kernel = (int(rng.integers(1, 5)), int(rng.integers(1, 5)))
        attributes = _window(rng)
        height, width = _image(rng, kernel, attributes)
        channels, out = int(rng.integers(1, 13)), int(rng.integers(1, 13))
        if op is Op.DENSE:
            shape: Shape = (1, channels)
            weights: Shape = (out, channels)
            after: Shape = (1, out)
            terms = channels
            attributes = Attributes(activation=attributes.activation)
        elif op is Op.DEPTHWISE:
            copies = int(rng.integers(1, 4))
            shape, out = (1, height, width, channels), channels * copies
            weights, terms = (1, *kernel, out), kernel[0] * kernel[1]
            after = (1, *_places(attributes, (height, width), kernel), out)
            attributes = replace(attributes, depth_multiplier=copies)
        else:
            groups = int(rng.integers(1, 4)) if wgt == "int8" and act != "uint8" else 1
            shape, out = (1, height, width, channels * groups), out * groups
            weights, terms = (out, *kernel, channels), kernel[0] * kernel[1] * channels
            after = (1, *_places(attributes, (height, width), kernel), out)
        axis = 3 if op is Op.DEPTHWISE else 0
        qx = quant(rng, act) if act != "int16" else quant(rng, act, 2e-5, 4e-4)
        qw = _weight_quant(rng, wgt, out, axis, several=act != "uint8" and rng.random() < 0.8)
        bounds = {"int4": (-7, 8), "int8": (-127, 128), "uint8": (0, 256)}[wgt]
        codes = rng.integers(*bounds, weights).astype("uint8" if wgt == "uint8" else "int8")
        limit = float(np.sqrt(terms) * {"int4": 4, "int8": 74, "uint8": 74}[wgt])
        units = limit * {"int16": 19000, "int8": 74, "uint8": 74}[act]
        spread = SPREAD * (128 if act == "int16" else 1)
        reach = float(qx.scale * qw.scales.max()) * units / spread
        qy = quant(rng, act, reach * 0.7, reach * 1.4)
        bias = rng.integers(-int(units), int(units) + 1, out)
        kind = "int64" if act == "int16" else "int32"
        tensors = [
            tensor("x", shape, act, qx),
            tensor("w", weights, wgt, qw, codes),
            tensor("b", (out,), kind, _bias_quant(qx, qw), bias.astype(kind)),
            tensor("y", after, act, qy),
        ]
        return network(op, tensors, (0, 1, 2), 1, attributes)

    return make


def _weight_quant(rng: Rng, wgt: str, out: int, axis: int, *, several: bool) -> Quantisation:
    count = out if several else 1
    scales = np.exp(rng.uniform(math.log(0.002), math.log(0.02), count)).astype(np.float32)
    points = np.zeros(count, np.int64)
    if wgt == "uint8":
        points = rng.integers(0, 256, count)
    return Quantisation(scales, points, axis if count > 1 else None)


def _bias_quant(qx: Quantisation, qw: Quantisation) -> Quantisation:
    scales = (np.float32(qx.scale) * qw.scales).astype(np.float32)
    axis = 0 if scales.size > 1 else None
    return Quantisation(scales, np.zeros(scales.size, np.int64), axis)


def pool(op: Op, act: str) -> Callable[[Rng], Graph]:
    """Return a maker of random pools."""

    def make(rng: Rng) -> Graph:
        kernel = (int(rng.integers(1, 5)), int(rng.integers(1, 5)))
        attributes = replace(_window(rng, 1), kernel=kernel)
        height, width = _image(rng, kernel, attributes)
        channels, q = int(rng.integers(1, 13)), quant(rng, act)
        after = (1, *_places(attributes, (height, width), kernel), channels)
        tensors = [tensor("x", (1, height, width, channels), act, q), tensor("y", after, act, q)]
        return network(op, tensors, (0,), 1, attributes)

    return make


def mean(rng: Rng) -> Graph:
    """Return a random mean over height and width."""
    shape = (1, *(int(n) for n in rng.integers(1, 9, 2)), int(rng.integers(1, 13)))
    tensors = [
        tensor("x", shape, "int8", quant(rng, "int8")),
        tensor("y", (1, shape[3]), "int8", quant(rng, "int8")),
    ]
    return network(Op.MEAN, tensors, (0,), 1, Attributes(axes=(1, 2)))


def pair(op: Op, act: str) -> Callable[[Rng], Graph]:
    """Return a maker of random sums, differences or products."""

    def make(rng: Rng) -> Graph:
        shape = (1, *(int(n) for n in rng.integers(1, 6, 2)), int(rng.integers(1, 13)))
        qa, qb = quant(rng, act), quant(rng, act)
        reach = qa.scale * qb.scale * 74 if op is Op.MUL else max(qa.scale, qb.scale)
        qy = quant(rng, act, reach * 0.5, reach * 2)
        activation = ACTIVATIONS[int(rng.integers(len(ACTIVATIONS)))]
        tensors = [tensor(n, shape, act, q) for n, q in (("a", qa), ("b", qb), ("y", qy))]
        return network(op, tensors, (0, 1), 2, Attributes(activation=activation))

    return make


def table(function: str) -> Callable[[Rng], Graph]:
    """Return a maker of random functions of one code."""

    def make(rng: Rng) -> Graph:
        shape = (1, *(int(n) for n in rng.integers(1, 6, 2)), int(rng.integers(1, 13)))
        fixed = {"sigmoid": (1 / 256, -128), "tanh": (1 / 128, 0)}.get(function)
        qy = quant(rng, "int8")
        if fixed is not None:
            qy = Quantisation(np.array([fixed[0]], np.float32), np.array([fixed[1]]))
        beta = float(np.float32(rng.uniform(0.01, 0.5))) if function == "leaky_relu" else 1.0
        tensors = [tensor("x", shape, "int8", quant(rng, "int8")), tensor("y", shape, "int8", qy)]
        return network(Op.TABLE, tensors, (0,), 1, Attributes(function=function, beta=beta))

    return make


def softmax(rng: Rng) -> Graph:
    """Return a random softmax."""
    shape = (1, int(rng.integers(2, 40)))
    qy = Quantisation(np.array([1 / 256], np.float32), np.array([-128]))
    tensors = [tensor("x", shape, "int8", quant(rng, "int8")), tensor("y", shape, "int8", qy)]
    return network(Op.SOFTMAX, tensors, (0,), 1, Attributes())


LAYERS: dict[str, Callable[[Rng], Graph]] = {
    "conv int8": weighted(Op.CONV, "int8", "int8"),
    "depthwise int8": weighted(Op.DEPTHWISE, "int8", "int8"),
    "dense int8": weighted(Op.DENSE, "int8", "int8"),
    "conv uint8": weighted(Op.CONV, "uint8", "uint8"),
    "depthwise uint8": weighted(Op.DEPTHWISE, "uint8", "uint8"),
    "dense uint8": weighted(Op.DENSE, "uint8", "uint8"),
    "conv int16x8": weighted(Op.CONV, "int16", "int8"),
    "depthwise int16x8": weighted(Op.DEPTHWISE, "int16", "int8"),
    "dense int16x8": weighted(Op.DENSE, "int16", "int8"),
    "conv int8x4": weighted(Op.CONV, "int8", "int4"),
    "dense int8x4": weighted(Op.DENSE, "int8", "int4"),
    "add int8": pair(Op.ADD, "int8"),
    "add uint8": pair(Op.ADD, "uint8"),
    "add int16": pair(Op.ADD, "int16"),
    "sub int8": pair(Op.SUB, "int8"),
    "mul int8": pair(Op.MUL, "int8"),
    "mul int16": pair(Op.MUL, "int16"),
    "max_pool int8": pool(Op.MAX_POOL, "int8"),
    "average_pool int8": pool(Op.AVERAGE_POOL, "int8"),
    "average_pool uint8": pool(Op.AVERAGE_POOL, "uint8"),
    "average_pool int16": pool(Op.AVERAGE_POOL, "int16"),
    "mean int8": mean,
    "softmax int8": softmax,
    **{
        f"{name} int8": table(name)
        for name in ("requantise", "sigmoid", "tanh", "hard_swish", "gelu", "leaky_relu")
    },
}
