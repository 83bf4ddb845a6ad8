"""``intaglio explore``: front, page, resume, bad input."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

Command = Callable[..., Any]
SPACE = "pixels=1,2;channels=4,8"


def test_the_front_and_its_page(intaglio: Command, model: Path) -> None:
    words = ("explore", model, "--config", "small", "--space", SPACE, "-j", "1", "-o", "e")
    done = intaglio(*words, "--fit", "ulx3s-85f", "--json")
    assert done.code == 0
    assert done.json["evaluated"] == 4
    assert done.json["best_fit"]["fits"]
    assert {r["status"] for r in done.json["records"]} == {"ok"}
    again = intaglio(*words, "--fit", "ulx3s-85f", "--json").json
    assert again["evaluated"] == 0
    assert again["front"] == done.json["front"]
    text = Path("e/page/explore.html").read_text()
    assert "<script" not in text
    assert "<desc" in text
    assert "http://" not in text.replace("http://www.w3.org/2000/svg", "")


def test_nothing_fits(intaglio: Command, model: Path) -> None:
    words = ("explore", model, "--config", "small", "--space", "channels=16", "-j", "1")
    done = intaglio(*words, "--fit", "icebreaker", "--json")
    assert (done.code, done.codes) == (4, ["E407"])
    assert "short by" in done.err


def test_bad_input(intaglio: Command, model: Path, tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    for words, code in (
        (("--space", ""), "E104"),
        (("--space", "pixels="), "E104"),
        (("--space", "burst_beats=1,2,4,8,16;params_kib=8", "--limit", "2"), "E104"),
        (("--space", "colour=red"), "E202"),
        (("--objective", "beauty"), "E101"),
        (("--budget", "soon"), "E101"),
        (("--cluster", "local:none"), "E101"),
        (("--fit", "nowhere"), "E205"),
        (("-o", blocked / "x"), "E103"),
    ):
        done = intaglio("explore", model, "--config", "small", "-j", "1", *words, "--json")
        assert done.codes[0] == code, words
