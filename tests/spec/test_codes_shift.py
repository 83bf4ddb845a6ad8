from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from intaglio.spec.codes import number_format
from intaglio.spec.codes_shift import FORMATS, ShiftFormat
from intaglio.spec.errors import ModelError

BY_NAME = {form.name: form for form in FORMATS}


def values(name: str) -> set[Fraction]:
    return {number_format(name).value(code) for code in range(1 << BY_NAME[name].bits)}


def signed(magnitudes: set[Fraction]) -> set[Fraction]:
    return magnitudes | {-value for value in magnitudes} | {Fraction(0)}


def test_one_term_codes_are_those_of_shift_networks() -> None:
    assert values("pow2_5") == signed({Fraction(1, 1 << p) for p in range(15)})
    assert values("pow2_2") == {Fraction(v) for v in (-1, 0, 1)}


def test_two_term_codes_are_as_published() -> None:
    first = [Fraction(0), Fraction(1, 8), Fraction(1, 4), Fraction(1, 2)]
    assert values("sp2_4") == signed({a + b for a in first for b in (0, Fraction(1, 2))})
    even = [Fraction(0), Fraction(1), Fraction(1, 4), Fraction(1, 16)]
    odd = [Fraction(0), Fraction(1, 2), Fraction(1, 8), Fraction(1, 32)]
    assert values("apot_5") == signed({a + b for a in even for b in odd})
    assert values("mask") == {Fraction(0), Fraction(1)}


@pytest.mark.parametrize("form", FORMATS, ids=str)
def test_fields_fill_the_code_and_every_value_encodes_to_itself(form: ShiftFormat) -> None:
    assert sum(width for _, width in form.fields) + form.signed == form.bits
    exact = form.table() / 2.0**form.point
    assert form.decode(form.nearest(exact)).tolist() == form.table().tolist()


@pytest.mark.parametrize("form", FORMATS, ids=str)
def test_nearest_is_nearest(form: ShiftFormat, rng: np.random.Generator) -> None:
    real = np.concatenate([rng.normal(0, 1, 300), [0.0, -9.0, 9.0]])
    known = form.table() / 2.0**form.point
    error = np.abs(form.decode(form.nearest(real)) / 2.0**form.point - real)
    assert np.allclose(error, np.abs(known[None, :] - real[:, None]).min(axis=1))


def test_ties_go_towards_zero() -> None:
    form = BY_NAME["pow2_3"]  # 1, 1/2, 1/4
    assert (form.decode(form.nearest([0.75, -0.75, 0.125, -0.125])) / 4).tolist() == [
        *(0.5, -0.5, 0, 0),
    ]


def test_logarithms_round_as_published() -> None:
    form = BY_NAME["pow2_5"]
    # log2(0.72) = -0.474 rounds to 1 although 0.5 is nearer; 2**-14.6 is below the least power.
    real = [0.72, -0.72, 0.0, 3.0, 2.0**-14.4, 2.0**-14.6, 2.0**-0.5]
    got = form.decode(form.logarithmic(real)) / 2.0**14
    assert got.tolist() == [1, -1, 0, 1, 2.0**-14, 0, 1]
    with pytest.raises(ValueError, match="2 terms"):
        BY_NAME["sp2_4"].logarithmic([1.0])


def test_numbers_that_are_none_are_refused() -> None:
    with pytest.raises(ModelError) as caught:
        BY_NAME["pow2_4"].nearest([1.0, np.nan])
    assert caught.value.findings[0].code == "E306"
