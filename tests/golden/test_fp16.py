"""FP16 dot products against numpy and against fractions."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from intaglio.golden.fp16 import dot2
from intaglio.golden.ieee import decode
from intaglio.spec.ieee import FP16, FP32


def test_every_operation_rounds_as_numpys(rng: np.random.Generator) -> None:
    # float32 has 2 * 11 + 2 bits: numpy's detour through it never rounds a float16 sum twice.
    codes = rng.integers(0, 1 << 16, (300, 6, 4)).astype(np.uint16)
    codes[100:] &= 0x83FF | 0x4000  # of like exponents, some subnormal
    for beats in codes:
        for acc, real, kind in ((FP16, np.float16, np.uint16), (FP32, np.float32, np.uint32)):
            total = real(0)
            with np.errstate(all="ignore"):
                for beat in beats.view(np.float16):
                    first, second = (real(beat[n]) * real(beat[n + 2]) for n in (0, 1))
                    total = real(total + real(first + second))
            expected = acc.nan if np.isnan(total) else int(total.view(kind))
            pairs = [((b[0], b[1]), (b[2], b[3])) for b in beats.tolist()]
            assert dot2(pairs, acc) == expected


def nearest(value: Fraction) -> Fraction:
    """The FP16 number nearest to `value`, ties to an even mantissa, by trying all of them."""
    numbers = [decode(code, FP16) for code in range(FP16.infinity)]
    values = [n.magnitude * Fraction(2) ** n.exponent for n in numbers]
    best = min(range(len(values)), key=lambda n: (abs(values[n] - abs(value)), n & 1))
    return values[best] if value >= 0 else -values[best]


def test_a_product_is_the_nearest_of_all_numbers(rng: np.random.Generator) -> None:
    for code in rng.integers(0, 0x3C00, (4, 2)).tolist():
        a, w = (decode(c, FP16) for c in code)
        exact = a.magnitude * w.magnitude * Fraction(2) ** (a.exponent + w.exponent)
        got = decode(dot2([((code[0], 0), (code[1], 0))], FP16), FP16)
        assert got.magnitude * Fraction(2) ** got.exponent == nearest(exact)
