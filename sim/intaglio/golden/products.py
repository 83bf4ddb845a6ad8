"""Integer products and their sums, from the definition."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from intaglio.spec.formats import IntArray


def products(
    act: npt.ArrayLike, wgt: npt.ArrayLike, surpluses: tuple[int, ...] = (0,), terms: int = 1
) -> IntArray:
    """Return sum_t (act[t][i] + surpluses[i]) * wgt[t][j] of each payload, j fastest.

    Parameters
    ----------
    act : int array (payloads, terms * pixels)
    wgt : int array (payloads, terms * channels)
    surpluses : tuple of int
        One a pixel.
    """
    a, w = np.asarray(act, np.int64), np.asarray(wgt, np.int64)
    acts = a.reshape(len(a), terms, len(surpluses)) + np.array(surpluses)
    wgts = w.reshape(len(w), terms, w.shape[1] // terms)
    sums: IntArray = np.einsum("nti,ntj->nij", acts, wgts)
    return sums.reshape(len(a), acts.shape[2] * wgts.shape[2])
