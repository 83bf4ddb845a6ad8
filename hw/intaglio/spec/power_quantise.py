"""From real numbers to power codes, with the search of the exponent."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from intaglio.spec.errors import Finding, ModelError
from intaglio.spec.formats import IntArray

FloatArray = npt.NDArray[np.float64]
INTEGER_POWERS = (1.0, 1 / 2, 1 / 3)
"""Exponents a whose inverse is an integer: those of the exact units."""
EXPONENTS = tuple(round(0.25 + n * 0.01, 2) for n in range(96))
"""Exponents that the search tries by default: 0.25 to 1.2."""


def quantise(x: npt.ArrayLike, bits: int, exponent: float) -> tuple[IntArray, float]:
    """Return (codes, scale): q = RNE(limit * sign(x) * (|x| / max|x|)**exponent).

    limit = 2**(bits - 1) - 1; scale = max|x|, what code `limit` stands for.

    Raises
    ------
    ModelError
        E306: a value is not finite.
    """
    real = np.asarray(x, np.float64)
    peak = float(np.abs(real).max(initial=0.0))
    if not math.isfinite(peak):
        raise ModelError(
            Finding(
                "E306",
                f"a tensor with the value {peak} has no power codes",
                have=str(peak),
                need="finite values",
                help="remove NaN and infinity before quantising",
            )
        )
    if not peak:
        return np.zeros(real.shape, np.int64), 0.0
    limit = (1 << (bits - 1)) - 1
    codes = np.rint(limit * np.sign(real) * (np.abs(real) / peak) ** exponent)
    return codes.astype(np.int64), peak


def dequantise(codes: npt.ArrayLike, scale: float, bits: int, exponent: float) -> FloatArray:
    """Return sign(q) * (|q| / limit)**(1 / exponent) * scale."""
    code = np.asarray(codes, np.int64)
    limit = (1 << (bits - 1)) - 1
    return np.asarray(np.sign(code) * (np.abs(code) / limit) ** (1 / exponent) * scale)


@dataclass(frozen=True)
class Exponent:
    """What :func:`search_exponent` found: the exponent a and its mean squared error."""

    value: float
    error: float


def search_exponent(
    x: npt.ArrayLike, bits: int, exponents: Iterable[float] = EXPONENTS
) -> Exponent:
    """Return the exponent of `exponents` with the least mean squared error; the first of equals.

    With :data:`INTEGER_POWERS` the result suits the units whose products are exact integers.

    Raises
    ------
    ModelError
        E306: there is no exponent to try, or a value is not finite.
    """
    real = np.asarray(x, np.float64)
    best: Exponent | None = None
    for value in exponents:
        codes, scale = quantise(real, bits, value)
        error = float(np.mean((dequantise(codes, scale, bits, value) - real) ** 2))
        if best is None or error < best.error:
            best = Exponent(value, error)
    if best is None:
        raise ModelError(
            Finding(
                "E306",
                "there is no exponent to try",
                have="no exponents",
                need="one or more",
                help="leave exponents out to try 0.25 to 1.2",
            )
        )
    return best
