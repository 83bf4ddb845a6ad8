"""Power codes and the search of their exponent."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from intaglio.spec.codes import accumulator_format
from intaglio.spec.codes_power import FORMATS, PowerFormat, power_format
from intaglio.spec.errors import ConfigError, ModelError
from intaglio.spec.power_quantise import (
    INTEGER_POWERS,
    dequantise,
    quantise,
    search_exponent,
)


@pytest.mark.parametrize("power", [1, 2, 3])
def test_products_of_powers_are_powers_of_products(power: int) -> None:
    form = power_format(4, Fraction(power))
    codes = np.arange(16)
    signed = codes - 16 * (codes > 7)
    value = form.decode(codes)
    product = signed[:, None] * signed[None, :]
    np.testing.assert_array_equal(
        value[:, None] * value[None, :], np.sign(product) * np.abs(product) ** power
    )


def test_product_widths_of_symmetric_4_bit_codes() -> None:
    greatest = [power_format(4, Fraction(p)).integer(7) ** 2 for p in (2, 3)]
    assert [value.bit_length() + 1 for value in greatest] == [13, 18]
    # The lowest code is one step further out, and fits too.
    assert accumulator_format(FORMATS[1], FORMATS[1], 1).bits == 14


@pytest.mark.parametrize("form", FORMATS, ids=str)
def test_values_are_the_nearest_to_the_power(form: PowerFormat) -> None:
    for code in range(1 << form.bits):
        q = code - (1 << form.bits if code >> (form.bits - 1) else 0)
        exact = np.sign(q) * abs(q) ** float(form.power) * 2.0**form.fraction_bits
        assert abs(form.integer(code) - exact) <= 0.5 + 1e-6


def test_a_tie_goes_nowhere_wrong() -> None:
    # 2**(1/2) * 2**8 = 362.04; 3**(1/2) * 2**8 = 443.4.
    form = power_format(4, Fraction(1, 2), 8)
    assert [form.integer(n) for n in (0, 1, 2, 3, 4)] == [0, 256, 362, 443, 512]


@pytest.mark.parametrize(
    ("changes", "text"),
    [({"bits": 9}, "bits"), ({"power": Fraction(0)}, "power"), ({"power": Fraction(5)}, "power")],
)
def test_impossible_codes_are_refused(changes: dict[str, object], text: str) -> None:
    good: dict[str, object] = {"name": "x", "bits": 4, "power": Fraction(2)}
    with pytest.raises(ConfigError, match=text):
        PowerFormat(**(good | changes))  # type: ignore[arg-type]


def test_search_finds_less_than_one_on_gaussian_weights(rng: np.random.Generator) -> None:
    x = rng.normal(size=4000)
    best = search_exponent(x, 4)
    assert best.value < 1
    for a in (1.0, 0.5, best.value - 0.05, best.value + 0.05):
        codes, scale = quantise(x, 4, a)
        assert best.error <= np.mean((dequantise(codes, scale, 4, a) - x) ** 2)
    exact = search_exponent(x, 4, INTEGER_POWERS)
    assert exact.value in INTEGER_POWERS
    assert best.error <= exact.error


def test_flat_weights_want_the_exponent_one(rng: np.random.Generator) -> None:
    assert abs(search_exponent(rng.uniform(-1, 1, 4000), 4).value - 1) < 0.1


def test_codes_stand_for_values_of_the_format(rng: np.random.Generator) -> None:
    x = rng.normal(size=100)
    codes, scale = quantise(x, 4, 0.5)
    form = power_format(4, Fraction(2))
    values = form.decode(codes & 15) / 7**2 * scale
    np.testing.assert_allclose(values, dequantise(codes, scale, 4, 0.5), rtol=1e-12)
    assert np.abs(codes).max() == 7


def test_tensors_without_codes_are_refused() -> None:
    with pytest.raises(ModelError, match="nan"):
        quantise([np.nan], 4, 0.5)
    with pytest.raises(ModelError, match="no exponent"):
        search_exponent([1.0], 4, ())
    assert quantise([0.0], 4, 0.5)[0].tolist() == [0]
