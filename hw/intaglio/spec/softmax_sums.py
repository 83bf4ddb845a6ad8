"""Softmax by a table of exponentials and one integer division, as ONNX Runtime has it."""

from __future__ import annotations

import math

import numpy as np

from intaglio.spec.formats import Array, as_codes
from intaglio.spec.graph import Quantisation

_LARGEST = 0x7FFFFF
_SUM_MAX = 2**32 - 1


def softmax_sums(x: Array, scale: float, qy: Quantisation, low: int, high: int) -> Array:
    """Return the softmax along the last axis of 8-bit codes.

    With t(d) = rint(q * exp(-d * scale)), d the distance from the greatest code and
    q = min((2**32 - 1) / n, 2**23 - 1): code = floor((t * floor(1/sy) + floor(s/2)) / s) + zy,
    s the sum of t over the n codes.

    Parameters
    ----------
    x : int array
        Codes; their zero point cancels.
    scale : float
        Of the input.
    qy : Quantisation
        Of the output.
    low, high : int
        Clamp.

    Source: ONNX Runtime, qlinear_softmax.cc.
    """
    count = x.shape[-1]
    most = min(_SUM_MAX / count, float(_LARGEST))
    terms = np.array([np.rint(most * math.exp(-d * scale)) for d in range(256)]).astype(np.int64)
    chosen = terms[x.max(axis=-1, keepdims=True).astype(np.int64) - x]
    total = chosen.sum(axis=-1, keepdims=True)
    steps = int(np.floor(np.float32(1.0) / np.float32(qy.scale)))
    codes = (chosen * steps + (total >> 1)) // total + qy.zero_point
    return as_codes(np.clip(codes, low, high), low, high)
