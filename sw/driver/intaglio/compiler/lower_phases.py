"""Transposed convolution as ordinary convolutions: one for each place of a pixel in a stride."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from intaglio.compiler.layer import Layer, Params, whole
from intaglio.spec.commands import Operation
from intaglio.spec.formats import IntArray


@dataclass(frozen=True)
class _Axis:
    """One axis of a phase.

    Window i makes pixel origin + i * stride of the output, and its tap t, which has number taps[t]
    in the kernel, reads pixel i - pad + t * dilation of the input.
    """

    origin: int
    places: int
    taps: tuple[int, ...]
    pad: int
    dilation: int


def _axis(layer: Layer, axis: int, place: int, corner: int) -> _Axis:
    """Return the phase of the outputs place, place + stride, ... of an axis.

    Output y is the sum over the taps r with y + corner - r * dilation = stride * (pixel of the
    input).
    """
    stride, dilation, size = layer.stride[axis], layer.dilation[axis], layer.out_image[axis]
    first = place + corner
    taps = [r for r in range(layer.kernel[axis]) if (first - r * dilation) % stride == 0]
    pixels = [(first - r * dilation) // stride for r in reversed(taps)]
    apart = pixels[1] - pixels[0] if len(pixels) > 1 else 1
    places = len(range(place, size, stride))
    return _Axis(place, places, tuple(reversed(taps)), -pixels[0] if pixels else places, apart)


def in_phases(layer: Layer, corner: tuple[int, int]) -> Layer:
    """Return a layer of phases, of which each has the taps that meet its outputs and no others.

    Parameters
    ----------
    layer : Layer
        With the weights of all taps: O, KH, KW, C, or KH, KW, C of channels that are kept apart.
    corner : (int, int)
        Rows and columns of the full result above and left of the output.
    """
    weights = layer.weights
    if weights is None:
        raise ValueError(f"{layer.name} has no weights")
    height, width, _ = layer.out_image
    down, across = (
        [_axis(layer, axis, place, corner[axis]) for place in range(min(layer.stride[axis], size))]
        for axis, size in enumerate((height, width))
    )
    phases = [_phase(layer, weights, (y, x)) for y in down for x in across]
    return as_phases(layer, tuple(phases))


def in_blocks(layer: Layer, size: int, *, channels_first: bool) -> Layer:
    """Return a convolution whose output channels are blocks of `size` x `size` output pixels.

    Parameters
    ----------
    layer : Layer
        Ungrouped, with the weights and parameters of all channels, and the image of the pixels.
    channels_first : bool
        Channel (c * size + i) * size + j is pixel (i, j) of channel c, else (i * size + j) * C + c.
    """
    height, width, channels = layer.out_image
    image = (height // size, width // size, channels)
    phases = []
    for i, j in np.ndindex(size, size):
        place = i * size + j
        own = np.arange(channels)
        own = own * size**2 + place if channels_first else place * channels + own
        phases.append(
            replace(
                layer,
                out_image=image,
                areas=(whole(image),),
                weights=None if layer.weights is None else layer.weights[own],
                excess=None if layer.excess is None else layer.excess[own],
                scales=None if layer.scales is None else layer.scales[own],
                params=tuple(_params_of(params, own) for params in layer.params),
                macs=layer.macs // size**2,
                origin=(i, j),
                step=(size, size),
            )
        )
    return as_phases(layer, tuple(phases))


def _params_of(params: Params, channels: IntArray) -> Params:
    if params.shared:
        return params
    return Params(params.bias[channels], params.multiplier[channels], params.shift[channels])


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
        pads = (down.places, across.places)  # outside of every window
    params = layer.params[0]  # its bias has what the zero point adds to the sum of all taps
    missing = weights.sum(sums) - taps.sum(sums)
    return replace(
        layer,
        params=(replace(params, bias=params.bias + layer.pad_value * missing),),
        out_image=image,
        areas=(whole(image),),
        kernel=(taps.shape[-3], taps.shape[-2]),
        stride=(1, 1),
        dilation=(down.dilation, across.dilation),
        pads=pads,
        weights=taps,
        macs=macs,
        origin=(down.origin, across.origin),
        step=layer.stride,
    )
