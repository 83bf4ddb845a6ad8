"""Figures: bounds, sources, sums."""

from __future__ import annotations

import json

import pytest

from intaglio.spec.figure import Figure, total


def test_a_count_is_its_own_bounds() -> None:
    figure = Figure(7, "cycle", "simulated", "verilator")
    assert figure.bounds == (7, 7)
    assert Figure.of(json.loads(json.dumps(figure.as_dict()))) == figure


@pytest.mark.parametrize(
    "change",
    [
        {"source": "guessed"},
        {"low": 2.0},
        {"high": 0.5},
        {"value": float("nan")},
        {"unit": ""},
        {"how": ""},
    ],
)
def test_what_is_no_figure_is_refused(change: dict[str, object]) -> None:
    values = {"value": 1.0, "unit": "mW", "source": "estimated", "how": "test", **change}
    with pytest.raises(ValueError):
        Figure(**values)  # type: ignore[arg-type]


def test_a_sum_adds_bounds_and_takes_the_weakest_source() -> None:
    parts = [
        Figure(1.0, "uJ", "measured", "a", 0.5, 2.0),
        Figure(2.0, "uJ", "estimated", "b", 1.5, 3.0),
    ]
    found = total(parts, "a and b")
    assert (found.value, found.low, found.high) == (3.0, 2.0, 5.0)
    assert found.source == "estimated"


def test_what_is_not_known_stays_unknown_in_a_sum() -> None:
    parts = [Figure(1.0, "uJ", "measured", "a"), Figure(None, "uJ", "estimated", "no coefficient")]
    assert total(parts, "both").value is None
    with pytest.raises(ValueError):
        _ = parts[1].bounds


def test_units_are_not_mixed() -> None:
    with pytest.raises(ValueError):
        total([Figure(1, "uJ", "measured", "a"), Figure(1, "pJ", "measured", "b")], "both")


def test_times_scales_the_bounds() -> None:
    figure = Figure(2.0, "mW", "estimated", "x", 1.0, 4.0).times(3.0, "uJ")
    assert (figure.value, figure.bounds, figure.unit) == (6.0, (3.0, 12.0), "uJ")
