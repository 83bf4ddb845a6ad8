"""The search of scales for a product: what it gains, and that the format alone gains nothing."""

from __future__ import annotations

import numpy as np

from intaglio.spec.codes_minifloat import minifloat
from intaglio.spec.minifloat_search import min_max, search_product

E2M1 = minifloat("fp4_e2m1")


def operands(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Activations with few large channels, as those of language models have."""
    spread = np.where(np.arange(48) % 24 == 5, 16.0, 1.0)
    return rng.normal(size=(64, 48)) * spread, rng.normal(size=(48, 16))


def test_the_search_beats_min_max_and_channel_biases_beat_the_search(
    rng: np.random.Generator,
) -> None:
    x, w = operands(rng)
    plain = min_max(x, w, E2M1, E2M1).act.error
    scaled = search_product(x, w, E2M1, E2M1, channel_bias=False, rounds=1).act.error
    biased = search_product(x, w, E2M1, E2M1, rounds=1).act.error
    assert biased < scaled < plain


def test_more_rounds_never_end_worse(rng: np.random.Generator) -> None:
    x, w = operands(rng)
    errors = [search_product(x, w, E2M1, E2M1, rounds=n).act.error for n in range(3)]
    assert errors == sorted(errors, reverse=True)


def test_the_error_is_that_of_the_values(rng: np.random.Generator) -> None:
    x, w = operands(rng)
    found = search_product(x, w, E2M1, E2M1, rounds=1)
    act, wgt = found.values(x, w)
    assert found.act.error == np.mean((act @ wgt - x @ w) ** 2)
    assert found.channels.min() == 0
    assert found.channels.max() <= 3
