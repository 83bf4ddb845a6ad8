"""``intaglio flow``: numbered, done once, goes on where it was."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from intaglio.api.flow_steps import STEPS
from intaglio.api.golden_pass import PASSED
from intaglio.spec.errors import Finding, FitError
from intaglio.spec.figure import Figure

Command = Callable[..., Any]
BUILT = {
    "summary": {
        "luteq": Figure(15830, "LUT equivalent", "post-route", "test").as_dict(),
        "fmax": Figure(50.0, "MHz", "post-route", "test").as_dict(),
    },
    "hierarchy": [
        {"path": "", "depth": 0, "luteq": Figure(15830, "LUT", "post-route", "test").as_dict()}
    ],
    "target": {"name": "generic"},
}


@pytest.fixture
def tools(monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """Gates and place-and-route answer at once; how often each was asked is counted."""
    asked = {"golden": 0, "sim": 0, "build": 0}

    def golden(*_: object) -> str:
        asked["golden"] += 1
        return PASSED

    def simulated(model: Any, *_: object) -> dict[str, Any]:
        asked["sim"] += 1
        layers = [{"name": node.name, "cycles": None} for node in model.graph.nodes]
        counters = {"CYCLES": 9, "COMPUTE_CYCLES": 8, "MAC_CYCLES": 5, "ACT_STALLS": 1}
        return {
            "batch": 1,
            "cycles": 9,
            "mismatches": 0,
            "device": "sim",
            "layers": layers,
            "counters": {
                **counters,
                **{"DRAIN_STALLS": 1, "VECTOR_CYCLES": 1, "WEIGHT_STALLS": 0},
                **{"BUS_STALLS": 1, "IDLE_CYCLES": 0},
            },
        }

    def build(*_: object, **__: object) -> Any:
        asked["build"] += 1
        return SimpleNamespace(as_dict=lambda: BUILT)

    monkeypatch.setattr("intaglio.api.flow_steps.golden_check", golden)
    monkeypatch.setattr("intaglio.api.flow_steps.simulated", simulated)
    monkeypatch.setattr("intaglio.api.board_build.build", build)
    return asked


def test_every_step_once(intaglio: Command, model: Path, tools: dict[str, int]) -> None:
    words = ("flow", model, "--config", "tiny", "-o", "f", "--json")
    done = intaglio(*words)
    assert done.code == 0, done.err
    assert [step["name"] for step in done.json["steps"]] == list(STEPS)
    assert [step["number"] for step in done.json["steps"]] == list(range(1, 7))
    assert Path("f/report/report.html").is_file()
    report = json.loads(Path("f/report/report.json").read_text())
    assert report["summary"]["fmax"]["source"] == "post-route"
    again = intaglio(*words)
    assert all(step["reuse"] for step in again.json["steps"])
    assert tools == {"golden": 1, "sim": 1, "build": 1}
    other = intaglio("flow", model, "--config", "small", "-o", "f", "--dry-run", "--json").json
    assert not any(step["reuse"] for step in other["steps"])
    assert "has changed" in other["steps"][0]["reason"]


def test_a_damaged_result_is_made_again(
    intaglio: Command, model: Path, tools: dict[str, int]
) -> None:
    words = ("flow", model, "--config", "tiny", "-o", "f", "--to", "verify")
    intaglio(*words)
    Path("f/verify.json").write_text("{}")
    found = intaglio(*words, "--dry-run", "--json").json
    assert [step["reuse"] for step in found["steps"]] == [True, True, True, False]
    assert intaglio(*words).code == 0
    assert tools["sim"] == 2


def test_what_finished_before_an_error_is_kept(
    intaglio: Command, model: Path, tools: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    def too_large(*_: object, **__: object) -> None:
        raise FitError(Finding("E406", "too large: short by 7", have="9", need="2", help="less"))

    with monkeypatch.context() as patch:
        patch.setattr("intaglio.api.board_build.build", too_large)
        done = intaglio("flow", model, "--config", "tiny", "-o", "f", "--json")
        assert (done.code, done.codes) == (4, ["E406"])
    steps = intaglio("flow", model, "--config", "tiny", "-o", "f", "--json").json["steps"]
    assert [step["reuse"] for step in steps] == [True, True, True, True, False, False]


def test_a_mismatch_stops_it(
    intaglio: Command, model: Path, tools: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("intaglio.api.flow_steps.golden_check", lambda *_: "5 elements differ")
    done = intaglio("flow", model, "--config", "tiny", "-o", "f", "--json")
    assert (done.code, done.codes) == (7, ["E703"])
    assert tools["build"] == 0


def test_bad_steps(intaglio: Command, model: Path, tools: dict[str, int]) -> None:
    for words in (("--to", "moon"), ("--from", "report", "--to", "check"), ("--from", "verify")):
        done = intaglio("flow", model, "--config", "tiny", "-o", "f", *words, "--json")
        assert (done.code, done.codes) == (2, ["E101"])
    assert intaglio("flow", "missing.tflite", "--json").codes == ["E103"]
