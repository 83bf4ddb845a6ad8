"""Codes whose channels have power-of-two steps."""

from __future__ import annotations

import numpy as np
import pytest

from intaglio.spec.errors import ModelError
from intaglio.spec.groups import ShiftGroups
from intaglio.spec.shift_quantise import quantise


def test_each_channel_has_the_step_of_its_group() -> None:
    found = quantise([[7.0, 1.0, 0.0], [-3.5, -0.875, 0.0]], 4, ShiftGroups(4))
    assert found.step == 1.0
    assert found.indices.tolist() == [0, 2, 3]
    assert found.codes.tolist() == [[7, 4, 0], [-4, -4, 0]]
    assert found.values()[:, 1].tolist() == [1.0, -1.0]


def test_one_group_is_one_step_for_all(rng: np.random.Generator) -> None:
    x = rng.standard_normal((20, 5))
    found = quantise(x, 8, ShiftGroups(1))
    assert np.array_equal(found.codes, np.rint(x / (np.abs(x).max() / 127)))


def test_stochastic_rounding_is_right_on_average(rng: np.random.Generator) -> None:
    x = np.full((40_000, 1), 0.3)
    x[0] = 7.0
    found = quantise(x, 4, ShiftGroups(1), rng)
    assert set(found.codes[1:, 0]) == {0, 1}
    assert abs(found.codes[1:].mean() - 0.3) < 0.02


def test_values_that_are_not_finite_are_refused() -> None:
    with pytest.raises(ModelError) as caught:
        quantise([[np.nan]], 4, ShiftGroups(1))
    assert caught.value.findings[0].code == "E306"
    assert quantise([[0.0]], 4, ShiftGroups(2)).codes.tolist() == [[0]]
