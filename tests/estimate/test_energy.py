"""Energy: linear in counts, bands of the coefficients, activity from data, the measured board."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from intaglio.estimate.activity import UNIFORM, activity_of, histogram
from intaglio.estimate.area import estimate_area
from intaglio.estimate.coefficients import shipped
from intaglio.estimate.counts import Counts, count_layers
from intaglio.estimate.energy import Setting, energy_sum, layer_energy
from intaglio.estimate.ice40 import leave_one_out
from intaglio.estimate.memories import Ram
from intaglio.estimate.sensitivity import swings
from intaglio.estimate.sram import sram_access
from intaglio.spec.commands import Memory, Opcode
from intaglio.spec.errors import ModelError
from intaglio.spec.figure import Figure
from intaglio.spec.presets import PRESETS
from intaglio.spec.target import load_target

SHARED = Path(os.environ.get("INTAGLIO_SHARED", "../shared"))
SMALL = PRESETS["small"]
AREA = {
    "luteq": Figure(20000, "LUT equivalent", "estimated", "test", 18000, 22000),
    "ff": Figure(8000, "flip-flop", "estimated", "test"),
}


def setting(target: str, clock: float | None = 25.0) -> Setting:
    return Setting(SMALL, load_target(target), shipped(), AREA, clock)


def test_a_part_is_its_count_times_its_coefficient() -> None:
    counts = Counts(steps=1000, read_bytes=5000, command_bytes=120)
    parts = layer_energy(setting("ulx3s-85f"), counts, 2000)
    multiply = shipped().need("ecp5.multiply")
    assert parts["multiply"].value == pytest.approx(1000 * SMALL.macs * multiply.value / 1e6)
    assert parts["static"].value == pytest.approx(233 * 2000 / 25 / 1000)  # mW times us are nJ
    assert parts["dram"].value == pytest.approx(5120 * 160 / 1e6)
    whole = energy_sum(parts)
    assert whole.value == pytest.approx(sum(part.value or 0 for part in parts.values()))
    assert whole.bounds[0] < (whole.value or 0) < whole.bounds[1]


def test_no_clock_no_static_energy() -> None:
    parts = layer_energy(setting("ulx3s-85f", None), Counts(steps=1), 10)
    assert parts["static"].value is None
    assert energy_sum(parts).value is None


def test_a_part_without_a_coefficient_is_not_zero() -> None:
    parts = layer_energy(setting("tangnano20k"), Counts(steps=1000), 2000)
    assert parts["multiply"].value is None
    assert "no coefficient: gowin.multiply" in parts["multiply"].how
    assert setting("tangnano20k").label == ""


def test_assumed_coefficients_make_it_relative_only() -> None:
    assert setting("ulx3s-85f").label == "relative only"
    assert setting("generic").label == ""


def test_swings_are_the_bands_of_the_coefficients() -> None:
    found = swings(setting("ulx3s-85f"), {"multiply": 10.0, "dram": 2.0})
    assert [swing.name for swing in found] == ["ecp5.multiply", "dram.access"]
    assert (found[0].low, found[0].high) == pytest.approx((7.0, 22.0))


def test_transfers_are_counted_in_bytes_and_words() -> None:
    load = {"layer": 3, "row_beats": 4, "rows": 2, "memory": int(Memory.WEIGHTS)}
    found = count_layers([(Opcode.LOAD, load), (Opcode.STORE, load)], SMALL)[3]
    assert found.read_bytes == found.write_bytes == found.constant_bytes == 64
    assert found.weight_writes == 4  # two beats of 8 bytes each
    assert found.dram_bytes == 128 + 2 * 128


def test_random_operands_change_half_their_bits() -> None:
    rng = np.random.default_rng(1)
    weights = rng.integers(-128, 128, (64, 3, 3, 64)).astype(np.int8)
    acts = rng.integers(-128, 128, (2, 16, 16, 64)).astype(np.int8)
    for depthwise in (False, True):
        chosen = weights[0] if depthwise else weights
        found = activity_of(chosen, acts, 0, 2, depthwise=depthwise)
        assert found.toggles == pytest.approx(UNIFORM, rel=0.05)
    assert sum(histogram(acts)) == acts.size


def test_still_operands_change_nothing() -> None:
    still = np.full((1, 4, 4, 8), -3, np.int8)
    found = activity_of(None, still, -3, 2, depthwise=False)
    assert (found.toggles, found.act_zeros) == (0, 1)
    alternating = np.tile(np.array([0, -1], np.int8), 8).reshape(1, 1, 1, 16)
    assert activity_of(None, alternating, 0, 1, depthwise=False).act_toggles == 8
    assert activity_of(None, alternating, 0, 2, depthwise=False).act_toggles == 0


def test_sram_is_read_between_its_sizes() -> None:
    table = shipped().sram
    exact = sram_access(table, Ram("r", 1, 64, 8 * 1024 * 8 // 64))
    assert exact.value == pytest.approx(6.14)
    assert exact.bounds[1] == pytest.approx(10)
    between = sram_access(table, Ram("r", 1, 64, 12 * 1024 * 8 // 64)).value or 0
    assert 6.14 < between < 11.6
    for node in ("nm32", "nm22"):
        assert (sram_access(table, Ram("r", 1, 64, 1024), node).value or 0) < (exact.value or 0)


def test_the_measured_board_is_told_from_its_other_rows() -> None:
    path = SHARED / "anchors" / "ice40_power.csv"
    if not path.exists():
        pytest.skip("INTAGLIO_SHARED has no anchors/ice40_power.csv")
    found, seen = leave_one_out(path.read_text())
    clock = [row for row in seen if row.kind == "static and clock"]
    assert len(clock) == 7
    assert max(abs(row.error) for row in clock) <= 0.05
    assert found.weights[2] == pytest.approx(42.75, rel=0.02)


def test_a_table_without_its_columns_is_refused() -> None:
    with pytest.raises(ModelError, match=r"E314.*core_ua"):
        leave_one_out("row,group\n1,design\n")


def test_a_lane_of_another_kind_has_no_coefficient_of_int8() -> None:
    config = replace(SMALL, weight_bits=4)
    other = Setting(config, load_target("generic"), shipped(), AREA, 25.0)
    assert other.names()["multiply"] == "asic45.integer_8x4_multiply"
    assert layer_energy(other, Counts(steps=10), 10)["multiply"].value is None
    assert estimate_area(config, "ecp5")["luteq"].value is None
