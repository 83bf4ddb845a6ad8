"""Codes of constant weights: one scale, one for each output channel, or one for each group."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from intaglio.compiler.convert import lane_weights
from intaglio.compiler.convert_scales import fitted_steps
from intaglio.quantise.rounding import learned
from intaglio.quantise.scheme import Scheme
from intaglio.spec.config import ArrayConfig

Real = npt.NDArray[Any]
LANE_BITS = {"shift": 4, "two-term": 5, "apot": 5}
"""Bits of a code of the lanes that multiply by powers of two."""


@dataclass(frozen=True, eq=False)
class Weights:
    """Quantised weights, output channels first.

    Parameters
    ----------
    codes : int array
        In the shape O, terms...
    scales : float32 array
        One, O, or O and the groups of the second axis.
    points : int array
        Zero points in the shape of `scales`.
    bits : int
        Of a code.
    """

    codes: Real
    scales: Real
    points: Real
    bits: int
    block: int = 0

    @property
    def real(self) -> Real:
        """The numbers that the codes stand for."""
        scales, points = (self.along(a) for a in (self.scales, self.points))
        return np.asarray((self.codes - points) * scales.astype(np.float64), np.float64)

    def along(self, array: Real) -> Real:
        """Return scales or zero points in a shape that meets the codes."""
        rank = self.codes.ndim
        if self.block:
            wide = np.repeat(array, self.block, axis=1)[:, : self.codes.shape[1]]
            return wide.reshape(*wide.shape, *[1] * (rank - 2))
        return array.reshape(-1, *[1] * (rank - 1))


def quantised_weights(
    real: Real, scheme: Scheme, bits: int, act_bits: int, least: Real, gram: Real | None = None
) -> Weights:
    """Return the codes of weights.

    Parameters
    ----------
    real : float array
        O first.
    act_bits : int
        Of the activations that they meet.
    least : float array
        Scales below which a bias would leave 32 bits: one, or O.
    gram : float array, optional
        (groups, terms, terms): sums of products of the operands; learned rounding needs it.
    """
    real = real.astype(np.float64)
    if scheme.weights != "linear":
        return _of_lane(real, scheme, act_bits, least)
    if scheme.affine_weights:
        return _affine(real, scheme, least)
    top = (1 << (bits - 1)) - 1
    grouped = scheme.granularity == "group" and real.ndim > 1 and real.shape[1] > 1
    if grouped:
        return _grouped(real, scheme, bits, least)
    most = np.abs(real.reshape(len(real), -1)).max(axis=1)
    if scheme.granularity == "tensor":
        most = most.max(keepdims=True)
    rows = real.reshape(most.size, -1)
    scales = _scales(rows, most, top, scheme.method, least)
    along = scales.reshape(-1, *[1] * (real.ndim - 1)).astype(np.float64)
    codes = np.clip(np.rint(real / along), -top, top).astype(np.int64)
    if gram is not None and scheme.rounding == "learned":
        steps = np.broadcast_to(along, (len(real), *along.shape[1:]))
        codes = learned(real, codes, steps, top, gram)
    return Weights(codes, scales, np.zeros(scales.size, np.int64), bits)


def _scales(rows: Real, most: Real, top: int, method: str, least: Real) -> Real:
    """Return the scale of each row: its greatest weight, or of least squared error with mse."""
    full = np.where(most > 0, most / top, 1.0)
    if method != "mse":
        return np.maximum(full, least).astype(np.float32)
    return np.maximum(fitted_steps(rows, full, top), least).astype(np.float32)


def _grouped(real: Real, scheme: Scheme, bits: int, least: Real) -> Weights:
    top, channels = (1 << (bits - 1)) - 1, real.shape[1]
    size = max(n for n in range(1, min(scheme.group_size, channels) + 1) if channels % n == 0)
    starts = np.arange(0, real.shape[1], size)
    most = np.maximum.reduceat(
        np.abs(real.reshape(*real.shape[:2], -1)).max(axis=2), starts, axis=1
    )
    scales = np.maximum(np.where(most > 0, most / top, 1.0), least.reshape(-1, 1))
    made = Weights(real, scales.astype(np.float32), np.zeros(scales.shape, np.int64), bits, size)
    codes = np.clip(np.rint(real / made.along(made.scales).astype(np.float64)), -top, top)
    return Weights(codes.astype(np.int64), made.scales, made.points, bits, size)


def _affine(real: Real, scheme: Scheme, least: Real) -> Weights:
    """Unsigned codes with zero points, the range forced to hold 0."""
    rows = real.reshape(1 if scheme.granularity == "tensor" else len(real), -1)
    low, high = np.minimum(rows.min(axis=1), 0), np.maximum(rows.max(axis=1), 0)
    scales = np.maximum(np.where(high > low, (high - low) / 255, 1.0), least).astype(np.float32)
    points = np.clip(np.rint(-low / scales), 0, 255).astype(np.int64)
    made = Weights(real, scales, points, 8)
    codes = np.rint(real / made.along(scales).astype(np.float64)) + made.along(points)
    return Weights(np.clip(codes, 0, 255).astype(np.int64), scales, points, 8)


def _of_lane(real: Real, scheme: Scheme, act_bits: int, least: Real) -> Weights:
    lane = ArrayConfig(
        lane=scheme.weights, act_bits=max(act_bits, 8), weight_bits=LANE_BITS[scheme.weights]
    ).lanes
    codes, steps = lane_weights(real, lane, act_bits, 0, least)
    return Weights(codes, steps.astype(np.float32), np.zeros(steps.size, np.int64), 8)
