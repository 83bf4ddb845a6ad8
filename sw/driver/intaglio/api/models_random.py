"""Layers with seeded random weights whose output ranges fit what flows through them."""

from __future__ import annotations

import math

import numpy as np

from intaglio.api.models_builder import FloatArray, GraphBuilder, Span, span_quantisation
from intaglio.spec.graph import Activation, Graph, Op, same_padding

# A range of this many standard deviations clips about one value in ten thousand.
RANGE_DEVIATIONS = 4.0
# Signed outputs get an uneven range, so that their zero point is not 0.
LOW_TO_HIGH = 1.125
BIAS_DEVIATIONS = 0.1
# Mean square of the largest of 9 rectified normal values over that of one.
MAX_POOL_GAIN = 5.0
# Classes must stand apart: nearly equal logits over a thousand classes are no classification.
LOGIT_DEVIATION = 3.0


class RandomNet:
    """A graph with random weights, for benchmarks: the shapes are real, the answers are not.

    Weights have the variance that gives each layer's sums a standard deviation of 1, as batch
    normalisation does; the mean square of every tensor is carried along for that. So each output
    range is a few deviations wide, and activations neither saturate nor vanish.

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
        deviation: float = 1.0,
    ) -> int:
        """Add a SAME convolution whose sums have the standard deviation `deviation`."""
        shape = (channels, kernel, kernel, self.builder.shape(source)[3])
        terms = math.prod(shape[1:]) * self._inside(source, kernel, stride)
        weights, bias = self._draw(source, shape, terms, channels, deviation)
        span = _span(deviation, activation)
        out = self.builder.conv(
            source, name, weights, bias, span, stride=stride, activation=activation
        )
        return self._note(out, deviation, activation)

    def depthwise(
        self, source: int, name: str, *, stride: int = 1, activation: Activation = Activation.NONE
    ) -> int:
        """Add a 3x3 SAME depthwise convolution."""
        channels = self.builder.shape(source)[3]
        terms = 9 * self._inside(source, 3, stride)
        weights, bias = self._draw(source, (1, 3, 3, channels), terms, channels, 1.0)
        span = _span(1.0, activation)
        out = self.builder.depthwise(
            source, name, weights, bias, span, stride=stride, activation=activation
        )
        return self._note(out, 1.0, activation)

    def dense(self, source: int, name: str, channels: int) -> int:
        """Add a fully connected layer that makes logits."""
        terms = self.builder.shape(source)[-1]
        weights, bias = self._draw(source, (channels, terms), terms, channels, LOGIT_DEVIATION)
        span = _span(LOGIT_DEVIATION, Activation.NONE)
        return self.builder.dense(source, name, weights, bias, span)

    def add(
        self, first: int, second: int, name: str, activation: Activation = Activation.NONE
    ) -> int:
        """Add the sum of a tensor that is carried past and a branch of zero mean."""
        total = self._square[first] + self._square[second]
        span = _span(math.sqrt(total), activation)
        out = self.builder.add(first, second, name, span, activation)
        # The carried tensor is mostly positive already, so rectifying halves the branch alone.
        lost = 0.0 if activation is Activation.NONE else self._square[second] / 2
        self._square[out] = total - lost
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
        self._square[out] = self._square[source]
        return out

    def global_mean(self, source: int, name: str) -> int:
        """Add a mean over H and W: 1,H,W,C -> 1,C."""
        out = self.builder.mean(source, name)
        self._square[out] = self._square[source]
        return out

    def finish(self, logits: int) -> Graph:
        """Add reshape (of four dimensions) and softmax, and return the graph."""
        if len(self.builder.shape(logits)) > 2:
            logits = self.builder.flatten(logits, "logits")
        return self.builder.graph((self.input,), (self.builder.softmax(logits, "probabilities"),))

    def _draw(
        self, source: int, shape: tuple[int, ...], terms: float, channels: int, deviation: float
    ) -> tuple[FloatArray, FloatArray]:
        spread = np.float32(deviation / math.sqrt(terms * self._square[source]))
        weights = self.rng.standard_normal(shape, dtype=np.float32) * spread
        return weights, self.rng.standard_normal(channels) * (BIAS_DEVIATIONS * deviation)

    def _inside(self, source: int, kernel: int, stride: int) -> float:
        """Return which part of a SAME window's taps lies inside the image, on average."""
        size = self.builder.shape(source)[1]
        before, _ = same_padding(size, kernel, stride, 1)
        starts = np.arange(-(-size // stride)) * stride - before
        taps = starts[:, None] + np.arange(kernel)
        return float(((taps >= 0) & (taps < size)).mean()) ** 2

    def _note(self, out: int, deviation: float, activation: Activation) -> int:
        self._square[out] = deviation**2 / (1 if activation is Activation.NONE else 2)
        return out


def _span(deviation: float, activation: Activation) -> Span:
    high = RANGE_DEVIATIONS * deviation
    if activation is Activation.NONE:
        return -LOW_TO_HIGH * high, high
    return 0.0, min(high, 6.0) if activation is Activation.RELU6 else high
