from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from intaglio.bench import mutate
from intaglio.bench.mutants import MUTANTS, Mutant
from intaglio.bench.pairs import PAIRS
from intaglio.spec.errors import ToolError

NAMED = ("rounding-constant", "padding-value", "accumulator-clear", "address-wrap", "channel-mask")


def test_the_named_breaks_are_in_the_list() -> None:
    names = [mutant.name for mutant in MUTANTS]
    assert len(set(names)) == len(names)
    assert set(NAMED) <= set(names)


@pytest.mark.parametrize("mutant", MUTANTS, ids=[mutant.name for mutant in MUTANTS])
def test_every_line_to_break_is_there_once_and_its_rows_exist(
    mutant: Mutant, tmp_path: Path
) -> None:
    copy = tmp_path / "gateware"
    shutil.copytree(mutate.sources(), copy)
    mutate.apply(mutant, copy)
    changed = [
        path.name
        for path in copy.glob("*.py")
        if path.read_text() != (mutate.sources() / path.name).read_text()
    ]
    assert changed == [f"{mutant.module}.py"]
    compile((copy / f"{mutant.module}.py").read_text(), mutant.module, "exec")
    assert set(mutant.rows) <= {row.name for row in PAIRS}


@pytest.mark.parametrize("text", ["no such line", "import"])
def test_a_stale_mutant_is_an_error(text: str, tmp_path: Path) -> None:
    copy = tmp_path / "gateware"
    shutil.copytree(mutate.sources(), copy)
    with pytest.raises(ToolError, match="E602: mutant padding-value: its line occurs"):
        mutate.apply(replace(MUTANTS[3], find=text), copy)


def test_a_break_is_noticed(seed: int) -> None:
    mutant = next(mutant for mutant in MUTANTS if mutant.name == "maximum-sign")
    failure = mutate.first_failure(mutant, mutant.rows, seed)
    assert failure is not None
    assert failure[0] == "vector-max-tiny"


def test_a_survivor_is_an_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    harmless = Mutant("harmless", "vector", "left <= 1", "left <= 1", ("vector-max-tiny",))
    monkeypatch.setattr(mutate, "MUTANTS", (harmless,))
    assert mutate.main([]) == 1
    assert "SURVIVED" in capsys.readouterr().out


def test_broken_rows_before_any_break_are_an_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(mutate, "first_failure", lambda *_: ("drain", "o[0] differs"))
    assert mutate.main(["padding-value"]) == 6
    assert "drain fails on the gates as they are" in capsys.readouterr().err


@pytest.mark.slow
def test_every_break_is_noticed(capsys: pytest.CaptureFixture[str]) -> None:
    assert mutate.main([]) == 0
    assert f"{len(MUTANTS)} of {len(MUTANTS)} breaks were noticed" in capsys.readouterr().out
