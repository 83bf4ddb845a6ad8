"""The grid that area and clock are fitted to, and the file that it is written to."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from intaglio.api import grid
from intaglio.api.grid_configurations import configurations, queued, serial
from intaglio.estimate.grid import LEAST_ROWS, SCHEMA, Row, config_of, kind_of
from intaglio.spec.config import ArrayConfig
from intaglio.spec.errors import Finding, ToolError

RESOURCES = {"luteq": 9, "ff": 8, "dsp": 7, "bram": 6}


SHAPE = ("pixels", "channels", "depth", "requant_lanes", "acts_kib", "roundings", "grouped")
CONTROL = ("counters", "address_bits", "max_terms")


@pytest.mark.parametrize(
    ("configs", "keys"),
    [(queued(), SHAPE), (serial(), SHAPE + CONTROL)],
    ids=["queued", "serial"],
)
def test_every_parameter_that_costs_gates_varies_in_two_rows_or_more(
    configs: Sequence[ArrayConfig], keys: Sequence[str]
) -> None:
    assert len(configs) >= LEAST_ROWS
    assert len({kind_of(config) for config in configs}) == 1
    for key in keys:
        seen = [getattr(config, key) for config in configs]
        assert len(seen) - max(map(seen.count, seen)) >= 2, key


def test_names_tell_the_configurations_apart() -> None:
    every = configurations()
    assert len({config.name for config in every}) == len(every)
    assert len({config.digest for config in every}) == len(every)


def test_a_configuration_that_the_tool_fails_on_is_left_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def die(*_: Any) -> None:
        raise ToolError(Finding("E601", "yosys failed", where="here", have="", need="", help=""))

    said: list[str] = []
    monkeypatch.setattr("intaglio.boards.synth.synthesise", die)
    monkeypatch.setattr("intaglio.bench.source.accelerator_verilog", lambda *_: "")
    names = [config.name for config in serial()[:2]]
    assert not list(grid.measure(["ecp5"], route=True, only=names, progress=said.append))
    assert [line.split(":")[0] for line in said] == [f"ecp5 {name}" for name in names]


def test_rows_are_written_one_by_one_and_other_families_are_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "grid.json"
    one, two = configurations()[:2]
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
    one, two = configurations()[:2]
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
