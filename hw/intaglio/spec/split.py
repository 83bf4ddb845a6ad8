"""Outlier split: few activation columns in 16 bits beside the rest in 8 bits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from intaglio.spec.errors import Finding, FitError, ModelError
from intaglio.spec.formats import INT8, INT16, INT32, IntArray
from intaglio.spec.quant import Rounding, requantise
from intaglio.spec.scale import Scale

FloatArray = npt.NDArray[np.float64]
TERM = INT16
"""Range that each requantised term is held in before both are added."""


@dataclass(frozen=True)
class SplitOperands:
    """A matrix product taken apart: y is about inner * a8 @ w + outer * a16 @ w.

    Parameters
    ----------
    act : rows x terms
        8-bit codes where `mask` is 0, 16-bit codes where it is 1.
    wgt : terms x outputs
        8-bit codes.
    mask : terms
        Outlier columns.
    inner, outer : outputs
        Real scales of both sums.
    """

    act: IntArray
    wgt: IntArray
    mask: npt.NDArray[np.bool_]
    inner: FloatArray
    outer: FloatArray


def split_operands(x: npt.ArrayLike, w: npt.ArrayLike, threshold: float) -> SplitOperands:
    """Return codes of x (rows x terms) and w (terms x outputs), outlier columns apart.

    A column is an outlier if it holds a magnitude of `threshold` or more. 8-bit activations have
    one scale, max/127 over the other columns; 16-bit ones max/32767; weights max/127 an output.
    Codes are rounded to nearest even. Both sums use the same weight codes.

    Raises
    ------
    ModelError
        E306: a value is not finite.

    Source: LLM.int8(), with one activation scale for all rows, so that scales are constants of
    the requantisers, and integer outliers.
    """
    act, wgt = np.asarray(x, np.float64), np.asarray(w, np.float64)
    for name, values in (("x", act), ("w", wgt)):
        if not np.isfinite(values).all():
            raise ModelError(
                Finding(
                    "E306",
                    f"{name} holds a value that is not finite",
                    where=name,
                    have="NaN or infinity",
                    need="finite values",
                    help="remove it before quantising",
                )
            )
    mask = np.asarray((np.abs(act) >= threshold).any(axis=0), np.bool_)
    inner = _step(np.abs(act[:, ~mask]).max(initial=0.0), INT8.max)
    outer = _step(np.abs(act[:, mask]).max(initial=0.0), INT16.max)
    steps = np.array([_step(peak, INT8.max) for peak in np.abs(wgt).max(axis=0, initial=0.0)])
    codes = np.rint(act / np.where(mask, outer, inner))
    return SplitOperands(
        codes.astype(np.int64),
        np.rint(wgt / steps).astype(np.int64),
        mask,
        inner * steps,
        outer * steps,
    )


def _step(peak: float, limit: int) -> float:
    return float(peak) / limit if peak else 1.0


def merge(
    inner: npt.ArrayLike,
    outer: npt.ArrayLike,
    inner_scale: Scale,
    outer_scale: Scale,
    zero_point: int,
    low: int,
    high: int,
) -> IntArray:
    """Return clip(r(inner) + r(outer) + zero_point, low, high).

    r scales, rounds once with ties up (mode 1 of the requantiser) and saturates to 16 bits: each
    sum for itself, then they are added.
    """
    terms = [
        requantise(acc, s.multiplier, s.shift, Rounding.SINGLE_UP, 0, TERM.min, TERM.max)
        for acc, s in ((inner, inner_scale), (outer, outer_scale))
    ]
    return np.asarray(np.clip(terms[0] + terms[1] + zero_point, low, high), np.int64)


def check_mask(mask: npt.ArrayLike) -> None:
    """Raise unless both 32-bit accumulators hold any sum over the columns of `mask`.

    Raises
    ------
    FitError
        E402: more than :data:`LONGEST_OUTER` columns are outliers, or more than
        :data:`LONGEST_INNER` are none.
    """
    outliers = np.asarray(mask, np.bool_)
    counts = (
        ("outlier", int(outliers.sum()), LONGEST_OUTER),
        ("8-bit", int((~outliers).sum()), LONGEST_INNER),
    )
    findings = [
        Finding(
            "E402",
            f"{count} {kind} columns can overflow a 32-bit accumulator",
            have=f"{count} columns",
            need=f"at most {most}",
            help="raise the threshold, or split the sum",
        )
        for kind, count, most in counts
        if count > most
    ]
    if findings:
        raise FitError(findings)


LONGEST_INNER = INT32.max // (INT8.min * INT8.min)
"""Products of two 8-bit codes that 32 bits hold whatever their values."""
LONGEST_OUTER = INT32.max // (INT16.min * INT8.min)
"""Products of a 16-bit and an 8-bit code that 32 bits hold whatever their values."""
