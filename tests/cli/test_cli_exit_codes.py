"""Each family of errors has its exit code, and verify its verdict."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from intaglio.api import reference
from intaglio.bench.run import RowResult
from intaglio.spec.errors import CODES, Finding

Command = Callable[..., Any]


@pytest.mark.parametrize("code", CODES)
def test_every_code_has_its_exit_code_and_form(
    intaglio: Command, monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    error = reference.FAMILIES[code[:2]]

    def fails() -> None:
        raise error([Finding(code, "first [sic]", "here", "1 KiB", "2 KiB", "try")] * 25)

    monkeypatch.setattr("intaglio.api.listing.presets", fails)
    done = intaglio("presets", "--json")
    assert done.code == {"1": 2, "2": 3, "3": 3, "4": 4, "5": 5, "6": 6, "7": 7, "9": 70}[code[1]]
    assert done.codes == [code] * 25
    lines = done.err.splitlines()
    assert lines[:5] == [
        f"error[{code}]: first [sic]",
        "  --> here",
        "   have: 1 KiB",
        "   need: 2 KiB",
        "   help: try",
    ]
    assert lines[-1] == "5 more of these; --json lists them all"
    plain = intaglio("presets")
    assert plain.out == ""
    assert plain.err == done.err


def _result(*faults: str) -> RowResult:
    return RowResult("adder", 7, 12, 34, 2, 0.5, faults, Path("kept") if faults else None)


def test_verify_tells_what_failed(intaglio: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: dict[str, Any] = {}

    def rows(names: list[str], **settings: Any) -> list[RowResult]:
        asked.update(settings, names=names)
        return [_result(), _result("o[3] differs, expected 1, got 2")]

    monkeypatch.setattr("intaglio.bench.run.verify_rows", rows)
    done = intaglio("verify", "adder", "--seed", 7, "--waves-on-fail", "--json")
    assert done.code == 1
    assert (asked["names"], asked["seed"], asked["waves_on_fail"]) == (["adder"], 7, True)
    assert (done.json["failed"], [row["ok"] for row in done.json["rows"]]) == (1, [True, False])
    assert "repeat: intaglio verify adder --seed 7 --waves" in done.err
    monkeypatch.setattr("intaglio.bench.run.verify_rows", lambda *_, **__: [_result()])
    assert intaglio("verify").code == 0


def test_verify_takes_patterns_and_names_the_nearest_row(intaglio: Command) -> None:
    from intaglio.api.benches import expand

    found = expand(["requantise-*"])
    assert len(found) > 1
    assert all(name.startswith("requantise-") for name in found)
    for words in (("--rows", "zzz*"), ("requantize",)):
        done = intaglio("verify", *words, "--json")
        assert (done.code, done.codes) == (2, ["E101"])
        assert "requantise-" in done.err


def test_verify_needs_cocotb(intaglio: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cocotb", None)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    done = intaglio("verify", "--json")
    assert (done.code, done.codes) == (5, ["E501"])
    assert "pip install 'intaglio[sim]'" in done.err
