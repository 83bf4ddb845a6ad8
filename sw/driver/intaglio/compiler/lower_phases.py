"""Transposed convolution as ordinary convolutions: one for each place of a pixel in a stride."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from intaglio.compiler.layer import Layer, whole
from intaglio.spec.commands import Operation
from intaglio.spec.formats import IntArray


@dataclass(frozen=True)
class _Axis:
    """One axis of a phase.

    Window i makes pixel origin + i * stride of the output, and its tap t, which has number taps[t]
    in the kernel, reads pixel i - pad + t of the input.
    """

    origin: int
    places: int
    taps: range
    pad: int


def _axis(place: int, stride: int, kernel: int, corner: int, size: int) -> _Axis:
    """Return the phase of the outputs place, place + stride, ... of an axis with `size` outputs.

    Output y is the sum over the taps r with y + corner - r = stride * (pixel of the input).
    """
    rest = (place + corner) % stride
    count = len(range(rest, kernel, stride))
    taps = range(rest + (count - 1) * stride, -1, -stride) if count else range(0)
    first = (place + corner - rest) // stride - (count - 1)
    return _Axis(place, len(range(place, size, stride)), taps, -first)


def in_phases(layer: Layer, stride: tuple[int, int], corner: tuple[int, int]) -> Layer:
    """Return a layer of phases, of which each has the taps that meet its outputs and no others.

    Parameters
    ----------
    layer : Layer
        With the weights of all taps: O, KH, KW, C, or KH, KW, C of channels that are kept apart.
    corner : (int, int)
        Rows and columns of the full result above and left of the output.
    """
    if layer.weights is None:
        raise ValueError(f"{layer.name} has no weights")
    kernel = (layer.weights.shape[-3], layer.weights.shape[-2])
    height, width, _ = layer.out_image
    phases = []
    for y, x in np.ndindex(min(stride[0], height), min(stride[1], width)):
        down = _axis(y, stride[0], kernel[0], corner[0], height)
        across = _axis(x, stride[1], kernel[1], corner[1], width)
        phases.append(_phase(layer, layer.weights, (down, across), stride))
    return as_phases(layer, tuple(phases))


def as_phases(whole_layer: Layer, phases: tuple[Layer, ...]) -> Layer:
    """Return the layer that stands for `phases`: like the one with the most taps."""
    most = max(phases, key=lambda phase: (phase.macs > 0) * phase.kernel[0] * phase.kernel[1])
    macs = sum(phase.macs for phase in phases)
    return replace(
        most,
        out_image=whole_layer.out_image,
        areas=(whole(whole_layer.out_image),),
        phases=phases,
        origin=(0, 0),
        step=(1, 1),
        macs=macs,
    )


def _phase(
    layer: Layer,
    weights: IntArray,
    axes: tuple[_Axis, _Axis],
    stride: tuple[int, int],
) -> Layer:
    down, across = axes
    image = (down.places, across.places, layer.out_image[2])
    sums = (0, 1) if layer.operation is Operation.DEPTHWISE else (1, 2, 3)
    taps = weights.take(list(down.taps), axis=-3).take(list(across.taps), axis=-2)
    pads = (down.pad, across.pad)
    macs = down.places * across.places * int(taps.size)
    if not taps.size:  # its outputs are the bias: a tap of weight 0 that reads no pixel
        rest = (1, 1, *weights.shape[-1:])
        taps = np.zeros((*weights.shape[:-3], *rest), np.int64)
        pads = (down.places, across.places)
    params = layer.params[0]  # its bias has what the zero point adds to the sum of all taps
    missing = weights.sum(sums) - taps.sum(sums)
    return replace(
        layer,
        params=(replace(params, bias=params.bias + layer.pad_value * missing),),
        out_image=image,
        areas=(whole(image),),
        kernel=(taps.shape[-3], taps.shape[-2]),
        stride=(1, 1),
        pads=pads,
        weights=taps,
        macs=macs,
        origin=(down.origin, across.origin),
        step=stride,
    )
