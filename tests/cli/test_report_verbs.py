"""``intaglio report`` and ``intaglio compare``."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Command = Callable[..., Any]


@pytest.fixture
def written(intaglio: Command, model: Path) -> Path:
    done = intaglio("report", model, "--config", "small", "--no-check", "-o", "r", "--json")
    assert done.code == 0
    assert "intaglio" in done.json["reproduce"]
    return Path("r/report.json").absolute()


def test_a_report_is_rendered_again(intaglio: Command, written: Path) -> None:
    done = intaglio("report", written, "-o", "again")
    assert done.code == 0
    first = written.with_name("report.html").read_bytes()
    assert Path("again/report.html").read_bytes() == first


def test_a_limit_decides_the_exit_code(intaglio: Command, written: Path) -> None:
    slower = json.loads(written.read_text())
    for key in ("value", "low", "high"):
        slower["summary"]["cycles"][key] *= 1.05
    other = written.with_name("slower.json")
    other.write_text(json.dumps(slower))
    assert intaglio("compare", written, other, "--fail-on", "cycles>+10%").code == 0
    done = intaglio("compare", written, other, "--fail-on", "cycles>+2%", "--json")
    assert done.code == 1
    assert done.json["failed"] == ["cycles>+2%"]
    change = next(c for c in done.json["compared"][0]["changes"] if c["name"] == "cycles")
    assert change["relative"] == pytest.approx(0.05)


def test_bad_input(intaglio: Command, model: Path, written: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.json"
    bad.write_text("{}")
    for words, code in (
        (("compare", written, bad), "E314"),
        (("compare", written), "E101"),
        (("compare", written, written, "--fail-on", "cycles"), "E101"),
        (("report", bad), "E314"),
        (("report", tmp_path / "missing.json"), "E103"),
        (("report", model, "--run", bad, "--no-check"), "E314"),
        (("report", model, "--build", bad, "--no-check"), "E314"),
    ):
        done = intaglio(*words, "--json")
        assert done.codes[0] == code, words
