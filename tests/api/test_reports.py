"""Reports: one page without network, JSON that conforms, limits, what is withheld."""

from __future__ import annotations

import copy
import csv
import json
import re
from collections.abc import Mapping
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from intaglio import api
from intaglio.api.golden_pass import PASSED
from intaglio.api.report_compare import compare_reports, parse_limits
from intaglio.report.charts import CHARTS
from intaglio.report.schema import faults
from intaglio.spec.errors import ModelError, UsageError

MODEL = api.load(api.demo_digits().model)
RUN = {
    "model": "digits",
    "device": "sim",
    "config": "small",
    "batch": 2,
    "cycles": 20000,
    "mismatches": 0,
    "layers": [{"name": n.name, "cycles": 2000} for n in MODEL.graph.nodes],
    "counters": {
        "CYCLES": 20000,
        "COMPUTE_CYCLES": 15000,
        "MAC_CYCLES": 9000,
        "ACT_STALLS": 1000,
        "DRAIN_STALLS": 4500,
        "VECTOR_CYCLES": 500,
        "WEIGHT_STALLS": 3000,
        "BUS_STALLS": 1900,
        "IDLE_CYCLES": 100,
    },
}


@pytest.fixture
def passed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The gates of every configuration have been compared."""
    monkeypatch.setattr("intaglio.api.reports.golden_check", lambda *_: PASSED)


@pytest.fixture
def data(passed: None) -> dict[str, Any]:
    return api.make_report(MODEL, "small", run=RUN)


class Page(HTMLParser):
    """Collects tags; everything must be closed in order."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.open: list[str] = []
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.addresses += [str(v) for k, v in attrs if k in ("src", "href", "xlink:href", "srcset")]
        if tag not in ("meta", "input", "br"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_folder_holds_every_file(data: Mapping[str, Any], tmp_path: Path) -> None:
    files = {path.name for path in api.save_report(data, tmp_path / "r")}
    names = {chart(data).name for chart in CHARTS}
    assert files == {"report.html", "report.json", "layers.csv", "summary.md"} | {
        f"{name}.{kind}" for name in names for kind in ("svg", "png")
    }
    assert api.read_report(tmp_path / "r" / "report.json") == data
    lines = list(csv.DictReader((tmp_path / "r" / "layers.csv").read_text().splitlines()))
    assert [line["name"] for line in lines] == [node.name for node in MODEL.graph.nodes]
    assert float(lines[0]["cycles"]) == 1000
    assert (tmp_path / "r" / "report.html").stat().st_size < 2_000_000


def test_the_page_needs_nothing_but_itself(data: Mapping[str, Any], tmp_path: Path) -> None:
    api.save_report(data, tmp_path / "r")
    text = (tmp_path / "r" / "report.html").read_text()
    page = Page()
    page.feed(text)
    assert page.open == []
    assert page.addresses == []
    assert page.tags.count("svg") == len(CHARTS) == page.tags.count("desc")
    assert "script" not in page.tags
    assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)|url\(|@import", text)
    assert "prefers-color-scheme:dark" in text
    for row in data["coefficients"]:
        assert row["name"] in text


def test_the_json_conforms_and_faults_are_found(data: dict[str, Any]) -> None:
    assert list(faults(data)) == []
    broken = copy.deepcopy(data)
    del broken["summary"]["cycles"]["how"]
    broken["layers"][0]["where"] = "moon"
    broken["schema_version"] = 2
    found = "; ".join(faults(broken))
    assert "$.summary.cycles.how is missing" in found
    assert "moon" in found
    assert "schema_version" in found


def test_cycles_of_the_gates_replace_the_estimate(data: Mapping[str, Any]) -> None:
    assert data["summary"]["cycles"]["value"] == 10000
    assert data["summary"]["cycles"]["source"] == "simulated"
    assert data["layers"][0]["estimated_cycles"]["source"] == "estimated"
    assert sum(step["cycles"] for step in data["lost_cycles"]) == pytest.approx(20000)


def test_without_a_golden_pass_there_is_no_area_and_no_energy() -> None:
    data = api.make_report(MODEL, "small", check=False)
    if data["golden"] == PASSED:
        pytest.skip("this configuration has passed here before")
    for name in ("luteq", "ff", "dsp", "bram", "energy", "power"):
        assert data["summary"][name]["value"] is None
    assert data["area"]["tree"] == data["tornado"] == []
    assert "golden check" in data["withheld"]
    assert list(faults(data)) == []


def test_a_mismatch_withholds_area_and_energy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("intaglio.api.reports.golden_check", lambda *_: "3 elements differ")
    data = api.make_report(MODEL, "small")
    assert data["summary"]["energy"]["value"] is None
    assert all(layer["energy"]["value"] is None for layer in data["layers"] if "energy" in layer)


def test_limits() -> None:
    old = {"summary": {"cycles": {"value": 100.0, "unit": "cycle"}}}
    new = {"summary": {"cycles": {"value": 103.0, "unit": "cycle"}}}
    for text, beyond in (
        ("cycles>+2%", True),
        ("cycles>+3%", False),
        ("cycles>+2", True),
        ("cycles>200", False),
        ("cycles<50", False),
        ("cycles<+10%", True),
    ):
        [change] = compare_reports(old, new, parse_limits(text))
        assert bool(change.failed) == beyond, text
        assert change.relative == pytest.approx(0.03)


def test_limits_that_are_none() -> None:
    with pytest.raises(UsageError) as caught:
        parse_limits("cycles,>3,cycles>5%")
    assert len(caught.value.findings) == 3
    with pytest.raises(UsageError, match="nonsense"):
        compare_reports({"summary": {}}, {"summary": {}}, parse_limits("nonsense>3"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "not JSON"),
        ("[]", "not object"),
        ('{"kind": "report", "schema_version": 9}', "schema version 9"),
        ('{"kind": "report", "schema_version": 1}', "summary is missing"),
    ],
)
def test_what_is_no_report_is_refused(text: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    path.write_text(text)
    with pytest.raises(ModelError, match=f"E314.*{said}"):
        api.read_report(path)


def test_the_same_report_is_the_same_bytes(data: Mapping[str, Any], tmp_path: Path) -> None:
    again = json.loads(json.dumps(data))
    for name, content in (("a", data), ("b", again)):
        api.save_report(content, tmp_path / name)
    for path in (tmp_path / "a").iterdir():
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes()


def test_ceilings_of_the_roofline_have_their_slopes(data: Mapping[str, Any]) -> None:
    from intaglio.report.charts_time import roofline

    drawing = roofline(data)
    lines = [s.at for s in drawing.shapes if s.kind == "line" and s.colour in ("orange", "pink")]
    slopes = {round((y0 - y1) / (x1 - x0), 3) for x0, y0, x1, y1 in lines}
    assert len(lines) == 2
    assert len(slopes) == 1  # both go with the first power: one angle on logarithmic axes
