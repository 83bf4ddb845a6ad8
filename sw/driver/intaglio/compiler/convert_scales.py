"""Weights with group scales: powers of two for input channels, integers for groups of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from intaglio.spec.formats import IntArray
from intaglio.spec.groups import ScaleGroups, ShiftGroups
from intaglio.spec.lane import Lane

Real = npt.NDArray[np.float64]

SHRINKS = np.linspace(0.2, 1.0, 41)
"""Parts of a range that a search for the least squared error tries."""
LEAST_SHRINK = 0.5  # of weights, which have few outliers


@dataclass(frozen=True, eq=False)
class GroupScaled:
    """Weights, O first and input channels last, with their scales.

    Parameters
    ----------
    codes : int array
        Of the weights.
    scales : int array
        ``shift``: by how many places each input channel is shifted left. ``integer``: factors
        O, ..., groups.
    steps : float array
        Of each output channel: a weight is codes * 2**scale, or codes * scale, steps.
    """

    codes: IntArray
    scales: IntArray
    steps: Real


def group_scaled(real: Real, lane: Lane, where: str) -> GroupScaled:
    """Return `real` weights in the lane's format, with its group scales.

    Raises
    ------
    FitError
        E404: the channels are no whole number of groups.
    """
    return _shifts(real, lane) if lane.group_scale == "shift" else _factors(real, lane, where)


def _shifts(real: Real, lane: Lane) -> GroupScaled:
    """Band input channels by the greatest weight relative to that of its output channel."""
    top = (1 << (lane.weight_bits - 1)) - 1
    rest = tuple(range(1, real.ndim))
    most = np.abs(real).max(axis=rest, keepdims=True)
    relative = np.abs(np.divide(real, most, out=np.zeros_like(real), where=most > 0))
    bands = ShiftGroups(lane.shift_groups).indices(relative.max(axis=tuple(range(real.ndim - 1))))
    amounts = lane.shift_groups - 1 - bands
    scaled = real * 2.0**-amounts  # each channel in units of its own step
    steps = np.abs(scaled).max(axis=rest, keepdims=True) / top
    steps = np.where(steps > 0, steps, 1.0)
    codes = np.clip(np.rint(scaled / steps), -top, top).astype(np.int64)
    return GroupScaled(codes, amounts, steps.reshape(-1))


def _factors(real: Real, lane: Lane, where: str) -> GroupScaled:
    """Give each group of channels of a tap an integer scale."""
    ScaleGroups(lane.group_size, lane.scale_bits).check_channels(real.shape[-1], where)
    top, limit = (1 << (lane.weight_bits - 1)) - 1, (1 << lane.scale_bits) - 1
    grouped = real.reshape(*real.shape[:-1], -1, lane.group_size)
    own = np.abs(grouped).max(axis=-1) / top
    most = own.max(axis=tuple(range(1, own.ndim)), keepdims=True)
    steps = np.where(most > 0, most / limit, 1.0)
    scales = np.clip(np.rint(own / steps), 1, limit).astype(np.int64)
    units = (steps * scales)[..., None]
    codes = np.clip(np.rint(grouped / units), -top, top).astype(np.int64)
    return GroupScaled(codes.reshape(real.shape), scales, steps.reshape(-1))


def fitted_steps(rows: Real, full: Real, top: int) -> Real:
    """Return the step of each row that has the least squared error.

    Parameters
    ----------
    rows : float array
        Weights of each output channel.
    full : float array
        Steps with which the greatest weight has the code `top`.
    """
    best, error = full, np.full(full.size, np.inf)
    for shrink in SHRINKS[SHRINKS >= LEAST_SHRINK]:
        step = full * shrink
        codes = np.clip(np.rint(rows / step[:, None]), -top, top)
        found = np.square(codes * step[:, None] - rows).sum(axis=1)
        best, error = np.where(found < error, step, best), np.minimum(found, error)
    return best
