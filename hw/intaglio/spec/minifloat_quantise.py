"""From real numbers to FP8 and FP4 codes: rounding, and the search of split, scale and rounding."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from intaglio.spec.codes_minifloat import BLOCK_BIAS, BLOCK_SIZE, FORMATS, Minifloat
from intaglio.spec.errors import Finding, ModelError
from intaglio.spec.formats import IntArray

FloatArray = npt.NDArray[np.float64]
GAMMAS = tuple(0.01 + i * (1.2 - 0.01) / 100 for i in range(101))
"""Fractions of the greatest magnitude that the search tries as the format's maximum."""


@dataclass(frozen=True)
class Choice:
    """What a search found.

    Parameters
    ----------
    form : Minifloat
        Format, its bias the integer part of the scale.
    scale : float
        Real factor, 0.5 to below 1: x is about scale * value(code).
    error : float
        Mean squared error of the search's objective.
    """

    form: Minifloat
    scale: float
    error: float

    def quantise(self, x: npt.ArrayLike) -> IntArray:
        """Return the nearest codes of `x`."""
        return quantise(np.asarray(x, np.float64) / self.scale, self.form)

    def values(self, codes: npt.ArrayLike) -> FloatArray:
        """Return what the codes stand for."""
        return np.asarray(self.form.values(codes) * self.scale, np.float64)


def quantise(x: npt.ArrayLike, form: Minifloat, rng: np.random.Generator | None = None) -> IntArray:
    """Return the nearest code of each `x`, ties to the even code; beyond the maximum it saturates.

    Parameters
    ----------
    x : array of finite reals
    rng : numpy Generator, optional
        Round stochastically: up with the probability of the fraction.

    Raises
    ------
    ModelError
        E306: a value is not finite.
    """
    real = np.asarray(x, np.float64)
    if not np.isfinite(real).all():
        bad = real[~np.isfinite(real)].flat[0]
        raise ModelError(
            Finding(
                "E306",
                f"{bad} has no {form} code",
                have=str(bad),
                need="finite values",
                help="remove NaN and infinity before quantising",
            )
        )
    magnitudes = form.values(np.arange(1 << (form.bits - 1)))
    below, above = bracket(np.abs(real), form)
    low, high = magnitudes[below], magnitudes[above]
    size = np.clip(np.abs(real), 0, magnitudes[-1])
    if rng is None:
        # Differences of neighbouring values and their halves are exact in float64.
        middle = (low + high) / 2
        up = (size > middle) | ((size == middle) & (below & 1 == 1))
    else:
        step = np.where(high > low, high - low, 1.0)
        up = rng.random(size.shape) < (size - low) / step
    code = np.where(up, above, below)
    return np.asarray(np.where(np.signbit(real), code | 1 << (form.bits - 1), code), np.int64)


def bracket(size: FloatArray, form: Minifloat) -> tuple[IntArray, IntArray]:
    """Return the codes of the greatest magnitude <= `size` and of the next one."""
    magnitudes = form.values(np.arange(1 << (form.bits - 1)))
    below = np.searchsorted(magnitudes, size, side="right") - 1
    above = np.minimum(below + 1, len(magnitudes) - 1)
    return np.asarray(below, np.int64), np.asarray(above, np.int64)


def with_maximum(form: Minifloat, maximum: float) -> tuple[Minifloat, float]:
    """Return (format with integer bias, real scale in [0.5, 1)): scale * form.max = `maximum`.

    The published real-valued bias is bias - log2(scale).
    """
    scale, exponent = math.frexp(maximum / form.max)
    return replace(form, bias=form.bias - exponent), scale


def search_format(x: npt.ArrayLike, bits: int = 8, splits: Iterable[int] | None = None) -> Choice:
    """Return the exponent split and scale with the least mean squared error on `x`.

    Tries every exponent width of `splits` (default: all named formats of `bits` bits) with every
    factor of :data:`GAMMAS`, 1.0 besides, times the greatest magnitude as maximum; of equal errors
    the first one wins.

    Raises
    ------
    ModelError
        E306: `x` is empty, all zero or not finite.
    """
    real = np.asarray(x, np.float64)
    peak = float(np.abs(real).max(initial=0.0))
    if not 0 < peak < math.inf:
        raise ModelError(
            Finding(
                "E306",
                f"the greatest magnitude is {peak}: there is no scale to search for",
                have=str(peak),
                need="finite values, one of them not 0",
                help="leave this tensor out",
            )
        )
    forms = [
        form
        for form in FORMATS
        if form.bits == bits and (splits is None or form.exponent_bits in set(splits))
    ]
    best: Choice | None = None
    for form in forms:
        for gamma in (1.0, *GAMMAS):
            choice = Choice(*with_maximum(form, gamma * peak), 0.0)
            error = float(np.mean((choice.values(choice.quantise(real)) - real) ** 2))
            if best is None or error < best.error:
                best = replace(choice, error=error)
    if best is None:
        raise ModelError(
            Finding(
                "E306",
                f"no minifloat has {bits} bits and one of the exponent widths asked for",
                have=f"{bits} bits",
                need=", ".join(form.name for form in FORMATS),
                help="choose bits and splits of one of these",
            )
        )
    return best


def learn_rounding(x: npt.ArrayLike, w: npt.ArrayLike, choice: Choice, sweeps: int = 4) -> IntArray:
    """Return codes of `w` (terms x outputs), each rounded down or up as suits the output error.

    Starts at the nearest codes and flips one rounding at a time where that lowers
    ||x @ w - x @ values||**2; so it never ends worse than nearest rounding.

    Parameters
    ----------
    x : samples x terms
        Calibration activations.
    sweeps : int
        Passes over all weights; ends early where nothing flips.

    Source: the rounding learning of low-bit floating-point diffusion, solved by descent on single
    weights in place of a relaxed gradient.
    """
    act, real = np.asarray(x, np.float64), np.asarray(w, np.float64)
    form, scale = choice.form, choice.scale
    below, above = bracket(np.abs(real) / scale, form)
    sign = np.where(np.signbit(real), -1.0, 1.0)
    low = sign * form.values(below) * scale
    high = sign * form.values(above) * scale
    codes = choice.quantise(real) & ((1 << (form.bits - 1)) - 1)
    up = codes == above
    gram = act.T @ act
    error = np.where(up, high, low) - real
    slope = gram @ error
    for _ in range(sweeps):
        flips = 0
        for term in range(len(real)):
            change = np.where(up[term], low[term] - high[term], high[term] - low[term])
            gain = 2 * change * slope[term] + change**2 * gram[term, term]
            flip = (gain < 0) & (change != 0)
            step = np.where(flip, change, 0.0)
            slope += np.outer(gram[:, term], step)
            up[term] ^= flip
            flips += int(flip.sum())
        if not flips:
            break
    chosen = np.where(up, above, below)
    negative = np.where(np.signbit(real), 1 << (form.bits - 1), 0)
    return np.asarray(chosen | negative, np.int64)


def channel_biases(x: npt.ArrayLike, form: Minifloat) -> IntArray:
    """Return the power-of-two exponent of each channel (last axis) that is folded into weights.

    With the real bias b of each channel's greatest magnitude and rho = min(b):
    clip(round(b), round(rho), round(rho) + 2**E - 1) - round(rho), 0 to 2**E - 1. Activation
    channel j is quantised as x * 2**b_j, its weights as w * 2**-b_j.

    Source: LLM-FP4, pre-shifted exponent bias.
    """
    peak = np.abs(np.asarray(x, np.float64)).reshape(-1, np.shape(x)[-1]).max(axis=0)
    peak = np.where(peak > 0, peak, peak.max(initial=1.0) or 1.0)
    bias = np.rint(np.log2(form.max) - np.log2(peak))
    least = bias.min()
    top = (1 << form.exponent_bits) - 1
    return np.asarray(np.clip(bias, least, least + top) - least, np.int64)


def quantise_blocks(x: npt.ArrayLike, form: Minifloat) -> tuple[IntArray, IntArray]:
    """Return codes and shared exponents of MX blocks of 32 along the last axis.

    Shared exponent = floor(log2(max)) - floor(log2(form.max)) + 127, clipped to 0 .. 254.

    Source: OCP Microscaling Formats 1.0, section 6.3.
    """
    real: Any = np.asarray(x, np.float64)
    if real.shape[-1] % BLOCK_SIZE:
        raise ModelError(
            Finding(
                "E305",
                f"the last axis has {real.shape[-1]} elements",
                have=str(real.shape[-1]),
                need=f"a multiple of {BLOCK_SIZE}",
                help="pad with zeros",
            )
        )
    blocks = real.reshape(*real.shape[:-1], -1, BLOCK_SIZE)
    peak = np.abs(blocks).max(axis=-1)
    lead = np.frexp(np.where(peak > 0, peak, 2.0**-BLOCK_BIAS))[1] - 1
    shared = np.clip(lead - (math.frexp(form.max)[1] - 1), -BLOCK_BIAS, BLOCK_BIAS)
    codes = quantise(np.ldexp(blocks, -shared[..., None]), form)
    return codes.reshape(real.shape), np.asarray(shared + BLOCK_BIAS, np.int64)
