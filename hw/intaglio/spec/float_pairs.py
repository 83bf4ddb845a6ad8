"""Sums, differences and products of two codes as ONNX Runtime computes them: in float32."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from intaglio.spec.formats import IntArray
from intaglio.spec.graph import Op, Quantisation

Array = npt.NDArray[Any]


def float_pair(
    op: Op, a: Array, b: Array, qa: Quantisation, qb: Quantisation, qy: Quantisation
) -> IntArray:
    """Return the codes of a + b, a - b or a * b, not yet clamped.

    rint((sa * (a - za) op sb * (b - zb)) / sy) + zy, each step rounded to float32.

    Parameters
    ----------
    a, b : int array
        Codes of one shape, or of shapes that broadcast.
    qa, qb, qy : Quantisation
        Of a, b and the output.
    """
    single = np.float32
    x = single(qa.scale) * (a.astype(np.int32) - qa.zero_point).astype(single)
    y = single(qb.scale) * (b.astype(np.int32) - qb.zero_point).astype(single)
    both = x + y if op is Op.ADD else x - y if op is Op.SUB else x * y
    return np.asarray(np.rint(both / single(qy.scale)).astype(np.int64) + qy.zero_point, np.int64)
