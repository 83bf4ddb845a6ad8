"""Random small networks: a trunk of layers with sums, pools, pads and a head."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

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


@dataclass
class _Net:
    rng: Rng
    tensors: dict[int, Tensor] = field(default_factory=dict)
    nodes: list[Node] = field(default_factory=list)

    def tensor(
        self, shape: Shape, dtype: str, quant: Quantisation, data: Array | None = None
    ) -> int:
        number = len(self.tensors)
        self.tensors[number] = Tensor(number, f"t{number}", shape, dtype, quant, data)
        return number

    def quant(self, low: float, high: float) -> Quantisation:
        scale = np.float32(np.exp(self.rng.uniform(math.log(low), math.log(high))))
        point = int(self.rng.integers(-128, 128))
        return Quantisation(np.array([scale], np.float32), np.array([point]))

    def node(self, op: Op, inputs: tuple[int, ...], out: int, attributes: Attributes) -> int:
        self.nodes.append(Node(op, f"n{len(self.nodes)}", inputs, (out,), attributes))
        return out

    def scale(self, number: int) -> float:
        quant = self.tensors[number].quant
        return quant.scale if quant is not None else 1.0

    def weighted(self, op: Op, x: int, out: int) -> int:
        rng, shape = self.rng, self.tensors[x].shape
        kernel = (int(rng.integers(1, 4)), int(rng.integers(1, 4)))
        attributes = Attributes(
            stride=(int(rng.integers(1, 3)),) * 2,
            padding="same",
            activation=list(Activation)[int(rng.integers(3))],
        )
        inner = shape[3]
        if op is Op.DEPTHWISE:
            weights: Shape = (1, *kernel, inner)
            out, terms = inner, kernel[0] * kernel[1]
        else:
            weights, terms = (out, *kernel, inner), kernel[0] * kernel[1] * inner
        scales = np.exp(rng.uniform(math.log(0.002), math.log(0.02), out)).astype(np.float32)
        qw = Quantisation(scales, np.zeros(out, np.int64), 3 if op is Op.DEPTHWISE else 0)
        codes = rng.integers(-127, 128, weights).astype(np.int8)
        reach = self.scale(x) * float(scales.max()) * math.sqrt(terms) * 74 * 74 / 40
        w = self.tensor(weights, "int8", qw, codes)
        qb = Quantisation(np.float32(self.scale(x)) * scales, np.zeros(out, np.int64), 0)
        bias = rng.integers(-20000, 20001, out).astype(np.int32)
        b = self.tensor((out,), "int32", qb, bias)
        pads = pads_of(attributes, (shape[1], shape[2]), kernel)
        places = tuple(
            window_places(shape[1 + i], kernel[i], attributes.stride[i], 1, sides)
            for i, sides in enumerate((pads[:2], pads[2:]))
        )
        y = self.tensor((1, *places, out), "int8", self.quant(reach * 0.7, reach * 1.4))
        return self.node(op, (x, w, b), y, attributes)

    def sum(self, a: int, b: int) -> int:
        reach = max(self.scale(a), self.scale(b))
        y = self.tensor(self.tensors[a].shape, "int8", self.quant(reach * 0.7, reach * 2))
        return self.node(Op.ADD, (a, b), y, Attributes(activation=Activation.RELU))

    def padded(self, x: int) -> int:
        tensor = self.tensors[x]
        before, after = ((0, *(int(n) for n in self.rng.integers(0, 3, 2)), 0) for _ in range(2))
        shape = tuple(n + p + q for n, p, q in zip(tensor.shape, before, after, strict=True))
        y = self.tensor(shape, "int8", self._quant_of(x))
        return self.node(Op.PAD, (x,), y, Attributes(begin=before, end=after))

    def function(self, x: int) -> int:
        name = str(self.rng.choice(["hard_swish", "leaky_relu", "requantise"]))
        own = self.scale(x)
        y = self.tensor(self.tensors[x].shape, "int8", self.quant(own * 0.5, own * 2))
        beta = 0.125 if name == "leaky_relu" else 1.0
        return self.node(Op.TABLE, (x,), y, Attributes(function=name, beta=beta))

    def joined(self, x: int) -> int:
        shape = self.tensors[x].shape
        y = self.tensor((*shape[:3], 2 * shape[3]), "int8", self._quant_of(x))
        return self.node(Op.CONCAT, (x, x), y, Attributes(order=(3,)))

    def _quant_of(self, x: int) -> Quantisation:
        quant = self.tensors[x].quant
        if quant is None:
            raise ValueError(f"tensor {x} has no quantisation")
        return quant


def random_net(rng: Rng) -> Graph:
    """Return a random network of two to eight operators on int8 codes."""
    net = _Net(rng)
    shape = (1, *(int(n) for n in rng.integers(4, 12, 2)), int(rng.integers(1, 7)))
    x = first = net.tensor(shape, "int8", net.quant(0.005, 0.1))
    for _ in range(int(rng.integers(1, 5))):
        kind = int(rng.integers(6))
        if kind <= 1:
            x = net.weighted(Op.CONV, x, int(rng.integers(1, 20)))
        elif kind == 2:
            x = net.weighted(Op.DEPTHWISE, x, 0)
        elif kind == 3:
            x = net.sum(x, net.function(x))
        elif kind == 4:
            x = net.padded(x)
        else:
            x = net.joined(x)
    x = net.weighted(Op.CONV, x, int(rng.integers(1, 20)))
    if rng.random() < 0.5:
        channels = net.tensors[x].shape[3]
        y = net.tensor((1, channels), "int8", net.quant(0.02, 0.1))
        x = net.node(Op.MEAN, (x,), y, Attributes(axes=(1, 2)))
    return Graph("random", net.tensors, tuple(net.nodes), (first,), (x,))
