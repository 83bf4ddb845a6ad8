"""Area: block RAM and multipliers exactly, LUTs and flip-flops within what was promised."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from importlib.resources import files

import numpy as np
import pytest

from intaglio.estimate.area import area_model, estimate_area, unread
from intaglio.estimate.fit import fit, non_negative
from intaglio.estimate.grid import grid_of
from intaglio.estimate.memories import block_rams, multipliers
from intaglio.spec.config import ArrayConfig
from intaglio.spec.presets import PRESETS
from intaglio.spec.target import load_target

GRID = grid_of("ecp5")
ROWS = GRID.rows if GRID else ()
FULL = 9
LIMITS = files("intaglio.boards") / "limits.toml"


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.config.name)
def test_multipliers_and_block_rams_are_exact(row) -> None:  # type: ignore[no-untyped-def]
    assert multipliers(row.config, "ecp5") == row.resources["dsp"]
    assert block_rams(row.config, "ecp5") == row.resources["bram"]


@pytest.mark.parametrize("name", ["luteq", "ff"])
def test_rows_left_out_of_the_fit_are_within_the_promise(name: str) -> None:
    model = area_model("ecp5")
    assert model is not None
    found = getattr(model, name)
    assert len(found.left_out) == len(ROWS)
    assert found.worst <= 0.20
    if len(ROWS) >= FULL:  # fewer rows carry fewer terms
        assert found.median <= 0.08


def test_the_band_of_an_estimate_holds_each_row() -> None:
    for row in ROWS:
        low, high = estimate_area(row.config, "ecp5")["luteq"].bounds
        assert low <= row.resources["luteq"] <= high


def test_a_family_without_a_grid_has_no_coefficient_and_never_zero() -> None:
    found = estimate_area(PRESETS["small"], "xilinx")
    assert found["luteq"].value is None
    assert found["luteq"].how.startswith("no coefficient")


def test_more_of_anything_costs_more() -> None:
    plain = PRESETS["small"]
    base = estimate_area(plain, "ecp5")["luteq"].value or 0
    for change in ({"pixels": 4}, {"channels": 16}, {"depth": 4}, {"requant_lanes": 4}):
        config: ArrayConfig = replace(plain, **change)  # type: ignore[arg-type]
        assert (estimate_area(config, "ecp5")["luteq"].value or 0) > base


def test_parameters_that_the_fit_does_not_read_are_named() -> None:
    assert unread(PRESETS["default"]) == []


def test_the_fit_recovers_weights_and_keeps_them_positive() -> None:
    rng = np.random.default_rng(1)
    rows = [{"a": 1.0, "b": float(b), "c": float(c)} for b, c in rng.integers(1, 50, (20, 2))]
    y = [100 + 3 * row["b"] for row in rows]
    found = fit(("a", "b", "c"), rows, y)
    assert found.weights == pytest.approx((100, 3, 0), abs=1e-6)
    assert found.worst < 1e-6
    assert (non_negative(np.array([[1.0, -1.0], [1.0, -2.0]])) >= 0).all()


@pytest.mark.parametrize("name", ["ulx3s-25f", "tangnano20k", "icebreaker"])
def test_multipliers_of_small_boards_are_those_of_their_reference_builds(name: str) -> None:
    [rows] = tomllib.loads(LIMITS.read_text("utf-8")).values()
    row = rows[f"preset-{name}"]
    family = load_target(row["target"]).family
    assert multipliers(PRESETS[name], family) == row["dsp"]
