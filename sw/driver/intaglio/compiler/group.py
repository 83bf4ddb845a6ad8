"""Grouped convolutions: in groups of lanes, in groups of blocks, or widened with zeros."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from intaglio.compiler.layer import Layer
from intaglio.spec.commands import Operation
from intaglio.spec.config import ArrayConfig
from intaglio.spec.lane import Precision


def suit(layer: Layer, config: ArrayConfig) -> Layer:
    """Return `layer` in a form that the array of `config` has.

    Groups of G channels in and out, G a power of two up to K, are groups of lanes: each output
    block reads the input block of the same number. Groups of whole channel blocks stay as they
    are: each output block reads the blocks of its group. All others become one group whose other
    weights are zero: exact, and as slow as a dense convolution. So do channels with several
    outputs each, where these are not 2, 4 or 8.
    """
    if layer.spread > 1 and not _spreads(layer, config):
        return _one_group(layer)
    if layer.groups == 1 or layer.weights is None:
        return layer
    inner, outer = layer.weights.shape[3], layer.out_image[2] // layer.groups
    lanes = config.channels
    fits = inner == outer and 1 < inner <= lanes and inner & (inner - 1) == 0
    fits = fits and layer.precision is Precision.BITS8
    if fits and (config.grouped or inner == lanes):
        return replace(layer, lane_group=inner)
    whole = inner % lanes == 0 and outer % lanes == 0
    if whole and layer.precision is layer.out_precision is Precision.BITS8:
        return layer
    out, rows, columns, _ = layer.weights.shape
    dense = np.zeros((layer.groups, outer, rows, columns, layer.groups, inner), layer.weights.dtype)
    for g in range(layer.groups):
        dense[g, ..., g, :] = layer.weights[g * outer : (g + 1) * outer]
    return replace(layer, groups=1, weights=dense.reshape(out, rows, columns, -1))


def _spreads(layer: Layer, config: ArrayConfig) -> bool:
    """Tell whether the array has gates for the outputs of each channel."""
    plain = layer.precision is layer.out_precision is Precision.BITS8
    return plain and layer.spread in config.spreads


def _one_group(layer: Layer) -> Layer:
    """Return channels with several outputs each as a convolution with zeros."""
    return replace(
        layer,
        operation=Operation.CONV,
        weights=_widened(layer.weights, layer.spread),
        excess=_widened(layer.excess, layer.spread),
        spread=1,
    )


def _widened(weights: npt.NDArray[Any] | None, spread: int) -> npt.NDArray[Any] | None:
    if weights is None:
        return None
    rows, columns, outputs = weights.shape
    dense = np.zeros((outputs, rows, columns, outputs // spread), weights.dtype)
    every = np.arange(outputs)
    dense[every, :, :, every // spread] = weights.transpose(2, 0, 1)
    return dense
