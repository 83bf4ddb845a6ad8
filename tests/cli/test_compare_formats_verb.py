"""``intaglio compare-formats``: bad input, and a table with figures."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Command = Callable[..., Any]


@pytest.mark.parametrize(
    ("words", "code", "error"),
    [
        (["--formats", "int9"], 3, "E206"),
        (["--formats", "int8/int16"], 3, "E402"),
        (["--target", "asic"], 2, "E101"),
        (["--liberty", "none.lib"], 2, "E103"),
        (["--liberty", "empty.lib"], 2, "E101"),
    ],
)
def test_what_cannot_be_compared(
    intaglio: Command, words: list[str], code: int, error: str
) -> None:
    Path("empty.lib").write_text("library (x) { nom_voltage : 1.0; }\n")
    done = intaglio("compare-formats", "--json", *words)
    assert done.code == code, done.err
    assert done.codes == [error]
    assert "Traceback" not in done.err
    assert [path.name for path in Path().iterdir()] == ["empty.lib"]


@pytest.mark.slow
def test_a_comparison(intaglio: Command) -> None:
    done = intaglio("compare-formats", "--formats", "int4/int16", "--json", "-o", "out")
    assert done.code == 0, done.err
    rows = done.json["rows"]
    assert {row["format"] for row in rows} == {"int8", "int4"}
    assert all(row["golden"] == "pass" and row["gates"] for row in rows)
    base = next(row for row in rows if (row["accumulator"], row["lanes"]) == ("int32", 1))
    assert base["energy_rel_int8"] == 1.0
    small = next(row for row in rows if row["format"] == "int4")
    assert small["energy_rel_int8"] < 0.6
    assert (Path("out") / "formats.html").is_file()
