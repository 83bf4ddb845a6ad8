"""The multiplexer of cells equals its index, as Yosys's own models of the cells say."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import pytest

from intaglio.boards.toolchain import execute, yosys

SCRIPT = """\
read_verilog -D INTAGLIO_MUX_CELLS cells.v
chparam {sizes} intaglio_mux
rename intaglio_mux cells
read_verilog -D FORMAL index.v
chparam {sizes} intaglio_mux
read_verilog -nooverwrite +/ecp5/cells_sim.v
hierarchy
proc
flatten intaglio_mux cells
miter -equiv -flatten intaglio_mux cells both
sat -verify -prove trigger 0 both
"""


def _proved(folder: Path, cells: str, index: str, count: int) -> bool:
    bits = (count - 1).bit_length()
    sizes = f"-set WIDTH 2 -set COUNT {count} -set BITS {bits}"
    for name, text in (("cells.v", cells), ("index.v", index)):
        (folder / name).write_text(text, "utf-8")
    (folder / "proof.ys").write_text(SCRIPT.format(sizes=sizes), "utf-8")
    arguments = ("-q", "-s", "proof.ys")
    status, _ = execute(yosys(), arguments, cwd=folder, progress=lambda _: None, log="log")
    return status == 0


@pytest.mark.parametrize("count", [2, 4, 8, 16])
def test_cells_equal_the_index(tmp_path: Path, count: int) -> None:
    text = files("intaglio.gateware").joinpath("mux.v").read_text("utf-8")
    assert _proved(tmp_path, text, text, count)
    assert not _proved(tmp_path, text.replace("16'hCACA", "16'hCACC"), text, count)
