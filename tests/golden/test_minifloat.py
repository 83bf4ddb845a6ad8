"""Minifloat dot products against fractions and against numpy."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from intaglio.golden.minifloat import block_dot, dot, float_dot, products
from intaglio.spec.codes_minifloat import FORMATS, Minifloat, minifloat
from intaglio.spec.ieee import FP16, FP32

E2M1, E4M3 = minifloat("fp4_e2m1"), minifloat("fp8_e4m3")


@pytest.mark.parametrize("form", FORMATS, ids=str)
def test_products_and_sums_are_those_of_the_values(
    form: Minifloat, rng: np.random.Generator
) -> None:
    act, wgt = rng.integers(0, 1 << form.bits, (2, 50, 8))
    unit = Fraction(2) ** (2 * form.quantum)
    terms = [
        [form.value(int(a)) * form.value(int(w)) for a, w in zip(*row, strict=True)]
        for row in zip(act, wgt, strict=True)
    ]
    exact = products(act, wgt, form, form)
    assert [[int(p) * unit for p in row] for row in exact] == terms
    sums = [sum(row) for row in terms]
    assert [int(total) * unit for total in dot(act, wgt, form, form)] == sums


def test_fp32_accumulation_of_exact_products_is_numpys(rng: np.random.Generator) -> None:
    act, wgt = rng.integers(0, 256, (2, 40, 64))
    for a, w in zip(act, wgt, strict=True):
        total = np.float32(0)
        for term in E4M3.values(a) * E4M3.values(w):
            total = np.float32(total + np.float32(term))  # a product has 8 bits: exact
        code = float_dot(products(a, w, E4M3, E4M3).tolist(), E4M3, E4M3, FP32)
        assert code == int(total.view(np.uint32))


def test_fp16_accumulation_overflows_to_infinity() -> None:
    top = E4M3.greatest_integer**2
    assert float_dot([top], E4M3, E4M3, FP16) == FP16.infinity
    assert float_dot([top, -top], E4M3, E4M3, FP16) == FP16.infinity


def test_blocks_scale_by_both_exponents() -> None:
    one = E2M1.greatest_integer  # 6.0 in halves
    assert block_dot([one * one], [127], [127], E2M1, E2M1) == int(np.float32(36).view(np.uint32))
    assert block_dot([one * one], [130], [125], E2M1, E2M1) == int(np.float32(72).view(np.uint32))
    assert block_dot([0], [255], [127], E2M1, E2M1) == FP32.nan
    assert block_dot([1], [0], [0], E2M1, E2M1) == 0
