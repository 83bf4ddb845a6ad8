"""Sums of power codes and of outlier splits against their definitions."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from intaglio.golden.power import dot
from intaglio.golden.split import split_sums
from intaglio.spec.codes_power import FORMATS, PowerFormat


@pytest.mark.parametrize("form", FORMATS, ids=str)
def test_power_sums_are_those_of_the_values(form: PowerFormat, rng: np.random.Generator) -> None:
    act, wgt = rng.integers(0, 1 << form.bits, (2, 20, 6))
    unit = Fraction(1, 1 << (2 * form.point))
    for a, w, total in zip(act, wgt, dot(act, wgt, form), strict=True):
        pairs = zip(a.tolist(), w.tolist(), strict=True)
        assert int(total) * unit == sum(form.value(p) * form.value(q) for p, q in pairs)


def test_both_sums_of_a_split_make_the_whole(rng: np.random.Generator) -> None:
    act, wgt = rng.integers(-128, 128, 30), rng.integers(-128, 128, (30, 4))
    mask = rng.integers(0, 2, 30)
    inner, outer = split_sums(act, wgt, mask)
    np.testing.assert_array_equal(inner + outer, act @ wgt)
    np.testing.assert_array_equal(inner, act[mask == 0] @ wgt[mask == 0])
