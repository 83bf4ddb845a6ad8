"""``intaglio study``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

Command = Callable[..., Any]


def test_a_study_writes_table_and_plot(intaglio: Command) -> None:
    done = intaglio("study", "filters", "-o", "s", "--json")
    assert done.code == 0
    assert len(done.json["rows"]) >= 5
    assert Path("s/filters.svg").read_text().startswith("<svg")


def test_no_such_study(intaglio: Command) -> None:
    done = intaglio("study", "beauty", "--json")
    assert (done.code, done.codes) == (2, ["E101"])
