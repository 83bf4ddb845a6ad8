"""Comparison of formats: what is compared, that the check can fail, what is then printed."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from intaglio.explore import compare_formats_measure
from intaglio.explore.compare_formats import compare_formats
from intaglio.explore.compare_formats_markdown import markdown
from intaglio.explore.compare_formats_measure import Measure
from intaglio.explore.compare_formats_page import comparison_files
from intaglio.explore.compare_formats_pairs import Pair, all_pairs, choose_pairs
from intaglio.explore.compare_formats_table import FIGURES, FormatComparison, FormatRow
from intaglio.explore.compare_formats_units import build_unit
from intaglio.explore.compare_formats_vectors import Vectors, nearest_codes, vectors
from intaglio.spec.codes import number_format
from intaglio.spec.errors import ConfigError, UsageError

SMALL = Pair("int4", "int16", "operator", 1, "int4", "int4")
MASK = Pair("mask", "int24", "shift", 1, "int8", "mask")


def test_there_are_pairs_enough_and_no_two_alike() -> None:
    pairs = all_pairs()
    assert len({(p.format, p.accumulator) for p in pairs}) >= 24
    assert len(set(pairs)) == len(pairs)
    assert {p.lanes for p in pairs} == {1, 2, 16}
    assert Pair("int8", "int32", "operator", 1, "int8", "int8") in pairs
    assert any((p.format, p.accumulator) == ("fp8_e4m3", "fixed46") for p in pairs)
    assert all(name == name.lower() for p in pairs for name in (p.format, p.accumulator))


@pytest.mark.parametrize("pair", [p for p in all_pairs() if p.lanes < 16], ids=lambda p: p.name)
def test_every_unit_can_be_built_and_driven(pair: Pair) -> None:
    unit = build_unit(pair)
    unit._MustUse__silence = True
    given = vectors(pair, "uniform")
    lasts = np.asarray(given.inputs["last"])
    assert len(given.outputs) == lasts.sum() > 0
    assert len(np.asarray(given.inputs["act"])) == len(lasts)


def test_names_choose_pairs_beside_int8() -> None:
    chosen = choose_pairs(["fp8_e4m3/fp32"])
    assert {(p.format, p.accumulator) for p in chosen} == {("int8", "int32"), ("fp8_e4m3", "fp32")}
    assert [p.accumulator for p in choose_pairs(["int8/int28"])][-1] == "int28"


@pytest.mark.parametrize("name", ["int9", "fp8_e4m3/int32", "fp8", "int8/fp32"])
def test_formats_that_do_not_exist(name: str) -> None:
    with pytest.raises(ConfigError) as caught:
        choose_pairs(["int8", name])
    assert caught.value.findings[0].code == "E206"
    assert name in caught.value.findings[0].message


def test_an_accumulator_below_the_bound_is_refused_before_anything_runs() -> None:
    with pytest.raises(ConfigError, match="23 bits is narrower") as caught:
        compare_formats(["int8/int23"])
    assert caught.value.findings[0].code == "E402"
    assert caught.value.findings[0].need == "24 bits or more"


def test_a_target_that_does_not_exist() -> None:
    with pytest.raises(UsageError, match="'asic'"):
        compare_formats(["int4"], targets=["gates", "asic"])


def test_values_go_to_the_nearest_code() -> None:
    form = number_format("pow2_3")
    values = np.array([0.0, 1.0, -1.0, 0.3, -0.6])
    table = form.table() / np.abs(form.table()).max()
    best = np.abs(table[None, :] - values[:, None]).min(axis=1)
    assert np.abs(table[nearest_codes(values, form)] - values) == pytest.approx(best)


def rows(pair: Pair) -> list[FormatRow]:
    return Measure(("gates",)).rows(pair)


def test_a_unit_that_is_golden_has_figures() -> None:
    (plain, booth), (mask,) = rows(SMALL), rows(MASK)
    assert (plain.golden, plain.booth, booth.golden, booth.booth) == ("pass", False, "pass", True)
    for row in (plain, booth, mask):
        assert row.gates and row.energy and row.path_ps and row.flip_flops
        assert row.glitch_factor is not None and row.glitch_factor >= 1
        assert row.luteq is None and row.fmax_mhz is None and row.liberty_area is None
    # Product and accumulator, `valid` and `last` along with the product, `first`, `done`.
    assert plain.flip_flops == 8 + 16 + 4


def test_the_page_has_a_library_beside_the_gates_where_one_was_given() -> None:
    row = FormatRow("int16", "int40", "operator", 1, False, "pass", energy_rel_int8=3.24)
    plain = markdown(FormatComparison((row,), ("gates",), {"yosys": "1"}, 496))
    assert "| int16 / int40 | operator | 3.24 | 2.70 | +20 % |" in plain
    assert "`--liberty FILE` adds" in plain
    row = replace(row, liberty_rel_int8=3.0)
    tools = {"yosys": "1", "library cells.lib": "sha256 0"}
    given = markdown(FormatComparison((row,), ("gates",), tools, 496))
    assert "| int16 / int40 | operator | 3.24 | 3.00 | +8 % | 2.70 | +20 % |" in given
    assert "--output DIR --liberty cells.lib" in given


def test_a_unit_that_is_not_golden_has_no_figure_and_is_not_kept(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def wrong(pair: Pair, kind: str, seed: int = 1) -> Vectors:
        given = vectors(pair, kind, seed)
        outputs = list(given.outputs)
        outputs[3] += 1
        return Vectors(given.inputs, outputs)

    good = rows(SMALL)
    monkeypatch.setattr(compare_formats_measure, "vectors", wrong)
    monkeypatch.setattr(Measure, "content", "another content")
    for _ in range(2):
        failed = rows(SMALL)
        assert [row.golden for row in failed] == ["fail", "fail"]
        assert all(getattr(row, name) is None for row in failed for name in FIGURES)
        assert "1 of" in failed[0].faults[0] and "the first is 3" in failed[0].faults[0]
    monkeypatch.undo()
    assert rows(SMALL) == good


def test_a_gate_that_is_wrong_is_seen() -> None:
    from intaglio.boards.gate_cells_generic import generic_library
    from intaglio.boards.gates import GateDesign, map_gates
    from intaglio.explore.compare_formats_run import run_gates
    from intaglio.gateware.emit import component_verilog

    unit = build_unit(SMALL)
    net = map_gates(GateDesign(component_verilog(unit, "unit"), "unit"), generic_library())
    given = vectors(SMALL, "uniform")
    assert run_gates(net, unit, given).faults == ()
    at = next(n for n, cell in enumerate(net.gates) if cell.name == "$_XOR_")
    broken = list(net.gates)
    broken[at] = net.library.cells["$_XNOR_"]
    assert run_gates(replace(net, gates=tuple(broken)), unit, given).faults


def table() -> FormatComparison:
    base = FormatRow("int8", "int32", "operator", 1, False, "pass", 600, 9, 50, 1500.0, 3000, 800.0)
    fp8 = replace(base, format="fp8_e4m3", accumulator="fp32", style="pipelined", gates=2100)
    bad = FormatRow("mask", "int24", "shift", 1, False, "fail", faults=("it differs",))
    found = (replace(base, energy_rel_int8=1.0), replace(fp8, energy_rel_int8=2.5), bad)
    return FormatComparison(found, ("gates",), {"yosys": "0.70"}, 496)


def test_the_json_has_what_it_must() -> None:
    found = json.loads(json.dumps(table().as_dict()))
    must = {"format", "accumulator", "lanes", "booth", "style", "gates", "luteq", "ff", "dsp"}
    must |= {"fmax_mhz", "energy_rel_int8", "golden"}
    assert all(must <= set(row) for row in found["rows"])
    assert found["rows"][0]["energy_rel_int8"] == 1.0
    assert found["rows"][2]["golden"] == "fail"
    assert all(found["rows"][2][name] is None for name in FIGURES)


def test_files_hold_every_row_and_need_nothing_else() -> None:
    result = table()
    files = comparison_files(result)
    lines = list(csv.DictReader(StringIO(files["formats.csv"])))
    assert [line["format"] for line in lines] == ["int8", "fp8_e4m3", "mask"]
    assert (lines[1]["gates"], lines[2]["gates"]) == ("2100", "")
    assert files["formats.json"] == json.dumps(result.as_dict(), indent=1) + "\n"
    page = files["formats.html"]
    assert page.count("<svg") >= 2 and "+183 %" in page and "+250 %" in page
    assert "http" not in page.replace("http://www.w3.org", "").replace("http://purl.org", "")
    assert any(name.endswith(".svg") for name in files)
    assert not result.passed
    assert files == comparison_files(table()), "the same figures give the same files"


def test_overheads_are_over_the_like() -> None:
    result = table()
    row = result.find("fp8_e4m3", "fp32", "pipelined")
    assert row is not None
    assert result.overhead(row, "gates") == pytest.approx(2.5)
    assert result.overhead(row, "luteq") is None
    assert result.overhead(replace(row, booth=True), "gates", like=True) is None


def test_content_changes_with_targets_and_tools(monkeypatch: pytest.MonkeyPatch) -> None:
    def versions(_: Any) -> dict[str, str]:
        return {"yosys": "another"}

    before = Measure(("gates",)).content
    assert before == Measure(("gates",)).content
    monkeypatch.setattr(compare_formats_measure, "versions", versions)
    assert before != Measure(("gates",)).content
