"""Builds a quantised graph layer by layer from real-valued weights and output ranges."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from intaglio.spec.formats import INT8
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

FloatArray = npt.NDArray[np.floating]
Span = tuple[float, float]
# The form that TFLite's softmax kernel writes.
PROBABILITIES = Quantisation(np.array([1 / 256], np.float32), np.array([INT8.min], np.int64))


def span_quantisation(span: Span) -> Quantisation:
    """Return the int8 quantisation that covers `span` and has a code for exactly 0.

    ``scale = (high - low) / 255``, ``zero_point = round(-128 - low / scale)``.
    """
    low, high = min(span[0], 0.0), max(span[1], 0.0)
    scale = np.float32((high - low) / (INT8.max - INT8.min))
    zero_point = round(INT8.min - low / float(scale))
    return Quantisation(
        np.array([scale], np.float32),
        np.clip(np.array([zero_point], np.int64), INT8.min, INT8.max),
    )


def quantise_weights(
    weights: FloatArray, axis: int | None
) -> tuple[npt.NDArray[np.int8], Quantisation]:
    """Return codes in -127 to 127 and their scales: one for each place of `axis`, or one.

    ``scale = max|w| / 127``, ``code = round(w / scale)``, halves to even.
    """
    others = tuple(i for i in range(weights.ndim) if i != axis)
    largest = np.abs(weights).max(axis=others if axis is not None else None, keepdims=True)
    scales = (np.maximum(largest, np.finfo(np.float32).tiny) / INT8.max).astype(np.float32)
    codes = np.clip(np.rint(weights / scales), -INT8.max, INT8.max).astype(np.int8)
    return codes, Quantisation(scales.ravel(), np.zeros(scales.size, np.int64), axis)


class GraphBuilder:
    """Appends layers; each method returns the number of the layer's output tensor.

    Node and output tensor bear the layer's name. Weights and biases are real numbers; `span` is
    the range of real values that the output must be able to hold.

    Parameters
    ----------
    name : str
        Name of the graph.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._tensors: dict[int, Tensor] = {}
        self._nodes: list[Node] = []

    def input(self, name: str, shape: tuple[int, ...], quant: Quantisation) -> int:
        """Add the graph's input of shape 1,H,W,C."""
        return self._tensor(name, shape, "int8", quant)

    def shape(self, number: int) -> tuple[int, ...]:
        """Return the shape of a tensor."""
        return self._tensors[number].shape

    def conv(
        self,
        source: int,
        name: str,
        weights: FloatArray,
        bias: FloatArray,
        span: Span,
        *,
        stride: int = 1,
        padding: str = "same",
        activation: Activation = Activation.NONE,
    ) -> int:
        """Add a convolution with weights O,KH,KW,C, quantised per output channel."""
        attributes = Attributes(stride=(stride, stride), padding=padding, activation=activation)
        return self._weighted(Op.CONV, source, name, (weights, bias), span, attributes)

    def depthwise(
        self,
        source: int,
        name: str,
        weights: FloatArray,
        bias: FloatArray,
        span: Span,
        *,
        stride: int = 1,
        padding: str = "same",
        activation: Activation = Activation.NONE,
    ) -> int:
        """Add a depthwise convolution with weights 1,KH,KW,C, quantised per channel."""
        attributes = Attributes(stride=(stride, stride), padding=padding, activation=activation)
        return self._weighted(Op.DEPTHWISE, source, name, (weights, bias), span, attributes)

    def dense(
        self, source: int, name: str, weights: FloatArray, bias: FloatArray, span: Span
    ) -> int:
        """Add a fully connected layer with weights O,C, quantised per tensor."""
        return self._weighted(Op.DENSE, source, name, (weights, bias), span, Attributes())

    def add(
        self,
        first: int,
        second: int,
        name: str,
        span: Span,
        activation: Activation = Activation.NONE,
    ) -> int:
        """Add the sum of two tensors of one shape."""
        out = self._tensor(name, self.shape(first), "int8", span_quantisation(span))
        attributes = Attributes(activation=activation)
        self._nodes.append(Node(Op.ADD, name, (first, second), (out,), attributes))
        return out

    def pool(
        self, op: Op, source: int, name: str, kernel: int, *, stride: int, padding: str = "valid"
    ) -> int:
        """Add a maximum or average pool; the codes keep their meaning."""
        attributes = Attributes(kernel=(kernel, kernel), stride=(stride, stride), padding=padding)
        channels = self.shape(source)[3]
        shape = (1, *self._places(source, (kernel, kernel), attributes), channels)
        return self._same(op, source, name, shape, attributes)

    def mean(self, source: int, name: str) -> int:
        """Add the mean over H and W: 1,H,W,C -> 1,C."""
        shape = (1, self.shape(source)[3])
        return self._same(Op.MEAN, source, name, shape, Attributes(axes=(1, 2)))

    def flatten(self, source: int, name: str) -> int:
        """Add a reshape to 1,N."""
        shape = (1, math.prod(self.shape(source)))
        return self._same(Op.RESHAPE, source, name, shape, Attributes())

    def softmax(self, source: int, name: str) -> int:
        """Add a softmax over the last dimension."""
        out = self._tensor(name, self.shape(source), "int8", PROBABILITIES)
        self._nodes.append(Node(Op.SOFTMAX, name, (source,), (out,)))
        return out

    def graph(self, inputs: tuple[int, ...], outputs: tuple[int, ...]) -> Graph:
        """Return what was built."""
        return Graph(self.name, dict(self._tensors), tuple(self._nodes), inputs, outputs)

    def _weighted(
        self,
        op: Op,
        source: int,
        name: str,
        values: tuple[FloatArray, FloatArray],
        span: Span,
        attributes: Attributes,
    ) -> int:
        weights, bias = values
        axis = {Op.CONV: 0, Op.DEPTHWISE: 3, Op.DENSE: None}[op]
        codes, quant = quantise_weights(weights, axis)
        before = self._tensors[source].quant
        if before is None:
            raise ValueError(f"tensor {source} has no quantisation")
        scales = before.scales.astype(np.float64) * quant.scales
        bias_quant = Quantisation(
            scales.astype(np.float32),
            np.zeros(scales.size, np.int64),
            0 if scales.size > 1 else None,
        )
        bias_codes = np.rint(bias / scales).astype(np.int32)
        weight = self._tensor(f"{name}/weights", codes.shape, "int8", quant, codes)
        offset = self._tensor(f"{name}/bias", bias_codes.shape, "int32", bias_quant, bias_codes)
        shape: tuple[int, ...] = (1, bias.size)
        if op is not Op.DENSE:
            kernel = (weights.shape[1], weights.shape[2])
            shape = (1, *self._places(source, kernel, attributes), bias.size)
        out = self._tensor(name, shape, "int8", span_quantisation(span))
        self._nodes.append(Node(op, name, (source, weight, offset), (out,), attributes))
        return out

    def _same(
        self, op: Op, source: int, name: str, shape: tuple[int, ...], attributes: Attributes
    ) -> int:
        out = self._tensor(name, shape, "int8", self._tensors[source].quant)
        self._nodes.append(Node(op, name, (source,), (out,), attributes))
        return out

    def _places(
        self, source: int, kernel: tuple[int, int], attributes: Attributes
    ) -> tuple[int, int]:
        height, width = self.shape(source)[1:3]
        top, bottom, left, right = pads_of(attributes, (height, width), kernel)
        stride, dilation = attributes.stride, attributes.dilation
        return (
            window_places(height, kernel[0], stride[0], dilation[0], (top, bottom)),
            window_places(width, kernel[1], stride[1], dilation[1], (left, right)),
        )

    def _tensor(
        self,
        name: str,
        shape: tuple[int, ...],
        dtype: str,
        quant: Quantisation | None,
        data: npt.NDArray[np.generic] | None = None,
    ) -> int:
        number = len(self._tensors)
        self._tensors[number] = Tensor(number, name, shape, dtype, quant, data)
        return number
