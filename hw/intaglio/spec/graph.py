"""A quantised network as a value: what importers make and what compiler and golden read."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np
import numpy.typing as npt

from intaglio.spec.scale import Scale

OVER_CHANNELS = "channels"
"""Function of a CONV whose columns are the channels of one pixel."""


class Op(Enum):
    """The operators that a graph may hold; values are the names that reports print."""

    CONV = "conv"
    DEPTHWISE = "depthwise"
    DENSE = "dense"
    ADD = "add"
    MAX_POOL = "max_pool"
    AVERAGE_POOL = "average_pool"
    MEAN = "mean"
    RESHAPE = "reshape"
    SOFTMAX = "softmax"
    SUB = "sub"
    MUL = "mul"
    TABLE = "table"
    PRELU = "prelu"
    CONCAT = "concat"
    PAD = "pad"
    SLICE = "slice"
    TRANSPOSE = "transpose"
    RESIZE = "resize"
    ARGMAX = "argmax"
    DEPTH_TO_SPACE = "depth_to_space"
    TRANSPOSED_CONV = "transposed_conv"
    MATMUL = "matmul"
    SCALE_ADD = "scale_add"


class Activation(Enum):
    """Clamp fused to an operator's output."""

    NONE = "none"
    RELU = "relu"
    RELU6 = "relu6"
    RELU1 = "relu_n1_to_1"


@dataclass(frozen=True, eq=False)
class Quantisation:
    """real = scale * (code - zero_point).

    Parameters
    ----------
    scales : float32 array
        One for the whole tensor, or one for each index along `axis`.
    zero_points : int64 array
        As many as `scales`.
    axis : int or None
        None: per tensor.
    """

    scales: npt.NDArray[np.float32]
    zero_points: npt.NDArray[np.int64]
    axis: int | None = None

    @property
    def scale(self) -> float:
        """The scale of a per-tensor quantisation, exactly as the float32 that the file holds."""
        return float(self.scales[0])

    @property
    def zero_point(self) -> int:
        """The zero point of a per-tensor quantisation."""
        return int(self.zero_points[0])


@dataclass(frozen=True, eq=False)
class Tensor:
    """One tensor; `number` is its index in the model file (array ``tNNN`` of reference files).

    Shapes: activations N,H,W,C or N,C; conv weights O,KH,KW,C; depthwise weights 1,KH,KW,C*M;
    dense weights O,C; bias O. `dtype` is numpy's name, or ``"int4"``, whose data are int8 values
    from -8 to 7. `data` is None unless constant.

    Codes are signed. A file's unsigned codes are mapped exactly: code = file's code - `offset`,
    with the zero point moved likewise. Weights have their zero point taken off already; those of
    unsigned files that then need nine bits are ``"int16"``, and keep their offset.
    """

    number: int
    name: str
    shape: tuple[int, ...]
    dtype: str
    quant: Quantisation | None = None
    data: npt.NDArray[np.generic] | None = None
    offset: int = 0


@dataclass(frozen=True)
class Requant:
    """A requantisation that is given in integers, not by scales.

    Parameters
    ----------
    scales : tuple of Scale
        One, or one for each output channel.
    rounding : int
        A :class:`intaglio.spec.rounding.Rounding`.
    zero_point, low, high : int
        Offset and clamp of the output.
    """

    scales: tuple[Scale, ...]
    rounding: int
    zero_point: int
    low: int
    high: int


@dataclass(frozen=True)
class Attributes:
    """Settings of an operator; each operator reads those that it has.

    Parameters
    ----------
    kernel, stride, dilation : (int, int)
        Along y and x. `kernel` is read by pools only: convolutions take it from the weights.
    padding : str or (top, bottom, left, right)
        ``"same"``, ``"valid"`` or explicit.
    activation : Activation
        Fused clamp.
    depth_multiplier : int
        Outputs of each depthwise input channel.
    axes : tuple of int
        Reduced axes of MEAN, non-negative.
    beta : float
        Softmax exponent factor; slope of a leaky ReLU.
    clamp : (int, int) or None
        Least and greatest output code, where `activation` has no word for them.
    requant : Requant or None
        Replaces what the scales of the tensors say.
    function : str
        TABLE: its name (:mod:`intaglio.spec.tables`). RESIZE: ``"nearest"`` or ``"bilinear"``.
    begin, end, step : tuple of int
        SLICE: along each axis. PAD: elements before and after each axis.
    order : tuple of int
        TRANSPOSE: axes of the input in the order of the output. CONCAT, ARGMAX: the axis.
    group_scale : str
        CONV, DENSE: ``"shift"``: input channel c counts 2**s[c] times; ``"integer"``: weights of
        group g of channels count s[o, r, s, g] times. A fourth input holds s.
    kernel, function
        CONV with function ``"dcr"`` or ``"crd"``: the channels of each pixel are a block of kernel
        pixels of the output, in the order of :func:`intaglio.spec.moves.depth_to_space`. With
        ``"channels"``: the channels of the one pixel are the columns of the window.
    edge : str
        CONV, DEPTHWISE, PAD: what lies around the image, one of :data:`intaglio.spec.edges.MODES`.
    corners, centres : bool
        RESIZE: corners aligned, centres of pixels at one half.
    """

    kernel: tuple[int, int] = (1, 1)
    stride: tuple[int, int] = (1, 1)
    dilation: tuple[int, int] = (1, 1)
    padding: str | tuple[int, int, int, int] = "valid"
    activation: Activation = Activation.NONE
    depth_multiplier: int = 1
    axes: tuple[int, ...] = ()
    beta: float = 1.0
    clamp: tuple[int, int] | None = None
    requant: Requant | None = None
    function: str = ""
    begin: tuple[int, ...] = ()
    end: tuple[int, ...] = ()
    step: tuple[int, ...] = ()
    order: tuple[int, ...] = ()
    group_scale: str = "none"
    edge: str = "zero"
    corners: bool = False
    centres: bool = False


@dataclass(frozen=True)
class Node:
    """One operator. `inputs` and `outputs` are tensor numbers; -1 is an absent bias.

    Inputs: CONV, DEPTHWISE, DENSE, TRANSPOSED_CONV: (activation, weights, bias), where these have
    group scales followed by them; PRELU:
    (activation, slopes); ADD, SUB, MUL, MATMUL: (a, b); SCALE_ADD: (activation, factors, addend),
    see :mod:`intaglio.spec.scale_add`; CONCAT: all parts; others: (activation,).
    """

    op: Op
    name: str
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    attributes: Attributes = Attributes()


@dataclass(frozen=True, eq=False)
class Graph:
    """A network in execution order."""

    name: str
    tensors: dict[int, Tensor]
    nodes: tuple[Node, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]


def same_padding(size: int, kernel: int, stride: int, dilation: int) -> tuple[int, int]:
    """Return (before, after) of TFLite's SAME padding, which gives ceil(size / stride) places."""
    out = -(-size // stride)
    total = max((out - 1) * stride + (kernel - 1) * dilation + 1 - size, 0)
    return total // 2, total - total // 2


def pads_of(
    attributes: Attributes, size: tuple[int, int], kernel: tuple[int, int]
) -> tuple[int, int, int, int]:
    """Return (top, bottom, left, right) of a window operator on an image of `size` (H, W)."""
    if attributes.padding == "valid":
        return 0, 0, 0, 0
    if attributes.padding == "same":
        y, x = (
            same_padding(size[i], kernel[i], attributes.stride[i], attributes.dilation[i])
            for i in range(2)
        )
        return *y, *x
    if not isinstance(attributes.padding, tuple):
        raise TypeError(f"padding is {attributes.padding!r}, not same, valid or four numbers")
    return attributes.padding


def window_places(size: int, kernel: int, stride: int, dilation: int, pads: tuple[int, int]) -> int:
    """Return how many places a window has along one axis."""
    return (size + sum(pads) - (kernel - 1) * dilation - 1) // stride + 1
