"""What --sweep and --mutants print, and their exit codes."""

from __future__ import annotations

import pytest

from intaglio import api
from intaglio.bench.mutant_report import Broken, Survivor
from intaglio.bench.sweeps import SweepResult

from .conftest import Command


def _broken(killed: int) -> Broken:
    equal = Survivor("inv a", "equivalent", "proved")
    missed = Survivor("inv b", "missed", "shown by i: 0x1")
    return Broken("multiply", "multiply", "int8", 100, {"value": killed}, (equal, missed), 10, 1.0)


@pytest.mark.parametrize(("killed", "code", "below"), [(98, 0, []), (50, 1, ["multiply"])])
def test_mutants(
    intaglio: Command,
    monkeypatch: pytest.MonkeyPatch,
    killed: int,
    code: int,
    below: list[str],
) -> None:
    monkeypatch.setattr(api, "break_units", lambda *_, **__: [_broken(killed)], raising=False)
    done = intaglio("verify", "--mutants", "--json")
    assert done.code == code
    assert done.json["below"] == below
    [family] = done.json["families"]
    assert family["baseline"] == "pass"
    assert (family["generated"], family["killed"], family["equivalent"]) == (100, killed, 1)
    assert {one["class"] for one in family["survived"]} == {"equivalent", "missed"}
    assert family["killed_per_cent"] == killed
    assert family["killed_per_cent_not_equivalent"] == round(100 * killed / 99, 2)


@pytest.mark.parametrize(("mismatches", "code"), [(0, 0), (3, 1)])
def test_sweep(
    intaglio: Command, monkeypatch: pytest.MonkeyPatch, mismatches: int, code: int
) -> None:
    result = SweepResult("row", "multiply", "int8", 1000, 1000, 1100, mismatches, "", 2.5)
    monkeypatch.setattr(api, "sweep_units", lambda *_, **__: [result], raising=False)
    done = intaglio("verify", "--sweep", "--json")
    assert done.code == code
    [unit] = done.json["units"]
    assert (unit["name"], unit["format"], unit["vectors"]) == ("multiply", "int8", 1000)
    assert (unit["mismatches"], unit["seconds"]) == (mismatches, 2.5)


@pytest.mark.parametrize("option", ["--sweep", "--mutants"])
def test_units_that_do_not_exist_are_refused(intaglio: Command, option: str) -> None:
    done = intaglio("verify", option, "--units", "nonsense", "--json")
    assert done.code == 2
    assert done.codes == ["E101"]
