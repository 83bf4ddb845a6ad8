"""Weights of nine bits, which unsigned files leave, as two weights of eight bits each."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from intaglio.compiler.layer import Layer
from intaglio.spec.formats import INT8


def in_eight_bits(layer: Layer) -> Layer:
    """Return `layer` with weights of eight bits.

    A kernel of one row gets a second row that reads the same pixels, by a dilation of 0. Larger
    kernels get `excess`: the array adds a second pass to the sums of those channel blocks that
    need one.
    """
    weights = layer.weights
    if weights is None or INT8.holds(weights):
        return layer
    main = np.clip(weights, INT8.min, INT8.max)
    excess = weights - main
    if layer.kernel[0] > 1:
        return replace(layer, weights=main, excess=excess)
    return replace(
        layer,
        weights=np.concatenate([main, excess], axis=-3),
        kernel=(2, layer.kernel[1]),
        dilation=(0, layer.dilation[1]),
    )
