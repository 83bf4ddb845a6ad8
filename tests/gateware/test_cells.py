"""Multiplexers and adders of cells equal what they stand for, by Yosys's models of the cells."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import pytest

from intaglio.boards.toolchain import execute, yosys

SCRIPT = """\
read_verilog -D {macro} cells.v
chparam {sizes} {module}
rename {module} cells
read_verilog -D FORMAL whole.v
chparam {sizes} {module}
read_verilog -nooverwrite +/ecp5/cells_sim.v
hierarchy
proc
flatten {module} cells
miter -equiv -flatten {module} cells both
sat -verify -prove trigger 0 both
"""


def _proved(folder: Path, module: str, change: tuple[str, str], sizes: str) -> bool:
    text = files("intaglio.gateware").joinpath(f"{module.removeprefix('intaglio_')}.v")
    whole = text.read_text("utf-8")
    assert change[0] in whole
    (folder / "cells.v").write_text(whole.replace(*change), "utf-8")
    (folder / "whole.v").write_text(whole, "utf-8")
    script = SCRIPT.format(macro=f"{module.upper()}_CELLS", module=module, sizes=sizes)
    (folder / "proof.ys").write_text(script, "utf-8")
    arguments = ("-q", "-s", "proof.ys")
    status, _ = execute(yosys(), arguments, cwd=folder, progress=lambda _: None, log="log")
    return status == 0


@pytest.mark.parametrize("count", [2, 4, 8, 16])
def test_cells_equal_the_index(tmp_path: Path, count: int) -> None:
    sizes = f"-set WIDTH 2 -set COUNT {count} -set BITS {(count - 1).bit_length()}"
    assert _proved(tmp_path, "intaglio_mux", ("CACA", "CACA"), sizes)
    assert not _proved(tmp_path, "intaglio_mux", ("CACA", "CACC"), sizes)


@pytest.mark.parametrize("width", [5, 8])
def test_cells_equal_the_sum(tmp_path: Path, width: int) -> None:
    sizes = f"-set WIDTH {width}"
    assert _proved(tmp_path, "intaglio_adder", ("C6CC", "C6CC"), sizes)
    assert not _proved(tmp_path, "intaglio_adder", ("C6CC", "C6CA"), sizes)
