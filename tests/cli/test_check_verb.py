"""``intaglio check`` and ``intaglio ops``: all findings at once, places, references."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from intaglio.api.tour import demo_digits
from intaglio.spec.rounding import REFERENCES

Command = Callable[..., Any]


def test_a_good_model_has_no_findings(intaglio: Command) -> None:
    done = intaglio("check", str(demo_digits().model), "--json")
    found = done.json
    assert (done.code, found["ok"], found["findings"]) == (0, True, [])
    assert found["operators"]["conv"] == 3
    assert [layer["op"] for layer in found["host"]] == ["softmax"]
    assert all(layer["bytes_read"] > 0 and layer["why"] for layer in found["host"])


@pytest.mark.parametrize("reference", REFERENCES)
def test_differences_name_every_other_reference(intaglio: Command, reference: str) -> None:
    found = intaglio("check", str(demo_digits().model), "--reference", reference, "--json").json
    named = {line.partition(":")[0] for line in found["differences"]}
    assert named == set(REFERENCES) - {reference}


def test_unknown_reference_is_a_usage_error(intaglio: Command) -> None:
    done = intaglio("check", str(demo_digits().model), "--reference", "xnnpack", "--json")
    assert (done.code, done.codes) == (2, ["E101"])


def test_a_model_that_does_not_fit(intaglio: Command, tmp_path: Path) -> None:
    config = tmp_path / "small.toml"
    config.write_text("schema = 1\n[array]\nroundings = [1]\n", "utf-8")
    done = intaglio("check", str(demo_digits().model), "--config", str(config), "--json")
    found = done.json
    assert done.code == 3
    assert len(found["findings"]) > 3, "every layer, not the first alone"
    assert {finding["code"] for finding in found["findings"]} == {"E303"}


def test_findings_for_github(intaglio: Command, tmp_path: Path) -> None:
    path = tmp_path / "no,model.tflite"
    path.write_bytes(b"\x00" * 100)
    done = intaglio("check", str(path), "--format", "github")
    assert done.code == 3
    (line,) = done.out.splitlines()
    assert line.startswith("::error file=")
    assert "title=E301::" in line
    assert "no%2Cmodel" in line


def test_format_json_is_the_json_option(intaglio: Command) -> None:
    done = intaglio("check", str(demo_digits().model), "--format", "json")
    assert json.loads(done.out)["ok"]
    assert intaglio("check", str(demo_digits().model), "--format", "xml").code == 2


def test_ops_lists_every_operator(intaglio: Command, root: Path) -> None:
    from intaglio.spec.graph import Op

    found = intaglio("ops", "--json").json["ops"]
    assert [row["op"] for row in found] == [op.value for op in Op]
    made_by_passes = [row["op"] for row in found if not row["tflite"] and not row["onnx"]]
    assert made_by_passes == ["scale_add"]
    assert all(row["why"] for row in found if row["where"] == "host")
    page = intaglio("ops", "--format", "md").out
    assert page in (root / "docs/reference/operators.md").read_text("utf-8")
    assert intaglio("ops", "--format", "html").code == 2
