"""Layers with seeded random weights whose output ranges fit what flows through them."""

from __future__ import annotations

import math

import numpy as np

from intaglio.api.models_builder import FloatArray, GraphBuilder, Span, span_quantisation
from intaglio.spec.graph import Activation, Graph, Op

# A range of this many standard deviations clips about one value in ten thousand.
RANGE_DEVIATIONS = 4.0
# Signed outputs get an uneven range, so that their zero point is not 0.
LOW_TO_HIGH = 1.125
BIAS_DEVIATIONS = 0.1
# Largest of 9 values of a rectified normal variable: its mean square is about 5 times as large.
MAX_POOL_GAIN = 5.0
BRANCH_GAIN = 0.25


class RandomNet:
    """A graph with random weights, for benchmarks: the shapes are real, the answers are not.

    Weights are drawn with variance ``gain / fan_in``; the mean square E of every tensor is carried
    along, so that each output range is a few deviations wide and activations do not saturate.

    Parameters
    ----------
    name : str
        Name of the graph; with `seed` it fixes every weight.
    size : int
        Height and width of the image, 3 channels in [-1, 1].
    seed : int
        Seed of all weights.
    """

    def __init__(self, name: str, size: int, seed: int) -> None:
        self.builder = GraphBuilder(name)
        self.rng = np.random.default_rng([seed, *name.encode()])
        self.input = self.builder.input("image", (1, size, size, 3), span_quantisation((-1, 1)))
        self._square = {self.input: 1 / 3}

    def conv(
        self,
        source: int,
        name: str,
        channels: int,
        kernel: int = 1,
        *,
        stride: int = 1,
        activation: Activation = Activation.NONE,
        gain: float = 1.0,
    ) -> int:
        """Add a SAME convolution; `gain` is E of a linear output over E of the input."""
        shape = (channels, kernel, kernel, self.builder.shape(source)[3])
        weights, bias, deviation = self._draw(source, shape, shape[1:], channels, activation, gain)
        out = self.builder.conv(
            source,
            name,
            weights,
            bias,
            _span(deviation, activation),
            stride=stride,
            activation=activation,
        )
        return self._note(out, deviation, activation)

    def depthwise(
        self, source: int, name: str, *, stride: int = 1, activation: Activation = Activation.NONE
    ) -> int:
        """Add a 3x3 SAME depthwise convolution."""
        channels = self.builder.shape(source)[3]
        shape = (1, 3, 3, channels)
        weights, bias, deviation = self._draw(source, shape, (3, 3), channels, activation, 1.0)
        out = self.builder.depthwise(
            source,
            name,
            weights,
            bias,
            _span(deviation, activation),
            stride=stride,
            activation=activation,
        )
        return self._note(out, deviation, activation)

    def dense(self, source: int, name: str, channels: int) -> int:
        """Add a fully connected layer."""
        shape = (channels, self.builder.shape(source)[-1])
        weights, bias, deviation = self._draw(
            source, shape, shape[1:], channels, Activation.NONE, 1.0
        )
        out = self.builder.dense(source, name, weights, bias, _span(deviation, Activation.NONE))
        return self._note(out, deviation, Activation.NONE)

    def add(
        self, first: int, second: int, name: str, activation: Activation = Activation.NONE
    ) -> int:
        """Add the sum of a branch that is carried past and a branch of zero mean."""
        total = self._square[first] + self._square[second]
        out = self.builder.add(first, second, name, _span(math.sqrt(total), activation), activation)
        self._square[out] = total
        return out

    def max_pool(self, source: int, name: str) -> int:
        """Add a 3x3 SAME maximum pool of stride 2."""
        out = self.builder.pool(Op.MAX_POOL, source, name, 3, stride=2, padding="same")
        self._square[out] = self._square[source] * MAX_POOL_GAIN
        return out

    def global_average(self, source: int, name: str) -> int:
        """Add an average pool over the whole image: 1,H,W,C -> 1,1,1,C."""
        size = self.builder.shape(source)[1]
        out = self.builder.pool(Op.AVERAGE_POOL, source, name, size, stride=size)
        return self._keep(source, out)

    def global_mean(self, source: int, name: str) -> int:
        """Add a mean over H and W: 1,H,W,C -> 1,C."""
        return self._keep(source, self.builder.mean(source, name))

    def finish(self, logits: int) -> Graph:
        """Add reshape (of four dimensions) and softmax, and return the graph."""
        if len(self.builder.shape(logits)) > 2:
            logits = self.builder.flatten(logits, "logits")
        return self.builder.graph((self.input,), (self.builder.softmax(logits, "probabilities"),))

    def _draw(
        self,
        source: int,
        shape: tuple[int, ...],
        fan_in: tuple[int, ...],
        channels: int,
        activation: Activation,
        gain: float,
    ) -> tuple[FloatArray, FloatArray, float]:
        # Rectifying halves the mean square, so twice the variance keeps it.
        gain = gain if activation is Activation.NONE else 2.0
        spread = np.float32(math.sqrt(gain / math.prod(fan_in)))
        weights = self.rng.standard_normal(shape, dtype=np.float32) * spread
        deviation = math.sqrt(gain * self._square[source])
        bias = self.rng.standard_normal(channels) * (BIAS_DEVIATIONS * deviation)
        return weights, bias, deviation

    def _note(self, out: int, deviation: float, activation: Activation) -> int:
        self._square[out] = deviation**2 / (1 if activation is Activation.NONE else 2)
        return out

    def _keep(self, source: int, out: int) -> int:
        self._square[out] = self._square[source]
        return out


def _span(deviation: float, activation: Activation) -> Span:
    high = RANGE_DEVIATIONS * deviation
    if activation is Activation.NONE:
        return -LOW_TO_HIGH * high, high
    return 0.0, min(high, 6.0) if activation is Activation.RELU6 else high
