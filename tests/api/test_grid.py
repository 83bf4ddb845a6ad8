"""The grid that area and clock are fitted to, and the file that it is written to."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from intaglio.api import grid
from intaglio.estimate.grid import LEAST_ROWS, SCHEMA, Row, config_of

RESOURCES = {"luteq": 9, "ff": 8, "dsp": 7, "bram": 6}


def test_every_parameter_that_costs_gates_varies() -> None:
    configs = grid.configurations()
    assert len(configs) >= LEAST_ROWS
    assert len({config.name for config in configs}) == len(configs)
    assert len({config.digest for config in configs}) == len(configs)
    for key in ("pixels", "channels", "depth", "requant_lanes", "acts_kib", "roundings", "grouped"):
        assert len({getattr(config, key) for config in configs}) >= 2, key


def test_rows_are_written_one_by_one_and_other_families_are_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "grid.json"
    one, two = grid.configurations()[:2]
    seen: list[int] = []

    def measure(families: Sequence[str], **_: Any) -> Iterator[Row]:
        yield Row(one, families[0], RESOURCES, 50.0)
        seen.append(len(json.loads(file.read_text())["rows"]))
        yield Row(two, families[0], RESOURCES, None)

    monkeypatch.setattr(grid, "measure", measure)
    grid.write(file, ["xilinx"], progress=lambda _: None)
    assert seen == [1]
    grid.write(file, ["generic"], progress=lambda _: None)
    document = json.loads(file.read_text())
    assert document["schema"] == SCHEMA
    assert [row["family"] for row in document["rows"]] == ["xilinx"] * 2 + ["generic"] * 2
    assert config_of(document["rows"][0]["config"]) == one
    assert [row["fmax"] for row in document["rows"]] == [50.0, None] * 2


def test_a_row_that_is_measured_again_keeps_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "grid.json"
    one, two = grid.configurations()[:2]
    clocks = {one.name: 50.0, two.name: 60.0}

    def measure(families: Sequence[str], *, only: Sequence[str], **_: Any) -> Iterator[Row]:
        for config in (one, two):
            if not only or config.name in only:
                yield Row(config, families[0], RESOURCES, clocks[config.name])

    monkeypatch.setattr(grid, "measure", measure)
    grid.write(file, ["ecp5"], progress=lambda _: None)
    clocks[one.name] = 70.0
    grid.write(file, ["ecp5"], only=[one.name], progress=lambda _: None)
    assert [row["fmax"] for row in json.loads(file.read_text())["rows"]] == [70.0, 60.0]
