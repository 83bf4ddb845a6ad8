"""Area: block RAM and multipliers exactly, LUTs and flip-flops within what was promised."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from importlib.resources import files
from itertools import product

import numpy as np
import pytest

from intaglio.estimate.area import area_model, estimate_area, unread
from intaglio.estimate.fit import fit, non_negative
from intaglio.estimate.grid import KINDS, QUEUED, SERIAL, Row, grid_of, kind_of
from intaglio.estimate.memories import block_rams, multipliers
from intaglio.spec.config import ArrayConfig
from intaglio.spec.presets import PRESETS
from intaglio.spec.target import load_target

SHIPPED = {
    (family, kind): grid.rows
    for family, kind in product(("ecp5", "gowin", "ice40"), KINDS)
    if (grid := grid_of(family, kind))
}
ROWS = [(family, row) for (family, _), rows in SHIPPED.items() for row in rows]
EACH_ROW = pytest.mark.parametrize(
    ("family", "row"), ROWS, ids=[f"{family}-{row.config.name}" for family, row in ROWS]
)
LIMITS = files("intaglio.boards") / "limits.toml"


def test_every_open_flow_has_rows_of_both_kinds() -> None:
    assert set(SHIPPED) == set(product(("ecp5", "gowin", "ice40"), KINDS))


@EACH_ROW
def test_multipliers_and_block_rams_are_exact(family: str, row: Row) -> None:
    assert multipliers(row.config, family) == row.resources["dsp"]
    assert block_rams(row.config, family) == row.resources["bram"]


@pytest.mark.parametrize("name", ["luteq", "ff"])
@pytest.mark.parametrize(("family", "kind"), SHIPPED)
def test_rows_left_out_of_the_fit_are_within_the_promise(family: str, kind: str, name: str) -> None:
    model = area_model(family, kind)
    assert model is not None
    found = getattr(model, name)
    assert len(found.left_out) == len(SHIPPED[family, kind])
    assert found.worst <= 0.20
    assert found.median <= 0.08


@EACH_ROW
def test_the_band_of_an_estimate_holds_each_row(family: str, row: Row) -> None:
    low, high = estimate_area(row.config, family)["luteq"].bounds
    assert low <= row.resources["luteq"] <= high


def test_a_generic_part_has_the_rows_of_ecp5() -> None:
    for kind in KINDS:
        assert grid_of("generic", kind) == grid_of("ecp5", kind)


def test_a_configuration_is_fitted_to_its_own_kind() -> None:
    queued = PRESETS["tangnano20k"]
    serial = replace(queued, command_queue=0)
    assert [kind_of(queued), kind_of(serial)] == [QUEUED, SERIAL]
    both = [estimate_area(config, "gowin")["luteq"] for config in (queued, serial)]
    assert [kind in figure.how for kind, figure in zip(KINDS, both, strict=True)] == [True, True]
    assert (both[1].value or 0) < (both[0].value or 0)


def test_a_family_without_a_grid_has_no_coefficient_and_never_zero() -> None:
    found = estimate_area(PRESETS["small"], "xilinx")
    assert found["luteq"].value is None
    assert found["luteq"].how.startswith("no coefficient")


@pytest.mark.parametrize(("family", "kind"), SHIPPED)
def test_more_of_anything_costs_more(family: str, kind: str) -> None:
    plain = PRESETS["small" if kind == QUEUED else "icebreaker"]
    base = estimate_area(plain, family)["luteq"].value or 0
    for change in ({"pixels": 4}, {"channels": 16}, {"depth": 4}, {"requant_lanes": 4}):
        config: ArrayConfig = replace(plain, **change)  # type: ignore[arg-type]
        assert (estimate_area(config, family)["luteq"].value or 0) > base


def test_parameters_that_the_fit_does_not_read_are_named() -> None:
    assert [unread(PRESETS[name]) for name in ("default", "icebreaker")] == [[], []]
    strange = replace(PRESETS["small"], counters=False, command_queue=2)
    assert unread(strange) == ["command_queue", "counters"]
    assert estimate_area(strange, "ecp5")["luteq"].how == "no fit for command_queue, counters"


def test_the_fit_recovers_weights_and_keeps_them_positive() -> None:
    rng = np.random.default_rng(1)
    rows = [{"a": 1.0, "b": float(b), "c": float(c)} for b, c in rng.integers(1, 50, (20, 2))]
    y = [100 + 3 * row["b"] for row in rows]
    found = fit(("a", "b", "c"), rows, y)
    assert found.weights == pytest.approx((100, 3, 0), abs=1e-6)
    assert found.worst < 1e-6
    assert (non_negative(np.array([[1.0, -1.0], [1.0, -2.0]])) >= 0).all()
    assert non_negative(np.array([[1.0, 0.0], [1.0, 0.0]])) == pytest.approx((1, 0))


@pytest.mark.parametrize("name", ["ulx3s-25f", "tangnano20k", "icebreaker"])
def test_multipliers_of_small_boards_are_those_of_their_reference_builds(name: str) -> None:
    [rows] = tomllib.loads(LIMITS.read_text("utf-8")).values()
    row = rows[f"preset-{name}"]
    family = load_target(row["target"]).family
    assert multipliers(PRESETS[name], family) == row["dsp"]
