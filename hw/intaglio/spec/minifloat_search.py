"""Search of the scales of a product of minifloats, for the least error of its output."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from intaglio.spec.codes_minifloat import Minifloat
from intaglio.spec.formats import IntArray
from intaglio.spec.minifloat_quantise import (
    GAMMAS,
    Choice,
    FloatArray,
    channel_biases,
    with_maximum,
)

ROUNDS = 3


@dataclass(frozen=True)
class ProductChoice:
    """Formats and scales of both operands of x @ w.

    Parameters
    ----------
    act, wgt : Choice
        Tensor-wise; `error` of both is the mean squared error of the output.
    channels : terms
        Powers of two that channels of x are multiplied with, and those of w divided by, before
        quantisation; all 0 without channel biases.
    """

    act: Choice
    wgt: Choice
    channels: IntArray

    def values(self, x: npt.ArrayLike, w: npt.ArrayLike) -> tuple[FloatArray, FloatArray]:
        """Return what the codes of x (samples x terms) and w (terms x outputs) stand for."""
        powers = np.ldexp(1.0, self.channels)
        act = self.act.values(self.act.quantise(np.asarray(x, np.float64) * powers))
        wgt = self.wgt.values(self.wgt.quantise(np.asarray(w, np.float64) / powers[:, None]))
        return act, wgt


def min_max(x: npt.ArrayLike, w: npt.ArrayLike, fa: Minifloat, fw: Minifloat) -> ProductChoice:
    """Return scales that put the greatest magnitudes on the formats' maxima."""
    terms = np.shape(x)[-1]
    return _rated(x, w, fa, fw, (1.0, 1.0), np.zeros(terms, np.int64))


def search_product(
    x: npt.ArrayLike,
    w: npt.ArrayLike,
    fa: Minifloat,
    fw: Minifloat,
    *,
    channel_bias: bool = True,
    rounds: int = ROUNDS,
) -> ProductChoice:
    """Return the scales with the least mean squared error of x @ w.

    Weights and activations take turns, `rounds` times: each of the 101 fractions of
    :data:`intaglio.spec.minifloat_quantise.GAMMAS` of the greatest magnitude is tried, the other
    operand's staying as it is. It starts at the whole magnitudes and never ends worse.

    Parameters
    ----------
    x : samples x terms
    w : terms x outputs
    channel_bias : bool
        Fold :func:`intaglio.spec.minifloat_quantise.channel_biases` of x into w first. That pays
        where few channels of x are large; it spreads the weights, which narrow formats of the
        weights may not bear.

    Source: LLM-FP4, search of pre-shifted exponent biases.
    """
    terms = np.shape(x)[-1]
    channels = channel_biases(x, fa) if channel_bias else np.zeros(terms, np.int64)
    fractions = [1.0, 1.0]
    best = _rated(x, w, fa, fw, (1.0, 1.0), channels)
    for _ in range(rounds):
        for side in (1, 0):
            for gamma in GAMMAS:
                tried = [*fractions]
                tried[side] = gamma
                found = _rated(x, w, fa, fw, (tried[0], tried[1]), channels)
                if found.act.error < best.act.error:
                    best, fractions = found, tried
    return best


def _rated(
    x: npt.ArrayLike,
    w: npt.ArrayLike,
    fa: Minifloat,
    fw: Minifloat,
    fractions: tuple[float, float],
    channels: IntArray,
) -> ProductChoice:
    """Return the choice of these fractions with the error that it makes."""
    act, wgt = np.asarray(x, np.float64), np.asarray(w, np.float64)
    powers = np.ldexp(1.0, channels)
    peaks = float(np.abs(act * powers).max()), float(np.abs(wgt / powers[:, None]).max())
    scales = [
        with_maximum(form, fraction * (peak or 1.0))
        for form, fraction, peak in zip((fa, fw), fractions, peaks, strict=True)
    ]
    trial = ProductChoice(Choice(*scales[0], 0.0), Choice(*scales[1], 0.0), channels)
    a, b = trial.values(act, wgt)
    error = float(np.mean((a @ b - act @ wgt) ** 2))
    return ProductChoice(Choice(*scales[0], error), Choice(*scales[1], error), channels)
