"""Images that go on past their edges: numpy's definition, and runs that cover an index."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from intaglio.spec.edges import MODES, edge_index, extended, runs_of


@given(st.integers(1, 9), st.integers(0, 30), st.integers(0, 30), st.sampled_from(MODES[1:]))
def test_an_image_goes_on_as_numpy_says(size: int, before: int, after: int, mode: str) -> None:
    expected = np.pad(np.arange(size), (before, after), mode=mode)  # type: ignore[call-overload]
    np.testing.assert_array_equal(edge_index(size, -before, size + after, mode), expected)


def test_both_axes_go_on() -> None:
    x = np.arange(24).reshape(1, 2, 3, 4)
    expected = np.pad(x, ((0, 0), (1, 2), (2, 1), (0, 0)), mode="wrap")
    np.testing.assert_array_equal(extended(x, (1, 2, 2, 1), "wrap"), expected)


@given(st.lists(st.integers(0, 3), min_size=1), st.booleans())
def test_runs_cover_an_index(values: list[int], repeats: bool) -> None:
    found: list[int] = []
    for run in runs_of(np.array(values), repeats=repeats):
        assert (run.at, run.step in ((0, 1) if repeats else (1,))) == (len(found), True)
        found += [run.source + n * run.step for n in range(run.count)]
    assert found == values


def test_an_unknown_mode_is_an_error() -> None:
    with pytest.raises(ValueError, match="mode is zero"):
        edge_index(4, 0, 4, "zero")
