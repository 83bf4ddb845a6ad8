"""``intaglio explain`` and completion."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

from intaglio.spec.errors import CODES

Command = Callable[..., Any]


def test_every_code_has_a_page(intaglio: Command) -> None:
    for code in CODES:
        found = intaglio("explain", code.lower(), "--json")
        assert found.code == 0
        assert found.json["meaning"] == CODES[code]
        assert len(found.json["advice"]) > 30


def test_a_code_that_does_not_exist(intaglio: Command) -> None:
    done = intaglio("explain", "E4066", "--json")
    assert (done.code, done.codes) == (2, ["E105"])
    assert "did you mean E406" in done.err


def test_the_shell_completes_verbs_and_codes() -> None:
    for words, expected in (("intaglio expla", "explain"), ("intaglio explain E40", "E401")):
        environment = os.environ | {
            "_INTAGLIO_COMPLETE": "complete_bash",
            "COMP_WORDS": words,
            "COMP_CWORD": str(len(words.split()) - 1),
        }
        done = subprocess.run(
            [
                sys.executable,
                "-c",
                (
                    "import sys; sys.argv[0] = 'intaglio'; "
                    "from intaglio.cli import main; sys.exit(main())"
                ),
            ],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert expected in done.stdout.split()
