"""``intaglio estimate``: the JSON object, what does not fit, bad input."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from intaglio.spec.figure import Figure

Command = Callable[..., Any]


def figures(value: Any) -> list[dict[str, Any]]:
    """Return every figure in a JSON value."""
    if isinstance(value, dict):
        if {"value", "unit", "source", "how"} <= value.keys():
            return [value]
        return [figure for item in value.values() for figure in figures(item)]
    if isinstance(value, list):
        return [figure for item in value for figure in figures(item)]
    return []


def test_the_json_object(intaglio: Command, model: Path) -> None:
    done = intaglio("estimate", model, "--config", "tiny", "--json")
    assert done.code == 0
    found = done.json
    assert {"cycles", "macs", "utilisation", "luteq", "ff", "dsp"} <= found["summary"].keys()
    assert {"bram", "fmax", "energy", "power"} <= found["summary"].keys()
    assert all({"cycles", "energy", "bytes"} <= layer.keys() for layer in found["layers"][:-1])
    every = figures(found)
    assert len(every) > 100
    for figure in every:
        Figure.of(figure)


def test_a_configuration_alone(intaglio: Command, model: Path) -> None:
    found = intaglio("estimate", "small", "--json").json
    assert found["model"] == ""
    assert found["summary"]["dsp"]["value"] == 40


def test_what_does_not_fit_says_by_how_much(intaglio: Command, model: Path) -> None:
    done = intaglio("estimate", "small", "--target", "icebreaker", "--json")
    assert done.code == 4
    assert set(done.codes) == {"E406"}
    assert "short by" in done.err
    assert done.json["fits"] is False


def test_bad_input(intaglio: Command, model: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.toml"
    bad.write_text("schema = 1\n[a.b]\nvalue = 1\n")
    for words, code, exit_code in (
        (("nothing.tflite",), "E103", 2),
        (("nothing",), "E204", 3),
        ((model, "--target", "nowhere"), "E205", 3),
        ((model, "--coefficients", bad), "E209", 3),
        ((model, "--coefficients", tmp_path / "missing"), "E103", 2),
        ((model, "--memory", "latency=x"), "E101", 2),
        ((model, "--clock", "-1"), "E101", 2),
    ):
        done = intaglio("estimate", *words, "--json")
        assert (done.code, done.codes[0]) == (exit_code, code), words
