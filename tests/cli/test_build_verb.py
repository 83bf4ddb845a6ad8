"""``intaglio build`` and ``intaglio boards``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from intaglio.cli.app import run
from intaglio.cli.verb_build import parse_seeds
from intaglio.spec.errors import UsageError
from intaglio.spec.target import target_names

UNIT = ["--unit", "mac", "--format", "int8", "--set", "depth=2"]


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict[str, Any]]:
    code = run([*arguments, "--json", "--no-progress"])
    return code, json.loads(capsys.readouterr().out)


def test_every_board_is_listed_with_its_state(capsys: pytest.CaptureFixture[str]) -> None:
    code, found = printed(capsys, "boards")
    assert code == 0
    assert [board["name"] for board in found["boards"]] == list(target_names())
    assert all(board["state"] and "tools" in board for board in found["boards"])
    assert run(["boards"]) == 0
    assert "iCE40UP5K SG48" in capsys.readouterr().out


def test_every_figure_has_its_source(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "build.json"
    code, found = printed(capsys, "build", *UNIT, "-o", str(file))
    assert code == 0
    assert json.loads(file.read_text()) == found
    assert set(found["summary"]) == {"luteq", "ff", "dsp", "bram", "fmax"}
    figures = [
        *found["summary"].values(),
        *(row["luteq"] for row in found["hierarchy"]),
        *(step["delay"] for step in found["critical_path"]),
    ]
    assert len(figures) > 8
    for figure in figures:
        assert set(figure) == {"value", "unit", "low", "high", "source", "how"}
        assert figure["source"] == "post-route"
    assert found["summary"]["fmax"]["value"] > 50
    assert found["hierarchy"][0]["luteq"]["value"] == found["summary"]["luteq"]["value"]
    delays = sum(step["delay"]["value"] for step in found["critical_path"])
    assert 1000 / delays == pytest.approx(found["summary"]["fmax"]["value"], rel=0.01)


def test_the_table_names_instances_clock_and_path(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["build", *UNIT, "--no-progress"]) == 0
    text = capsys.readouterr().out
    for part in ("lane_0", "of the part", "Fmax", "critical path:", "clk-to-q"):
        assert part in text


def test_a_part_without_open_routing_has_no_clock(capsys: pytest.CaptureFixture[str]) -> None:
    code, found = printed(capsys, "build", *UNIT, "--target", "pynq-z2")
    assert code == 0
    assert found["summary"]["fmax"]["value"] is None
    assert "no open place-and-route" in found["summary"]["fmax"]["how"]
    assert found["summary"]["dsp"]["source"] == "estimated"
    assert found["critical_path"] == []


def test_what_does_not_fit_exits_with_4(capsys: pytest.CaptureFixture[str]) -> None:
    code, found = printed(capsys, "build", *UNIT[:-1], "depth=16", "--target", "icebreaker")
    assert code == 4
    (error,) = [e for e in found["errors"] if "multipliers" in e["message"]]
    assert error["code"] == "E406"
    assert "8 more than there are" in error["message"]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["--seeds", "0..99"], "E101"),
        (["--seeds", "a"], "E101"),
        (["--unit", "mac"], "E101"),
        (["--format", "int8"], "E101"),
        (["--set", "depth=2"], "E101"),
        (["--unit", "mac", "--format", "int7"], "E206"),
        (["--unit", "mak", "--format", "int8"], "E207"),
        (["--target", "ulx3s-58f"], "E205"),
        (["no-such-preset"], "E204"),
    ],
)
def test_bad_input_is_named(
    arguments: list[str], code: str, capsys: pytest.CaptureFixture[str]
) -> None:
    status, found = printed(capsys, "build", *arguments)
    assert status == (2 if code == "E101" else 3)
    assert [error["code"] for error in found["errors"]] == [code]


def test_seeds_are_listed_or_ranged() -> None:
    assert parse_seeds("3") == [3]
    assert parse_seeds("1..4") == [1, 2, 3, 4]
    assert parse_seeds("1, 4,1") == [1, 4]
    with pytest.raises(UsageError):
        parse_seeds("4..1")
