"""IEEE arithmetic of the golden model against numpy's, where that is known to be exact."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from intaglio.golden.ieee import Number, add, decode, encode, fp_add, fp_multiply
from intaglio.spec.ieee import FP16, FP32, IeeeFormat

FORMS = [(FP16, np.float16, np.uint16), (FP32, np.float32, np.uint32)]


def corners(form: IeeeFormat) -> list[int]:
    """Codes around zero, the subnormals' end, one, the greatest number, infinity; NaN."""
    one = form.bias << form.mantissa_bits
    least_normal = 1 << form.mantissa_bits
    near = (0, 1, 2, least_normal - 1, least_normal, least_normal + 1, one - 1, one, one + 1)
    found = [*near, form.infinity - 1, form.infinity, form.nan]
    return found + [code | 1 << (form.bits - 1) for code in found]


def bits(values: Any, form: IeeeFormat, kind: Any) -> list[int]:
    """Codes of numpy values, every NaN as ours."""
    codes = np.asarray(values).view(kind)
    return [form.nan if nan else int(c) for c, nan in zip(codes, np.isnan(values), strict=True)]


@pytest.mark.parametrize(("form", "real", "kind"), FORMS, ids=["fp16", "fp32"])
def test_sum_and_product_equal_numpys(
    form: IeeeFormat, real: Any, kind: Any, rng: np.random.Generator
) -> None:
    chance = rng.integers(0, 1 << form.bits, 3000).tolist()
    near = [int(code) ^ int(rng.integers(0, 64)) for code in chance]
    x = [a for a in corners(form) for _ in corners(form)] + chance + chance
    y = corners(form) * len(corners(form)) + chance[::-1] + near
    a, b = np.array(x, kind).view(real), np.array(y, kind).view(real)
    with np.errstate(all="ignore"):
        sums, products = bits(a + b, form, kind), bits(a * b, form, kind)
    assert [fp_add(p, q, form) for p, q in zip(x, y, strict=True)] == sums
    assert [fp_multiply(p, q, form) for p, q in zip(x, y, strict=True)] == products


@pytest.mark.parametrize(("form", "real", "kind"), FORMS, ids=["fp16", "fp32"])
def test_encoding_rounds_as_numpy_converts(
    form: IeeeFormat, real: Any, kind: Any, rng: np.random.Generator
) -> None:
    magnitudes = rng.integers(0, 1 << 52, 2000)
    low = form.quantum - 60
    exponents = rng.integers(low, form.bias + 4 - 52, 2000)
    doubles = np.ldexp(magnitudes.astype(np.float64), exponents)
    with np.errstate(all="ignore"):
        expected = bits(doubles.astype(real), form, kind)
    got = [
        encode(Number(False, int(m), int(e)), form)
        for m, e in zip(magnitudes, exponents, strict=True)
    ]
    assert got == expected


def test_every_fp16_code_survives() -> None:
    for code in range(1 << 16):
        number = decode(code, FP16)
        assert encode(number, FP16) == (FP16.nan if number.nan else code)


def test_opposite_infinities_are_no_number() -> None:
    plus, minus = decode(FP32.infinity, FP32), decode(FP32.infinity | 1 << 31, FP32)
    assert add(plus, minus).nan
    assert encode(add(plus, plus), FP32) == FP32.infinity
