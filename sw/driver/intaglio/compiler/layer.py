"""A layer: one operator in the terms of the array, before tiling."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, TypedDict

import numpy as np
import numpy.typing as npt

from intaglio.spec.commands import Operation
from intaglio.spec.formats import IntArray
from intaglio.spec.graph import Graph, Node, Op, Tensor
from intaglio.spec.lane import Precision
from intaglio.spec.quant import Rounding, Scale
from intaglio.spec.requant import format_of
from intaglio.spec.tensor import pixel_words

Image = tuple[int, int, int]


@dataclass(frozen=True, eq=False)
class Params:
    """Requantiser parameters: one for each output channel, or one for all of them.

    Parameters
    ----------
    bias, multiplier, shift : int array
        Fields of the PARAM record.
    """

    bias: IntArray
    multiplier: IntArray
    shift: IntArray

    @classmethod
    def of(cls, bias: IntArray, scales: tuple[Scale, ...]) -> Params:
        """Return the parameters of `bias` and of one scale, or one scale for each bias."""
        multiplier = np.array([s.multiplier for s in scales], np.int64)
        shift = np.array([s.shift for s in scales], np.int64)
        return cls(
            np.asarray(bias, np.int64),
            np.broadcast_to(multiplier, bias.shape),
            np.broadcast_to(shift, bias.shape),
        )

    @property
    def shared(self) -> bool:
        """Whether all channels have the same parameters."""
        return self.bias.size == 1


@dataclass(frozen=True)
class Area:
    """Outputs [y0, y1) x [x0, x1) that share parameter set `params`."""

    y0: int
    y1: int
    x0: int
    x1: int
    params: int = 0

    @property
    def pixels(self) -> int:
        """Windows in the area."""
        return (self.y1 - self.y0) * (self.x1 - self.x0)

    def within(self, other: Area) -> Area | None:
        """Return the part of this area that lies in `other`, None if there is none."""
        y0, y1 = max(self.y0, other.y0), min(self.y1, other.y1)
        x0, x1 = max(self.x0, other.x0), min(self.x1, other.x1)
        return Area(y0, y1, x0, x1, self.params) if y0 < y1 and x0 < x1 else None


@dataclass(frozen=True, eq=False)
class Layer:
    """What the array does for one operator.

    Parameters
    ----------
    index : int
        Place in the network, also the trace entry.
    name : str
        Of the operator.
    op : Op
        The operator.
    operation : Operation
        What COMPUTE does; CONV sums over input channels, the others keep channels apart.
    inputs, output : tuple of int, int
        Tensor numbers of activations.
    image, out_image : (int, int, int)
        H, W, C of input 0 and of the output.
    kernel, stride, dilation : (int, int)
        Along y and x.
    pads : (int, int)
        Taps outside the image above and left of the first window.
    pad_value : int
        What such a tap reads.
    weights : int array or None
        CONV: O, KH, KW, C. DEPTHWISE: KH, KW, C, or None: all 1. Values; codes in bytes from
        :func:`intaglio.compiler.lane.fit_lane` on, which also counts images in words.
    params : tuple of Params
        Sets that `areas` name.
    areas : tuple of Area
        Cover the output without overlap.
    rounding, zero_point, low, high
        Of the requantiser.
    table : int array or None
        ADD: 256 x 2 rescaled values of both operands.
    macs : int
        Useful multiply-accumulates.
    groups : int
        CONV: groups of channels; weights are O, KH, KW, C / groups.
    lane_group : int
        CONV: channels of a group of lanes, where the groups are that; else 0.
    amounts : int array or None
        CONV: by how many places each input channel is shifted left: C, from `fit_lane` on 1, KH,
        KW, C in bytes.
    excess : int array or None
        Of the shape of `weights`, which it is added to: what weights of nine bits lack of eight.
    scales : int array or None
        CONV: what the sum of each group of channels is multiplied by: O, KH, KW, groups.
    precision, out_precision : Precision
        Widths of the inputs and of the output.
    spread : int
        DEPTHWISE: outputs of each input channel, a power of two that the array has gates for.
    taps : tuple of tuple of (int, int)
        DEPTHWISE: row and column of the taps that each output block reads; empty: all of them.
    edge : str
        What taps outside the image read: ``"zero"``: `pad_value`; else the image goes on as
        :func:`intaglio.spec.edges.edge_index` has it.
    phases : tuple of Layer
        Layers that together make the output, each a grid of its pixels; then this layer stands
        for all of them and is like the one with the most taps.
    own_images : bool
        `image` and `out_image` are other shapes of the words of their tensors.
    origin, step : (int, int)
        Output (i, j) of a phase is pixel (origin + i * step, origin + j * step) of the whole.
    """

    index: int
    name: str
    op: Op
    operation: Operation
    inputs: tuple[int, ...]
    output: int
    image: Image
    out_image: Image
    params: tuple[Params, ...]
    rounding: Rounding
    zero_point: int
    low: int
    high: int
    areas: tuple[Area, ...] = ()
    kernel: tuple[int, int] = (1, 1)
    stride: tuple[int, int] = (1, 1)
    dilation: tuple[int, int] = (1, 1)
    pads: tuple[int, int] = (0, 0)
    pad_value: int = 0
    weights: npt.NDArray[Any] | None = None
    table: IntArray | None = None
    macs: int = 0
    groups: int = 1
    lane_group: int = 0
    amounts: npt.NDArray[Any] | None = None
    scales: IntArray | None = None
    excess: npt.NDArray[Any] | None = None
    precision: Precision = Precision.BITS8
    out_precision: Precision = Precision.BITS8
    spread: int = 1
    taps: tuple[tuple[tuple[int, int], ...], ...] = ()
    edge: str = "zero"
    phases: tuple[Layer, ...] = ()
    own_images: bool = False
    origin: tuple[int, int] = (0, 0)
    step: tuple[int, int] = (1, 1)

    @property
    def parts(self) -> tuple[Layer, ...]:
        """The phases, or the layer itself."""
        return self.phases or (self,)

    def own(self, area: Area) -> Area | None:
        """Return the outputs of this phase that lie in an area of the whole output."""
        (y0, x0), (y1, x1) = (
            [-(-(n - o) // s) for n, o, s in zip(corner, self.origin, self.step, strict=True)]
            for corner in ((area.y0, area.x0), (area.y1, area.x1))
        )
        return Area(y0, y1, x0, x1) if y0 < y1 and x0 < x1 else None

    @property
    def out_words(self) -> int:
        """Words of an output pixel in a block."""
        return pixel_words(self.out_precision.bits)

    def out_planes(self, blocks: tuple[int, int]) -> tuple[int, int]:
        """Return the planes of words of output blocks [first, end)."""
        return _planes(blocks, self.out_precision)

    def in_planes(self, blocks: tuple[int, int]) -> tuple[int, int]:
        """Return the planes of words that output blocks [first, end) read, kept apart."""
        first, end = blocks
        return _planes((first // self.spread, -(-end // self.spread)), self.precision)

    def stored_area(self, area: Area) -> Area:
        """Return an area of the output with its columns counted in words."""
        return replace(area, x0=area.x0 * self.out_words, x1=area.x1 * self.out_words)

    @property
    def sums_channels(self) -> bool:
        """Whether an output block reads other input blocks than that of its own number."""
        return self.operation is Operation.CONV and not self.lane_group


def _planes(blocks: tuple[int, int], precision: Precision) -> tuple[int, int]:
    """Return planes of blocks [first, end): of 4 bits, one for two blocks."""
    if precision is not Precision.BITS4:
        return blocks
    return blocks[0] // 2, -(-blocks[1] // 2)


def image_of(tensor: Tensor) -> Image:
    """Return H, W, C of an activation tensor: N,H,W,C or N,W,C or N,C or C, with N = 1."""
    inner = tensor.shape[1:] if len(tensor.shape) > 1 else tensor.shape
    height, width, channels = (1, 1, 1, *inner)[-3:]
    return height, width, channels


class Widths(TypedDict):
    """The widths of a layer's inputs and of its output."""

    precision: Precision
    out_precision: Precision


def widths_of(graph: Graph, node: Node) -> Widths:
    """Return the widths of the activations that a node reads and writes."""
    before, after = (graph.tensors[n] for n in (node.inputs[0], node.outputs[0]))
    return {
        "precision": Precision.of(format_of(before).bits),
        "out_precision": Precision.of(format_of(after).bits),
    }


def whole(image: Image) -> Area:
    """Return the area of all pixels."""
    return Area(0, image[0], 0, image[1])


def same_layout(before: Image, after: Image) -> bool:
    """Tell whether two shapes of one tensor are the same bytes (:mod:`intaglio.spec.tensor`)."""
    return before[2] == after[2] and before[0] * before[1] == after[0] * after[1]
