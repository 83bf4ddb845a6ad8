"""Minifloat formats and their quantisers."""

from __future__ import annotations

import numpy as np
import pytest

from intaglio.spec.codes import accumulator_format
from intaglio.spec.codes_minifloat import FORMATS, Minifloat, minifloat, product_bits
from intaglio.spec.errors import ConfigError, ModelError
from intaglio.spec.minifloat_quantise import (
    Choice,
    channel_biases,
    learn_rounding,
    quantise,
    quantise_blocks,
    search_format,
    with_maximum,
)

E2M1, E4M3 = minifloat("fp4_e2m1"), minifloat("fp8_e4m3")


def test_published_values_of_e2m1() -> None:
    assert E2M1.values(range(8)).tolist() == [0, 0.5, 1, 1.5, 2, 3, 4, 6]
    assert E2M1.values(range(8, 16)).tolist() == [0, -0.5, -1, -1.5, -2, -3, -4, -6]


@pytest.mark.parametrize("form", FORMATS, ids=str)
def test_values_equal_the_usual_formula(form: Minifloat) -> None:
    for code in range(1 << form.bits):
        sign, rest = divmod(code, 1 << (form.bits - 1))
        e, m = divmod(rest, 1 << form.mantissa_bits)
        fraction = m / 2**form.mantissa_bits
        value = (1 + fraction) * 2.0 ** (e - form.bias) if e else fraction * 2.0 ** (1 - form.bias)
        assert form.value(code) == (-value if sign else value)
    assert form.max == form.values(range(1 << form.bits)).max()


def test_product_widths_of_the_literature() -> None:
    names = ("fp8_e2m5", "fp8_e3m4", "fp8_e4m3", "fp8_e5m2")
    assert [product_bits(minifloat(n), minifloat(n)) for n in names] == [16, 22, 36, 66]
    assert accumulator_format(E4M3, E4M3, 512).bits == 46


def test_another_bias_scales_by_a_power_of_two() -> None:
    shifted = minifloat("fp8_e4m3", bias=12)
    codes = np.arange(256)
    np.testing.assert_array_equal(shifted.values(codes) * 32, E4M3.values(codes))
    assert shifted.table().tolist() == E4M3.table().tolist()


@pytest.mark.parametrize("name", ["fp8_e6m1", "fp9", "int8"])
def test_formats_that_are_none_are_named(name: str) -> None:
    with pytest.raises(ConfigError, match=name):
        minifloat(name)


@pytest.mark.parametrize(("bits", "exponent_bits"), [(8, 0), (8, 6), (4, 4), (9, 4)])
def test_impossible_fields_are_refused(bits: int, exponent_bits: int) -> None:
    with pytest.raises(ConfigError, match="there is no minifloat"):
        Minifloat("x", bits, exponent_bits, 1)


@pytest.mark.parametrize("form", FORMATS, ids=str)
def test_quantise_is_nearest_with_ties_to_even_codes(
    form: Minifloat, rng: np.random.Generator
) -> None:
    values = form.values(np.arange(1 << (form.bits - 1)))
    ties = (values[:-1] + values[1:]) / 2
    x = np.concatenate([values, ties, np.nextafter(ties, 0), np.nextafter(ties, 1e9)])
    x = np.concatenate([x, rng.normal(0, form.max / 3, 200), [form.max * 3]])
    codes = quantise(x, form)
    distance = np.abs(np.abs(x)[:, None] - values)
    best = distance.min(axis=1)
    assert (np.abs(np.abs(x) - np.abs(form.values(codes))) == best).all()
    middle = codes[len(values) : len(values) + len(ties)]
    assert (middle % 2 == 0).all()
    np.testing.assert_array_equal(quantise(-x, form), codes ^ (1 << (form.bits - 1)))


def test_stochastic_rounding_is_unbiased(rng: np.random.Generator) -> None:
    x = np.full(20000, 2.25)  # a quarter of the way from 2 to 3
    mean = E2M1.values(quantise(x, E2M1, rng)).mean()
    assert abs(mean - 2.25) < 0.02


def test_values_that_are_not_finite_have_no_code() -> None:
    with pytest.raises(ModelError, match="nan"):
        quantise([1.0, float("nan")], E2M1)


@pytest.mark.parametrize("kind", ["normal", "laplace", "uniform"])
def test_search_finds_the_least_error_of_all(kind: str, rng: np.random.Generator) -> None:
    x = rng.uniform(-1, 1, 600) if kind == "uniform" else getattr(rng, kind)(0, 1, 600)
    best = search_format(x, 8)
    for form in (f for f in FORMATS if f.bits == 8):
        for gamma in (1.0, 0.5, 0.8):
            other = Choice(*with_maximum(form, gamma * float(np.abs(x).max())), 0.0)
            error = np.mean((other.values(other.quantise(x)) - x) ** 2)
            assert best.error <= error + 1e-15
    assert 0.5 <= best.scale < 1
    # Flat data wants mantissa, heavy tails want exponent.
    assert best.form.exponent_bits <= (2 if kind == "uniform" else 4)


def test_search_refuses_what_has_no_scale() -> None:
    with pytest.raises(ModelError, match="no scale"):
        search_format(np.zeros(4))
    with pytest.raises(ModelError, match="no minifloat has 7 bits"):
        search_format([1.0], bits=7)


def test_learned_rounding_lowers_the_output_error(rng: np.random.Generator) -> None:
    x = rng.normal(size=(256, 32)) @ rng.normal(size=(32, 32))
    w = rng.normal(size=(32, 8))
    choice = search_format(w, 4)
    nearest, learned = choice.quantise(w), learn_rounding(x, w, choice)

    def error(codes: np.ndarray) -> float:
        return float(((x @ w - x @ choice.values(codes)) ** 2).mean())

    assert error(learned) < 0.7 * error(nearest)
    step = np.abs(choice.values(learned) - choice.values(nearest))
    assert step.max() <= 2 * choice.scale * 2.0 ** (choice.form.quantum + 2)


def test_channel_biases_fold_into_weights_exactly(rng: np.random.Generator) -> None:
    # Activations that are codes per channel: the folded dot product is the same number.
    shifts = np.array([0, 1, 3, 2])
    act = E2M1.values(rng.integers(0, 16, (50, 4)))
    act[0] = E2M1.max
    x = act * 2.0**-shifts
    found = channel_biases(x, E2M1)
    assert found.tolist() == shifts.tolist()
    w = rng.normal(size=(4, 3))
    np.testing.assert_allclose((x * 2.0**found) @ (w * 2.0 ** -found[:, None]), x @ w)
    np.testing.assert_array_equal(E2M1.values(quantise(x * 2.0**found, E2M1)), act)


def test_blocks_share_an_exponent(rng: np.random.Generator) -> None:
    x = rng.normal(size=(3, 64)) * np.ldexp(1.0, rng.integers(-20, 20, (3, 1)))
    codes, shared = quantise_blocks(x, E2M1)
    assert codes.shape == (3, 64)
    assert shared.shape == (3, 2)
    back = E2M1.values(codes) * np.ldexp(1.0, shared.repeat(32, axis=-1) - 127)
    peak = np.abs(x).reshape(3, 2, 32).max(axis=-1).repeat(32, axis=-1)
    assert (np.abs(back - x) <= peak / 4).all()  # 6 to 8 saturates at 6
    with pytest.raises(ModelError, match="33 elements"):
        quantise_blocks(np.ones(33), E2M1)
