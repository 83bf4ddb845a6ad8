"""Non-negative least squares on relative errors, with the error on rows that were left out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Matrix = npt.NDArray[np.float64]
TOLERANCE = 1e-9


@dataclass(frozen=True)
class Fit:
    """y = what is known + sum of weights * features, all weights at least 0.

    Parameters
    ----------
    features : tuple of str
        Names.
    weights : tuple of float
        One for each feature.
    left_out : tuple of float
        For each row the relative error (model - y) / y of a fit to all other rows.
    """

    features: tuple[str, ...]
    weights: tuple[float, ...]
    left_out: tuple[float, ...]

    @property
    def median(self) -> float:
        """Median of the absolute errors on rows left out."""
        return float(np.median(np.abs(self.left_out)))

    @property
    def worst(self) -> float:
        """Greatest absolute error on a row left out."""
        return float(np.max(np.abs(self.left_out)))

    def at(self, values: dict[str, float], known: float = 0.0) -> float:
        """Return the model's y at feature `values`, beside what is `known`."""
        found = (w * values[name] for name, w in zip(self.features, self.weights, strict=True))
        return known + sum(found)

    def band(self, value: float) -> tuple[float, float]:
        """Return low and high of an estimate `value`: what the worst row left out allows."""
        return value / (1 + self.worst), value * (1 + self.worst)


def fit(
    features: tuple[str, ...],
    rows: list[dict[str, float]],
    y: list[float],
    known: list[float] | None = None,
) -> Fit:
    """Return the fit with the least sum of squared relative errors.

    Parameters
    ----------
    features : tuple of str
        Those of `rows` that are used.
    rows : list of dict
        Feature values.
    y : list of float
        What was found for each row; more than 0.
    known : list of float, optional
        The part of each y that is counted, not fitted.
    """
    found = np.array(y, np.float64)
    scaled = np.array([[row[name] for name in features] for row in rows]) / found[:, None]
    rest = 1 - np.array(known if known is not None else [0.0] * len(y)) / found
    weights = non_negative(scaled, rest)
    errors = []
    for at in range(len(y)):
        others = np.arange(len(y)) != at
        errors.append(float(scaled[at] @ non_negative(scaled[others], rest[others]) - rest[at]))
    return Fit(features, tuple(map(float, weights)), tuple(errors))


def non_negative(a: Matrix, b: Matrix | None = None) -> Matrix:
    """Return w >= 0 with the least |a w - b|; b is 1 where it is not given.

    Source: C. Lawson and R. Hanson, Solving Least Squares Problems (1974), chapter 23.
    """
    wanted = np.ones(len(a)) if b is None else b
    count = a.shape[1]
    scale = np.linalg.norm(a, axis=0)
    scale[scale == 0] = 1.0  # a feature that no row has
    a = a / scale
    w: Any = np.zeros(count)
    free = np.zeros(count, bool)
    for _ in range(10 * count):
        gradient = a.T @ (wanted - a @ w)
        gradient[free] = -np.inf
        if free.all() or gradient.max() <= TOLERANCE:
            break
        free[int(gradient.argmax())] = True
        while True:
            trial = np.zeros(count)
            trial[free] = np.linalg.lstsq(a[:, free], wanted, rcond=None)[0]
            if trial[free].min() > 0:
                w = trial
                break
            wrong = free & (trial <= 0)
            step = min(w[wrong] / (w[wrong] - trial[wrong]))
            w = w + step * (trial - w)
            free &= w > TOLERANCE
            w[~free] = 0.0
            if not free.any():
                break
    return np.asarray(w / scale, np.float64)
