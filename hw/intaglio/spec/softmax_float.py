"""Softmax in floating point, for references that have no fixed-point form."""

from __future__ import annotations

import numpy as np

from intaglio.spec.formats import Array, as_codes
from intaglio.spec.graph import Quantisation


def softmax_float(
    x: Array, scale: float, beta: float, qy: Quantisation, low: int, high: int
) -> Array:
    """Return the softmax along the last axis: float32, then quantised half to even.

    Parameters
    ----------
    x : int array
        Codes; their zero point cancels.
    scale, beta : float
        Of the input, and factor of the exponent.
    qy : Quantisation
        Of the output.
    low, high : int
        Clamp.
    """
    below = (x.astype(np.int64) - x.max(axis=-1, keepdims=True).astype(np.int64)).astype(np.float32)
    terms = np.exp(below * np.float32(scale) * np.float32(beta))
    shares = terms / terms.sum(axis=-1, keepdims=True)
    codes = np.rint(shares / np.float32(qy.scale)).astype(np.int64) + qy.zero_point
    return as_codes(np.clip(codes, low, high), low, high)
