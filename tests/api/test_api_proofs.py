"""Proofs by name: results in the order of the table, data sheets with the argument, exit codes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from intaglio import api
from intaglio.bench import proof_run
from intaglio.bench.proof import OPEN, PROVED, Proved
from intaglio.cli.app import run
from intaglio.spec.errors import UsageError


def result(name: str, state: str, *faults: str) -> Proved:
    return Proved(name, "unpack", "int1", state, "none", 0, 0.5, faults)


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> dict[str, Proved]:
    """Results that are shown for proofs by name, without proving."""
    found = {"unpack-int1": result("unpack-int1", PROVED)}
    monkeypatch.setattr(proof_run, "choose", lambda names: list(found))
    monkeypatch.setattr(proof_run, "prove", lambda name: found[name])
    return found


def test_unknown_units_are_refused() -> None:
    with pytest.raises(UsageError, match="no proof fits multiplx"):
        api.prove(["multiplx"])


def test_results_come_with_progress(shown: dict[str, Proved]) -> None:
    said: list[str] = []
    assert [r.state for r in api.prove(workers=1, progress=said.append)] == [PROVED]
    assert said == ["0 of 1 proofs", "1 of 1 proofs, about 0 s left: unpack-int1"]


def test_an_open_proof_is_exit_status_1(
    shown: dict[str, Proved], capfd: pytest.CaptureFixture[str]
) -> None:
    assert run(["verify", "--formal", "--json"]) == 0
    capfd.readouterr()
    shown["unpack-int1"] = result("unpack-int1", OPEN, "code 3: refuted")
    assert run(["verify", "--formal", "--json"]) == 1
    payload: dict[str, Any] = json.loads(capfd.readouterr().out)
    assert payload["open"] == 1
    (unit,) = payload["units"]
    assert {"name", "state", "engine", "combinations", "seconds"} <= set(unit)
    assert (unit["state"], unit["faults"]) == (OPEN, ["code 3: refuted"])


def test_data_sheets_hold_the_argument(tmp_path: Path) -> None:
    made = api.generate_unit("unpack", "int3", tmp_path / "one")
    sheet = next(path for path in made.files if path.suffix == ".md").read_text()
    assert "## Proof\n\nThe registers are a queue of bits." in sheet
    assert "`intaglio verify --formal --units unpack-int3`" in sheet
    other = api.generate_unit("unpack", "int3", tmp_path / "two", {"lanes": 5})
    sheet = next(path for path in other.files if path.suffix == ".md").read_text()
    assert "Not proved with these settings. Proved are: `unpack-int1`" in sheet
