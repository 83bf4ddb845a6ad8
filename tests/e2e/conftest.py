"""Random quantised networks: odd shapes, every operator, branches, host steps in the middle."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from intaglio.spec.config import ArrayConfig
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

MakeNetwork = Callable[[np.random.Generator, int], Graph]
SCALE = 0.05
WINDOW_OPS = (Op.CONV, Op.DEPTHWISE, Op.MAX_POOL, Op.AVERAGE_POOL)


class RandomNetwork:
    """Appends random operators that fit what is there."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.rng = rng
        self.tensors: dict[int, Tensor] = {}
        self.nodes: list[Node] = []

    def tensor(
        self,
        shape: tuple[int, ...],
        quant: Quantisation,
        data: np.ndarray | None = None,
        dtype: str = "int8",
    ) -> int:
        number = len(self.tensors)
        self.tensors[number] = Tensor(number, f"t{number}", shape, dtype, quant, data)
        return number

    def quant(self, scale: float = SCALE) -> Quantisation:
        zero = np.array([self.rng.integers(-128, 128)], np.int64)
        return Quantisation(np.array([scale], np.float32), zero)

    def pick(self, *values: int) -> int:
        return int(self.rng.choice(values))

    def node(self, op: Op, inputs: tuple[int, ...], out: int, attributes: Attributes) -> int:
        self.nodes.append(Node(op, f"n{len(self.nodes)}", inputs, (out,), attributes))
        return out

    def weighted(self, op: Op, x: int, shape: tuple[int, ...], inner: int) -> tuple[int, int, int]:
        """Return weights, bias and an output scale that makes codes of all sizes."""
        channels = shape[3] if op is Op.DEPTHWISE else shape[0]
        terms = int(np.prod(shape)) * inner // channels
        scales = self.rng.uniform(0.002, 0.02, channels).astype(np.float32)
        quant = Quantisation(
            scales, np.zeros(channels, np.int64), {Op.CONV: 0, Op.DENSE: 0, Op.DEPTHWISE: 3}[op]
        )
        data = self.rng.integers(-128, 128, shape).astype(np.int8)
        weights = self.tensor(shape, quant, data)
        most = 40 * int(math.sqrt(terms)) + 1
        bias = self.rng.integers(-most, most, channels).astype(np.int32)
        return weights, self.tensor((channels,), quant, bias, "int32"), terms

    def window(self, x: int) -> int:
        shape = self.tensors[x].shape
        op = WINDOW_OPS[int(self.rng.integers(len(WINDOW_OPS)))]
        pool = op in (Op.MAX_POOL, Op.AVERAGE_POOL)
        dilation = (1, 1) if pool else (self.pick(1, 1, 2), self.pick(1, 1, 2))
        kernel = tuple(
            self.pick(*range(1, min(4, (size - 1) // d + 1) + 1))
            for size, d in zip(shape[1:3], dilation, strict=True)
        )
        pads = [int(self.rng.integers(0, k)) for k in (kernel[0], *kernel, kernel[1])]
        attributes = Attributes(
            kernel=(kernel[0], kernel[1]),
            stride=(self.pick(1, 1, 2, 3), self.pick(1, 1, 2)),
            dilation=dilation,
            padding=("same", "valid", (pads[0], pads[1], pads[2], pads[3]))[self.pick(0, 1, 2)],
            activation=list(Activation)[self.pick(0, 0, 1, 2, 3)],
            depth_multiplier=self.pick(1, 1, 1, 2),
        )
        top, bottom, left, right = pads_of(attributes, (shape[1], shape[2]), attributes.kernel)
        places = [
            window_places(
                shape[1 + i], kernel[i], attributes.stride[i], dilation[i], (before, after)
            )
            for i, (before, after) in enumerate(((top, bottom), (left, right)))
        ]
        if pool:
            out = self.tensor((1, *places, shape[3]), self.tensors[x].quant or self.quant())
            return self.node(op, (x,), out, attributes)
        if op is Op.DEPTHWISE:
            channels = shape[3] * attributes.depth_multiplier
            weights, bias, terms = self.weighted(op, x, (1, *kernel, channels), 1)
        else:
            groups = self.pick(1, 1, shape[3])
            channels = groups * self.pick(1, 2, 3) if groups > 1 else self.pick(1, 3, 5, 12, 20)
            weights, bias, terms = self.weighted(op, x, (channels, *kernel, shape[3] // groups), 1)
        quant = self.quant(SCALE * 0.01 * math.sqrt(terms) * 40)
        out = self.tensor((1, *places, channels), quant)
        return self.node(op, (x, weights, bias if self.pick(0, 1, 1) else -1), out, attributes)

    def add(self, x: int) -> int:
        shape = self.tensors[x].shape
        fitting = [n for n, t in self.tensors.items() if t.shape == shape and t.data is None]
        out = self.tensor(shape, self.quant(SCALE * 2))
        return self.node(Op.ADD, (x, self.pick(*fitting)), out, Attributes())

    def reshape(self, x: int) -> int:
        _, height, width, channels = self.tensors[x].shape
        shape = [(1, width, height, channels), (1, height, channels, width)][self.pick(0, 1)]
        out = self.tensor(shape, self.tensors[x].quant or self.quant())
        return self.node(Op.RESHAPE, (x,), out, Attributes())

    def head(self, x: int) -> tuple[int, ...]:
        shape = self.tensors[x].shape
        if self.pick(0, 1):
            out = self.tensor((1, shape[3]), self.quant(SCALE * 3))
            x = self.node(Op.MEAN, (x,), out, Attributes(axes=(1, 2)))
            shape = (1, 1, 1, shape[3])
        outputs = self.pick(1, 10, 33)
        weights, bias, terms = self.weighted(Op.DENSE, x, (outputs, int(np.prod(shape))), 1)
        out = self.tensor((1, outputs), self.quant(SCALE * 0.01 * math.sqrt(terms) * 40))
        logits = self.node(Op.DENSE, (x, weights, bias), out, Attributes())
        probabilities = Quantisation(np.array([1 / 256], np.float32), np.array([-128], np.int64))
        out = self.tensor((1, outputs), probabilities)
        return logits, self.node(Op.SOFTMAX, (logits,), out, Attributes())


@pytest.fixture(scope="session")
def make_network() -> MakeNetwork:
    """Return a function that makes a network of so many operators before its head."""

    def make(rng: np.random.Generator, operators: int) -> Graph:
        net = RandomNetwork(rng)
        shape = (1, net.pick(1, 5, 9, 14), net.pick(3, 8, 13), net.pick(1, 3, 6, 17))
        x = source = net.tensor(shape, net.quant())
        for _ in range(operators):
            step = rng.choice(["window", "window", "window", "add", "reshape"])
            x = getattr(net, str(step))(x)
        outputs = net.head(x)
        return Graph("random", net.tensors, tuple(net.nodes), (source,), outputs)

    return make


@pytest.fixture(scope="session")
def make_config() -> Callable[[np.random.Generator], ArrayConfig]:
    """Return a function that makes a small array with small buffers."""

    def make(rng: np.random.Generator) -> ArrayConfig:
        channels = int(rng.choice([4, 8, 16]))
        return ArrayConfig(
            name="random",
            pixels=int(rng.choice([1, 2, 4, 8])),
            channels=channels,
            depth=int(rng.choice([1, 2, 4])),
            requant_lanes=int(rng.choice([1, 2, channels])),
            acts_kib=int(rng.choice([2, 8, 64])),
            weights_kib=int(rng.choice([1, 4, 64])),
            params_kib=int(rng.choice([1, 8])),
        )

    return make
