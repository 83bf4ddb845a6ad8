"""The command line in this process: exit code, standard output, standard error."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from intaglio.api.tour import demo_digits
from intaglio.cli.app import run


@dataclass(frozen=True)
class Done:
    """What a run of the command gave."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def codes(self) -> list[str]:
        return [error["code"] for error in self.json["errors"]]


Command = Callable[..., Done]


@pytest.fixture
def intaglio(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Command:
    """Run the command in an empty folder; words are made text."""
    monkeypatch.chdir(tmp_path)

    def command(*words: object) -> Done:
        capsys.readouterr()
        code = run([str(word) for word in words])
        found = capsys.readouterr()
        return Done(code, found.out, found.err)

    return command


@pytest.fixture(scope="session")
def model() -> Path:
    """The shipped digits network."""
    return demo_digits().model
