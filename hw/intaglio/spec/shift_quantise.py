"""From real numbers to codes whose channels have power-of-two steps."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from intaglio.spec.errors import Finding, ModelError
from intaglio.spec.formats import IntArray
from intaglio.spec.groups import ShiftGroups

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class ShiftCodes:
    """Codes of a matrix: x[i, j] is about codes[i, j] * step * 2**-indices[j].

    Parameters
    ----------
    codes : rows x channels
        Symmetric, of the width that was asked for.
    indices : channels
        Group of each channel.
    step : float
        Of group 0.
    """

    codes: IntArray
    indices: IntArray
    step: float

    def values(self) -> FloatArray:
        """Return what the codes stand for."""
        return np.asarray(self.codes * self.step * np.ldexp(1.0, -self.indices), np.float64)


def quantise(
    x: npt.ArrayLike, bits: int, groups: ShiftGroups, rng: np.random.Generator | None = None
) -> ShiftCodes:
    """Return codes of x (rows x channels) with a power-of-two step for each channel.

    step = max|x| / (2**(bits - 1) - 1); channel j has step * 2**-e_j with e_j of
    :meth:`intaglio.spec.groups.ShiftGroups.indices`. One group is per-tensor quantisation.

    Parameters
    ----------
    rng : numpy Generator, optional
        Round stochastically, so that codes are right on average, as gradients need; else to
        nearest, ties to even.

    Raises
    ------
    ModelError
        E306: a value is not finite.

    Source: ShiftQuant (sub-8-bit integer training).
    """
    real = np.asarray(x, np.float64)
    peaks = np.abs(real).max(axis=0, initial=0.0)
    peak = float(peaks.max(initial=0.0))
    if not math.isfinite(peak):
        raise ModelError(
            Finding(
                "E306",
                f"a matrix with the value {peak} has no codes",
                have=str(peak),
                need="finite values",
                help="remove NaN and infinity before quantising",
            )
        )
    limit = (1 << (bits - 1)) - 1
    step, indices = (peak / limit if peak else 1.0), groups.indices(peaks)
    scaled = np.ldexp(real / step, indices)
    rounded = np.rint(scaled) if rng is None else np.floor(scaled + rng.random(scaled.shape))
    return ShiftCodes(np.clip(rounded, -limit, limit).astype(np.int64), indices, step)
