"""One unit alone: its Verilog lints by itself, its data sheet says what it is."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from intaglio import api
from intaglio.bench.lint import lint, synthesis_faults
from intaglio.spec.errors import ConfigError, UsageError

EXAMPLES = [
    ("multiply-packed", "int8", {}),
    ("multiply-packed", "int4", {}),
    ("mac", "w8au16", {"depth": 3}),
    ("mac-shift", "sp2_4", {"depth": 4}),
    ("unpack", "int3", {}),
    ("group-shift", "w4a8", {"form": "split"}),
    ("group-scale", "int4", {}),
    ("l1-statistics", "int8", {}),
]


@pytest.mark.parametrize(("name", "form", "settings"), EXAMPLES)
def test_a_unit_lints_by_itself(
    tmp_path: Path, name: str, form: str, settings: dict[str, int | str]
) -> None:
    made = api.generate_unit(name, form, tmp_path, settings)
    verilog = (tmp_path / f"{made.top}.v").read_text()
    assert lint(verilog, made.top) == []
    assert made.lines == len(verilog.splitlines())


@pytest.mark.parametrize("name", ["mac-packed", "unpack"])
def test_a_unit_synthesises_by_itself(tmp_path: Path, name: str) -> None:
    # Fields of arrays at the ports once made Yosys stop.
    made = api.generate_unit(name, "int4", tmp_path)
    assert synthesis_faults((tmp_path / f"{made.top}.v").read_text(), made.top) == []


def test_the_data_sheet_and_the_manifest_say_what_was_made(tmp_path: Path) -> None:
    made = api.generate_unit("mac", "int8", tmp_path, ["depth=4", "style=rows"])
    sheet = (tmp_path / f"{made.top}.md").read_text()
    latency = f"Latency {made.latency_cycles} cycles"
    for part in ("# intaglio_unit_mac_int8", latency, "| `depth` | 4 |", "Golden:"):
        assert part in sheet
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    settings = {"style": "rows", "depth": 4, "longest": 4096, "acc_bits": 0}
    assert settings.items() <= manifest["settings"].items()
    assert manifest["latency_cycles"] == made.latency_cycles > 0
    assert [path.name for path in made.files] == [*manifest["files"], "manifest.json"]


def test_the_same_settings_give_the_same_bytes(tmp_path: Path) -> None:
    folders = [tmp_path / name for name in ("a", "b")]
    made = [api.generate_unit("shift-add", "pow2_5", folder) for folder in folders]
    texts = [[path.read_bytes() for path in each.files] for each in made]
    assert texts[0] == texts[1]


@pytest.mark.parametrize("text", ["depth", "=4", ""])
def test_settings_must_be_pairs(tmp_path: Path, text: str) -> None:
    with pytest.raises(UsageError) as caught:
        api.generate_unit("mac", "int8", tmp_path, [text])
    assert caught.value.findings[0].code == "E101"
    assert list(tmp_path.iterdir()) == []


def test_numbers_must_be_numbers(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="depth is four"):
        api.generate_unit("mac", "int8", tmp_path, ["depth=four"])


def test_the_list_names_formats_that_can_be_made() -> None:
    listed = {unit["name"]: unit for unit in api.units()}
    assert {name for name, _, _ in EXAMPLES} <= listed.keys()
    assert all(form in listed[name]["formats"] for name, form, _ in EXAMPLES)
    assert json.loads(json.dumps(list(listed.values())))
