"""The two sums of an outlier split."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from intaglio.spec.formats import IntArray


def split_sums(
    act: npt.ArrayLike, wgt: npt.ArrayLike, mask: npt.ArrayLike
) -> tuple[IntArray, IntArray]:
    """Return (a8 @ w, a16 @ w): columns without and with their bit of `mask` set.

    Parameters
    ----------
    act : terms
        Codes.
    wgt : terms x outputs
    mask : terms
        0 or 1.
    """
    codes, weights = np.asarray(act, np.int64), np.asarray(wgt, np.int64)
    outlier = np.asarray(mask, np.int64)
    return (codes * (1 - outlier)) @ weights, (codes * outlier) @ weights
