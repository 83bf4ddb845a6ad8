"""From Verilog to a netlist of gates: two inputs each, or the cells of a liberty library."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from intaglio.boards.gate_cells import CellLibrary
from intaglio.boards.gate_cells_generic import ABC_GATES
from intaglio.boards.gate_netlist import Netlist, read_netlist
from intaglio.boards.toolchain import execute, yosys
from intaglio.spec.errors import Finding, ToolError
from intaglio.tooling import cache

DESIGN, NETLIST, LOG = "design.v", "netlist.json", "yosys.log"
READ = f"read_verilog {DESIGN}; "
COARSE = "synth -top {top} -flatten -noabc {booth}; "
# Resets become gates, so that a flip-flop with a reset costs what it does without; enables stay,
# as the clock gate that they are.
GENERIC = (
    "dfflegalize -cell $_DFF_P_ 01 -cell $_DFFE_PP_ 01; opt -nodffe -nosdff; "
    f"abc -g {','.join(ABC_GATES)}; opt_clean -purge; "
)
LIBERTY = (
    "dfflegalize -cell $_DFF_P_ 01; opt -nodffe -nosdff; dfflibmap -liberty cells.lib; "
    "abc -liberty cells.lib; opt_clean -purge; "
)
WRITE = f"write_json {NETLIST}; "


@dataclass(frozen=True)
class GateDesign:
    """One design, ready to be mapped.

    Parameters
    ----------
    verilog : str
        All modules that it needs.
    top : str
        Name of the top module.
    booth : bool
        Multipliers with Booth recoding; else sums of rows of partial products.
    """

    verilog: str
    top: str
    booth: bool = False


def map_gates(
    design: GateDesign,
    library: CellLibrary,
    liberty: Path | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> Netlist:
    """Return the gates of a design, mapped unless the cache has them.

    Parameters
    ----------
    design : GateDesign
        What is mapped.
    library : CellLibrary
        :func:`intaglio.boards.gate_cells_generic.generic_library`, or the one read from `liberty`.
    liberty : Path, optional
        File with the cells to map to; without it, gates of two inputs.

    Raises
    ------
    EnvironmentFault
        E501, E502: Yosys is missing or too old.
    ToolError
        E601: Yosys failed.
    """
    folder = _mapped(design, liberty, progress)
    document = json.loads((folder / NETLIST).read_text())
    return read_netlist(document, design.top, library)


def _mapped(design: GateDesign, liberty: Path | None, progress: Callable[[str], None]) -> Path:
    tool = yosys()
    booth = "-booth" if design.booth else ""
    script = READ + COARSE.format(top=design.top, booth=booth)
    script += (LIBERTY if liberty else GENERIC) + WRITE
    cells = liberty.read_bytes() if liberty else b""

    def make(work: Path) -> None:
        (work / DESIGN).write_text(design.verilog)
        if liberty:
            (work / "cells.lib").write_bytes(cells)
        command = ("-q", "-p", script)
        status, output = execute(tool, command, cwd=work, progress=progress, log=LOG)
        if status or not (work / NETLIST).is_file():
            raise _failed(output, work)
        for name in (DESIGN, "cells.lib"):
            (work / name).unlink(missing_ok=True)

    key = cache.digest(tool.known_as, script, design.verilog, cells)
    return cache.entry("gates", key, make)


def _failed(output: str, work: Path) -> ToolError:
    lines = [line for line in output.splitlines() if "ERROR" in line] or output.splitlines()[-5:]
    return ToolError(
        Finding(
            "E601",
            "yosys failed: " + " ".join(lines),
            where=str(work),
            have=(lines or ["no message"])[-1],
            need="a mapped netlist",
            help="intaglio doctor shows the tools found and their versions",
        )
    )
