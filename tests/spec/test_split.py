"""Outlier split: operands, merge, bounds."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from intaglio.spec.errors import FitError, ModelError
from intaglio.spec.quant import Rounding, requantise
from intaglio.spec.scale import Scale, multiplier
from intaglio.spec.split import (
    LONGEST_INNER,
    LONGEST_OUTER,
    check_mask,
    merge,
    split_operands,
)


def product(x: np.ndarray, w: np.ndarray, threshold: float) -> np.ndarray:
    """The real matrix that the split operands stand for."""
    parts = split_operands(x, w, threshold)
    act8, act16 = parts.act * ~parts.mask, parts.act * parts.mask
    return np.asarray(parts.inner * (act8 @ parts.wgt) + parts.outer * (act16 @ parts.wgt))


def sqnr(exact: np.ndarray, got: np.ndarray) -> float:
    return float(10 * np.log10((exact**2).sum() / ((exact - got) ** 2).sum()))


def test_outlier_columns_gain_15_db(rng: np.random.Generator) -> None:
    x = rng.normal(size=(32, 1000))
    x[:, 417] *= 20  # 0.1 % of the columns
    w = rng.normal(size=(1000, 24)) / 30
    plain, split = product(x, w, np.inf), product(x, w, 6.0)
    assert sqnr(x @ w, split) - sqnr(x @ w, plain) >= 15


def test_codes_lie_in_their_ranges(rng: np.random.Generator) -> None:
    x = rng.normal(size=(16, 40))
    x[3, 7] = -100
    parts = split_operands(x, rng.normal(size=(40, 3)), 6.0)
    assert np.flatnonzero(parts.mask).tolist() == [7]
    assert parts.act[3, 7] == -32767
    assert np.abs(parts.act[:, ~parts.mask]).max() == 127
    assert np.abs(parts.wgt).max(axis=0).tolist() == [127, 127, 127]


def test_without_outliers_the_code_is_that_of_plain_int8(rng: np.random.Generator) -> None:
    acc, scale = rng.integers(-40000, 40000, 500), multiplier(0.0021)
    plain = requantise(acc, scale.multiplier, scale.shift, Rounding.SINGLE_UP, 5, -128, 127)
    np.testing.assert_array_equal(merge(acc, 0 * acc, scale, scale, 5, -128, 127), plain)


def test_each_term_is_rounded_for_itself(rng: np.random.Generator) -> None:
    half, other = Scale(1 << 30, 0), multiplier(0.3)
    inner, outer = rng.integers(-200, 200, (2, 300))
    codes = merge(inner, outer, half, other, 1, -128, 127)
    for a, b, code in zip(inner.tolist(), outer.tolist(), codes.tolist(), strict=True):
        exact = Fraction(other.multiplier, 1 << (31 - other.shift)) * b
        terms = (Fraction(a, 2) + Fraction(1, 2)).__floor__(), (exact + Fraction(1, 2)).__floor__()
        assert code == max(-128, min(127, sum(terms) + 1))


def test_bounds_of_both_accumulators() -> None:
    assert (LONGEST_INNER, LONGEST_OUTER) == (131071, 511)
    check_mask(np.arange(1000) < LONGEST_OUTER)
    with pytest.raises(FitError, match="512 outlier columns"):
        check_mask(np.arange(1000) <= LONGEST_OUTER)
    with pytest.raises(FitError, match="131072 8-bit columns"):
        check_mask(np.zeros(131072))


def test_values_that_are_not_finite_are_refused() -> None:
    with pytest.raises(ModelError, match="w holds"):
        split_operands(np.ones((2, 2)), np.full((2, 2), np.nan), 6.0)
