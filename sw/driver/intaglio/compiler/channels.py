"""Convolutions over the channel axis: the blocks of a pixel's channels are pixels of a row.

The channels of one pixel are C / K words in a row. The same words are a row of C / K pixels with K
channels each, and a convolution over channels is a dense one over that row: every block has the
same weights, a band along the diagonal of K x 3K, and both ends are padding.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from intaglio.compiler.layer import Layer, Params, whole
from intaglio.spec.config import ArrayConfig
from intaglio.spec.formats import IntArray
from intaglio.spec.lane import Precision


def over_channels(layer: Layer, config: ArrayConfig) -> Layer:
    """Return a convolution over a row of C pixels with one channel as one over channels.

    Parameters
    ----------
    layer : Layer
        Image (1, C, 1), output of the same shape, one weight a tap.

    Where C is no multiple of K, lanes behind the last channel hold anything: then each output
    channel has its own row of C weights, most of them zero.
    """
    count, lanes = layer.image[1], config.channels
    plain = layer.precision is layer.out_precision is Precision.BITS8
    if count % lanes or not plain:
        return _dense(layer, count)
    low = -(-layer.pads[1] // lanes)
    high = -(-(layer.kernel[1] - 1 - layer.pads[1]) // lanes)
    lane = np.arange(lanes)
    block = np.arange(-low, high + 1)[:, None] * lanes
    apart = (block + lane)[None] - lane[:, None, None]  # channels from output to input
    image = (1, count // lanes, lanes)
    return replace(
        layer,
        image=image,
        out_image=image,
        kernel=(1, low + 1 + high),
        pads=(0, low),
        weights=_band(layer, layer.weights, apart)[:, None],
        excess=None if layer.excess is None else _band(layer, layer.excess, apart)[:, None],
        areas=(whole(image),),
        own_images=True,
    )


def _dense(layer: Layer, count: int) -> Layer:
    """Return a layer with a row of weights for each output channel."""
    channel = np.arange(count)
    apart = channel[None] - channel[:, None]
    shape, image = (count, 1, 1, count), (1, 1, count)
    weights = _band(layer, layer.weights, apart).reshape(shape)
    excess = None if layer.excess is None else _band(layer, layer.excess, apart).reshape(shape)
    whole_sum = _total(layer.weights) + _total(layer.excess)
    own = weights.sum(axis=(1, 2, 3)) + (0 if excess is None else excess.sum(axis=(1, 2, 3)))
    (given,) = layer.params
    # The bias takes off what the zero point adds: at both ends there are fewer taps.
    bias = given.bias + layer.pad_value * (whole_sum - own)
    return replace(
        layer,
        image=image,
        out_image=image,
        kernel=(1, 1),
        pads=(0, 0),
        weights=weights,
        excess=excess,
        params=(
            Params(
                bias,
                np.broadcast_to(given.multiplier, bias.shape),
                np.broadcast_to(given.shift, bias.shape),
            ),
        ),
        areas=(whole(image),),
    )


def _band(layer: Layer, weights: IntArray | None, apart: IntArray) -> IntArray:
    """Return the weight of each pair of channels that lie `apart`."""
    taps = np.zeros(1, np.int64) if weights is None else weights.reshape(-1)
    tap = apart + layer.pads[1]
    there = (tap >= 0) & (tap < len(taps))
    return np.where(there, taps[np.where(there, tap, 0)], 0)


def _total(weights: IntArray | None) -> int:
    return 0 if weights is None else int(weights.sum())
