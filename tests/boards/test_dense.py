"""Crowded netlists are spread: every second row of tiles is kept empty, on parts that are known."""

from __future__ import annotations

import json

from intaglio.boards.dense import ECP5_DENSE, MOST, filled
from intaglio.spec.target import load_target

PART = load_target("ulx3s-85f")


def test_tiles_are_all_of_the_part() -> None:
    assert PART.resources
    assert ECP5_DENSE.tiles[PART.device].luts == PART.resources.luts


def test_a_netlist_that_needs_the_rows_gets_them() -> None:
    tiles = ECP5_DENSE.tiles[PART.device]
    empty = ECP5_DENSE.kept_empty(PART.device, 30_000)
    left = tiles.luts - len(empty)
    assert 0.4 * tiles.luts < len(empty) == len(set(empty)) < 0.5 * tiles.luts
    assert tiles.most == int(MOST * left)
    assert ECP5_DENSE.kept_empty(PART.device, int(MOST * left)) == empty
    assert not ECP5_DENSE.kept_empty(PART.device, int(MOST * left) + 1)
    assert not ECP5_DENSE.kept_empty("LFE5U-25F", 15_000)


def test_the_netlist_holds_a_cell_for_each_and_what_it_had() -> None:
    plain = {"modules": {"top": {"cells": {"a": {"type": "LUT4"}}}, "other": {"cells": {}}}}
    places = ["X2/Y2/SLICEA.K0", "X3/Y2/SLICED.K1"]
    found = json.loads(filled(json.dumps(plain).encode(), "top", places))
    cells = found["modules"]["top"]["cells"]
    assert cells.pop("a") == {"type": "LUT4"}
    assert [cell["attributes"]["BEL"] for cell in cells.values()] == places
    assert found["modules"]["other"] == {"cells": {}}
