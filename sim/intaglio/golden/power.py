"""Dot products of power codes, from the values that they stand for."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from intaglio.spec.codes_power import PowerFormat


def dot(act: npt.ArrayLike, wgt: npt.ArrayLike, form: PowerFormat) -> npt.NDArray[Any]:
    """Return the exact dot products along the last axis, in units of 2**-(2 * form.point).

    Codes are bit patterns, 0 to 2**bits - 1.
    """
    products = form.decode(act).astype(object) * form.decode(wgt).astype(object)
    return np.asarray(products.sum(axis=-1))
