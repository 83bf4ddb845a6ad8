"""What the reference configurations cost stands in a file, and is what they cost."""

from __future__ import annotations

import pytest

from intaglio.boards.costs import RESOURCES
from intaglio.boards.limits import expected, limits, measured
from intaglio.boards.reference import REFERENCES, Reference

ROWS = [
    pytest.param(reference, marks=() if reference.quick else (pytest.mark.slow,), id=reference.name)
    for reference in REFERENCES
]


@pytest.mark.parametrize("reference", ROWS)
def test_resources_are_those_of_the_file(reference: Reference, tools: None) -> None:
    row = expected(reference.name)
    if row is None:
        pytest.skip("limits.toml has no such row for the Yosys that is installed")
    found = measured(reference).resources
    assert found == {key: row[key] for key in RESOURCES}, (
        "a change that is meant: python -m intaglio.boards.limits " + reference.name
    )


def test_every_unit_stands_in_the_file_and_nothing_but_references() -> None:
    units = {reference.name for reference in REFERENCES if reference.unit}
    for tool, rows in limits().items():
        assert units <= set(rows) <= {reference.name for reference in REFERENCES}, tool


def test_names_are_unique_and_some_are_quick() -> None:
    names = [reference.name for reference in REFERENCES]
    assert len(set(names)) == len(names)
    assert 2 <= sum(reference.quick for reference in REFERENCES) <= 4
