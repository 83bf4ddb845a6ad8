"""Every command and every line of Python of the tutorial works as it says."""

from __future__ import annotations

import doctest
import re
import shlex
from pathlib import Path

import pytest

from intaglio.cli.app import run

PAGE = Path(__file__).parents[1] / "docs" / "tutorial.md"
TEXT = PAGE.read_text("utf-8")
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", TEXT, re.DOTALL)


def test_the_tutorial_works_from_top_to_bottom(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    runner = doctest.DocTestRunner(verbose=False)
    commands = 0
    for language, text in BLOCKS:
        if language == "python":
            test = doctest.DocTestParser().get_doctest(text, names, str(PAGE), str(PAGE), 0)
            runner.run(test, clear_globs=False)
            names = test.globs
        else:
            for line in text.splitlines():
                program, *words = shlex.split(line)
                assert (program, run(words)) == ("intaglio", 0), line
                commands += 1
    assert runner.failures == 0
    assert runner.tries == TEXT.count(">>> ")
    assert commands == TEXT.count("\nintaglio ")
