"""Coefficients: complete, with unit and source, or refused with all faults."""

from __future__ import annotations

from pathlib import Path

import pytest

from intaglio.estimate.coefficients import load_coefficients, parse_coefficients, shipped
from intaglio.spec.errors import ConfigError, UsageError

SRAM = """
schema = 1
[sram]
kind = "derived"
source = "test"
kib = [1]
bits = [32]
nm45 = [1.0]
nm32 = [1.0]
nm22 = [1.0]
"""
ROW = '[a.b]\nvalue = 2\nlow = 1\nhigh = 3\nunit = "mW"\nkind = "measured"\nsource = "s"\n'


def test_each_shipped_coefficient_has_a_band_and_a_source() -> None:
    rows = shipped().rows.values()
    assert len(rows) > 15
    assert all(row.low <= row.value <= row.high and row.source for row in rows)


def test_a_file_replaces_the_shipped_one(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(SRAM + ROW)
    found = load_coefficients(path)
    assert found.need("a.b").value == 2
    assert found.origin == str(path)


def test_an_unknown_coefficient_is_named() -> None:
    with pytest.raises(ConfigError, match=r"E208.*ice40\.magic"):
        shipped().need("ice40.magic")


@pytest.mark.parametrize(
    ("old", "new", "text"),
    [
        ('unit = "mW"\n', "", "no unit"),
        ('unit = "mW"', 'unit = "furlong"', "furlong"),
        ('kind = "measured"', 'kind = "heard"', "heard"),
        ("low = 1", "low = 5", "low, value, high"),
        ("value = 2", "value = 0", "numbers"),
        ('source = "s"\n', 'source = "s"\ncolour = 1\n', "colour"),
    ],
)
def test_an_incomplete_coefficient_is_refused(old: str, new: str, text: str) -> None:
    with pytest.raises(ConfigError, match=f"E209.*{text}"):
        parse_coefficients(SRAM + ROW.replace(old, new), "test.toml")


def test_all_faults_are_reported_together() -> None:
    with pytest.raises(ConfigError) as caught:
        parse_coefficients(SRAM.replace("schema = 1", "schema = 9") + "[a.b]\nvalue = 1\n", "t")
    assert len(caught.value.findings) == 2


def test_what_is_no_toml_or_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="E201"):
        parse_coefficients("[", "t")
    with pytest.raises(UsageError, match="E103"):
        load_coefficients(tmp_path / "missing.toml")
