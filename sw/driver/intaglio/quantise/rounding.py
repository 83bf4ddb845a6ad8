"""Learned rounding: each weight goes up or down as the outputs of its layer ask for.

AdaRound (Nagel, 2020): with V free, h(V) = clip(1.2 sigmoid(V) - 0.1, 0, 1) and the weights
s * clip(floor(W / s) + h(V)), the loss of output channel o is

    d_o H d_o^T + lambda * sum (1 - |2 h - 1|**beta),   d_o = weights_o - W_o,  H = sum of x x^T

where beta falls from 20 to 2, so that h ends at 0 or 1. H is all that is needed of the data. A
channel keeps the nearest codes where those have the smaller d H d^T. In the end single codes move
by one, each time that which lowers d H d^T most, until none does.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Real = npt.NDArray[Any]

STEPS = 400
RATE = 2e-2
WARM = 0.2  # share of the steps without the second term
STRENGTH = 0.02
MOVES = 2  # of codes, by the terms of a channel, at most
LEAST_GAIN = 1e-9


def learned(real: Real, nearest: Real, scales: Real, top: int, gram: Real) -> Real:
    """Return codes of weights.

    Parameters
    ----------
    real, nearest : arrays
        O first: the weights, and their codes when rounded to nearest.
    scales : float array
        Of each output channel.
    gram : float array
        (groups, terms, terms); outputs are split evenly among the groups.
    """
    shape = real.shape
    groups = len(gram)
    rows = real.reshape(groups, shape[0] // groups, -1)
    steps = np.asarray(scales, np.float64).reshape(groups, -1, 1)
    codes = nearest.reshape(rows.shape)
    scale = np.trace(gram, axis1=1, axis2=2).reshape(-1, 1, 1) / gram.shape[1]
    matrix = gram / np.where(scale > 0, scale, 1.0)
    base = np.floor(rows / steps)
    h = _annealed(rows, steps, base, top, matrix)
    found = np.clip(base + (h >= 0.5), -top, top).astype(np.int64)
    better = _loss(found * steps - rows, matrix) < _loss(codes * steps - rows, matrix)
    chosen = np.where(better[..., None], found, codes)
    return _descended(chosen, rows, steps, top, matrix).reshape(shape)


def _descended(codes: Real, rows: Real, steps: Real, top: int, matrix: Real) -> Real:
    """Move codes by one as long as that lowers the loss of their channel."""
    codes = codes.copy()
    slope = 2 * np.matmul(codes * steps - rows, matrix)
    curve = steps**2 * np.diagonal(matrix, axis1=1, axis2=2)[:, None, :]
    group, channel = np.indices(codes.shape[:2])
    for _ in range(MOVES * codes.shape[2]):
        up = np.where(codes < top, curve + steps * slope, 0.0)
        down = np.where(codes > -top, curve - steps * slope, 0.0)
        change = np.minimum(up, down)
        at = change.argmin(axis=2)
        gain = np.take_along_axis(change, at[..., None], axis=2)[..., 0]
        if (gain > -LEAST_GAIN * np.abs(curve).max()).all():
            break
        sign = np.where(up[group, channel, at] <= down[group, channel, at], 1, -1) * (gain < 0)
        codes[group, channel, at] += sign
        slope += 2 * (sign[..., None] * steps) * matrix[group, at]
    return codes


def _loss(d: Real, matrix: Real) -> Real:
    return np.asarray(np.einsum("gok,gkl,gol->go", d, matrix, d, optimize=True))


def _annealed(rows: Real, steps: Real, base: Real, top: int, matrix: Real) -> Real:
    """Return h in the end, by Adam on V."""
    rest = np.clip(rows / steps - base, 1e-3, 1 - 1e-3)
    v = -np.log(1.2 / (rest + 0.1) - 1)
    first, second = np.zeros_like(v), np.zeros_like(v)
    h = rest
    for step in range(1, STEPS + 1):
        gate = 1 / (1 + np.exp(-v))
        h = np.clip(1.2 * gate - 0.1, 0, 1)
        inside = (h > 0) & (h < 1)
        codes = np.clip(base + h, -top, top)
        gradient = 2 * np.matmul((codes * steps - rows) / steps, matrix)
        share = (step / STEPS - WARM) / (1 - WARM)
        if share > 0:
            beta = 20 - 18 * share
            away = 2 * h - 1
            gradient -= STRENGTH * 2 * beta * np.sign(away) * np.abs(away) ** (beta - 1)
        gradient *= inside * 1.2 * gate * (1 - gate)
        first = 0.9 * first + 0.1 * gradient
        second = 0.999 * second + 0.001 * gradient**2
        v -= RATE * (first / (1 - 0.9**step)) / (np.sqrt(second / (1 - 0.999**step)) + 1e-12)
    return h
