"""Weights that a merge made too large for eight bits: widened where the array can, else rounded."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from intaglio.compiler.check import MOST_WEIGHT
from intaglio.compiler.passes.certificate import Certificate
from intaglio.spec.formats import INT8, IntArray

UNSIGNED = 128  # the offset that marks weights of nine bits: the array takes them in two passes


@dataclass(frozen=True, eq=False)
class Held:
    """Weights in a form that the array takes.

    Parameters
    ----------
    codes : int array
        weights = codes * factors, along the axis of output channels.
    dtype, offset : str, int
        Of the tensor of the graph.
    factors : float array
        One for each output channel; 1 where nothing was rounded.
    certificate : Certificate
        What was done.
    """

    codes: IntArray
    dtype: str
    offset: int
    factors: npt.NDArray[np.float64]
    certificate: Certificate


def held(weights: IntArray, axis: int, name: str = "weights") -> Held:
    """Return integer weights as eight bits, as nine in two passes, or rounded to eight.

    Parameters
    ----------
    weights : int array
        Sums of codes, of any size.
    axis : int
        Of output channels.
    """
    channels = weights.shape[axis]
    ones, greatest = np.ones(channels), int(np.abs(weights).max(initial=0))
    if INT8.holds(weights):
        return Held(weights, "int8", 0, ones, Certificate("eight bits", 1, True, None, (name,)))
    if greatest <= MOST_WEIGHT:
        done = Certificate("widened to two passes", 1, True, None, (name,))
        return Held(weights, "int16", UNSIGNED, ones, done)
    others = tuple(i for i in range(weights.ndim) if i != axis % weights.ndim)
    factors = np.maximum(np.abs(weights).max(axis=others), 1) / INT8.max
    shape = [-1 if i == axis % weights.ndim else 1 for i in range(weights.ndim)]
    along = factors.reshape(shape)
    codes = np.rint(weights / along).astype(np.int64)
    noise = float(np.sum((weights - codes * along) ** 2))
    ratio = 10 * np.log10(float(np.sum(weights.astype(np.float64) ** 2)) / max(noise, 1e-300))
    done = Certificate("requantised", 1, False, float(ratio), (name,))
    return Held(codes, "int8", 0, factors, done)
