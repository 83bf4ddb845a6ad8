"""Shared-exponent integers: bounds, quantiser, conversion of accumulators."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from intaglio.spec.codes_dfp import (
    FORMATS,
    check_chain,
    down_convert,
    quantise,
    safe_chain,
    scan_shift,
)
from intaglio.spec.errors import FitError, ModelError
from intaglio.spec.formats import INT32, signed

DFP16 = FORMATS[-1]


def test_published_chains() -> None:
    widths = (16, 15, 14, 13, 12, 11, 10)
    assert [safe_chain(b, b) for b in widths] == [2, 8, 32, 128, 512, 2052, 8224]
    assert [safe_chain(16, b) for b in range(16, 9, -1)] == [2, 4, 8, 16, 32, 64, 128]


@pytest.mark.parametrize("bits", range(8, 17))
def test_a_chain_fits_and_one_product_more_overflows(bits: int) -> None:
    longest, greatest = safe_chain(bits, bits), ((1 << (bits - 1)) - 1) ** 2
    assert longest * greatest <= INT32.max < (longest + 1) * greatest
    check_chain(bits, bits, longest)
    with pytest.raises(FitError, match=f"{longest + 1} products"):
        check_chain(bits, bits, longest + 1)


def test_48_bits_hold_the_published_chain_of_full_range_products() -> None:
    assert signed(48).max // 32768**2 == 131071
    check_chain(16, 16, 131071, signed(48))


def test_quantise_uses_the_whole_range_and_ties_to_even(rng: np.random.Generator) -> None:
    x = np.concatenate([rng.normal(size=500), [3.999999]])
    codes, exponent = quantise(x, DFP16)
    assert exponent == 1 - 14
    assert np.abs(codes).max() == 32767  # 3.999999 rounds up to 2**15, which saturates
    errors = np.abs(codes[:-1] * 2.0**exponent - x[:-1])
    assert errors.max() <= 2.0 ** (exponent - 1)
    assert quantise([1.0, 2.0**-15, 3 * 2.0**-15], DFP16)[0].tolist() == [16384, 0, 2]
    assert quantise([0.0], DFP16) == (np.array([0]), 0)
    with pytest.raises(ModelError, match="inf"):
        quantise([np.inf], DFP16)


def test_down_convert_is_the_nearest_with_ties_to_even(rng: np.random.Generator) -> None:
    for bits in range(1, 32):
        acc = rng.integers(-(1 << bits), 1 << bits, 20)
        acc[0] = -(1 << bits)
        shift = scan_shift(acc, 16)
        codes = down_convert(acc, shift, 16)
        assert shift == max(0, bits + 1 - 15)
        for value, code in zip(acc.tolist(), codes.tolist(), strict=True):
            exact = Fraction(value, 1 << shift)
            nearest = round(exact)  # Python rounds ties to even
            assert code == max(min(nearest, 32767), -32767)
        assert codes.max() <= 32767
