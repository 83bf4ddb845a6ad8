"""``intaglio systems``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from intaglio.cli.app import run

CHEAP = "24"


def test_all_systems_are_listed(fresh_cache: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["systems", "--json"]) == 0
    systems = json.loads(capsys.readouterr().out)["systems"]
    assert [row["number"] for row in systems] == list(range(1, 59))


def test_one_is_run_and_its_result_is_kept(
    fresh_cache: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    results = tmp_path / "results.json"
    words = ["systems", "--run", CHEAP, "--json", "--no-progress", "--output", str(results)]
    assert run(words) == 0
    (row,) = json.loads(capsys.readouterr().out)["systems"]
    assert (row["number"], row["state"], row["current"]) == (24, "partial", True)
    assert "sequencer" in row["missing"]
    assert "4.57x" in row["figure"]
    written = json.loads(results.read_text())
    assert [record["number"] for record in written["systems"]] == [24]
    assert run(["systems", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)["systems"][23]
    assert (listed["state"], listed["current"]) == ("partial", True)


def test_an_unknown_system_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["systems", "--run", "0", "--json"]) == 2
    assert json.loads(capsys.readouterr().out)["errors"][0]["code"] == "E101"
