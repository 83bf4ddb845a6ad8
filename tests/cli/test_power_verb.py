"""``intaglio power``: parts, labels, and nothing without a golden pass."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from intaglio.api.golden_pass import PASSED

Command = Callable[..., Any]


@pytest.fixture
def passed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The gates of every configuration have been compared."""
    monkeypatch.setattr("intaglio.api.power_run.golden_check", lambda *_: PASSED)


def test_parts_and_activity(intaglio: Command, model: Path, passed: None) -> None:
    done = intaglio("power", model, "--config", "small", "--target", "ulx3s-85f", "--json")
    assert done.code == 0
    found = done.json
    assert found["label"] == "relative only"
    whole = sum(part["value"] for part in found["parts"].values())
    assert found["summary"]["energy"]["value"] == pytest.approx(whole)
    multiplying = [layer for layer in found["layers"] if layer["activity"]]
    assert len(multiplying) >= 5
    for layer in multiplying:
        assert 0 <= layer["activity"]["toggles"] <= 16
        assert len(layer["histograms"]["acts"]) == 256
    assert all(row["source"] for row in found["coefficients"])


def test_no_figure_without_a_golden_pass(
    intaglio: Command, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("intaglio.api.power_run.golden_check", lambda *_: "3 elements differ")
    done = intaglio("power", model, "--config", "small", "--json")
    assert (done.code, done.codes) == (7, ["E703"])
    assert "parts" not in done.json


def test_a_part_without_coefficient_says_so(intaglio: Command, model: Path, passed: None) -> None:
    done = intaglio("power", model, "--config", "small", "--target", "tangnano20k")
    assert "no coefficient" in done.out
    assert " 0 " not in done.out.split("energy")[0].split("multiply")[1].splitlines()[0]


def test_the_coefficients_are_listed(intaglio: Command) -> None:
    found = intaglio("power", "--list-coefficients", "--json").json
    assert {"measured", "datasheet", "derived", "assumed"} == {
        row["kind"] for row in found["coefficients"]
    }


def test_bad_input(intaglio: Command, model: Path, tmp_path: Path, passed: None) -> None:
    bad = tmp_path / "bad.toml"
    bad.write_text("schema = 1\n[ice40.multiply]\nvalue = 1\n")
    for words, code in (
        ((), "E101"),
        ((model, "--coefficients", bad), "E209"),
        ((model, "--input", tmp_path / "missing.npy"), "E103"),
        ((tmp_path / "missing.tflite",), "E103"),
    ):
        assert intaglio("power", *words, "--json").codes[0] == code, words
