"""What a unit is made of, by Yosys: operators of its source, 2-input gates, cells of ECP5."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from intaglio.boards.costs import COSTS
from intaglio.boards.toolchain import execute, yosys
from intaglio.gateware.emit import component_verilog
from intaglio.spec.errors import Finding, ToolError
from intaglio.tooling import cache

TOP = "ledger_unit"
TWO_INPUT = "AND,NAND,OR,NOR,XOR,XNOR"
MULTIPLIERS = ("$mul", "$macc", "$macc_v2", "$alu_mul")
DIVIDERS = ("$div", "$mod", "$divfloor", "$modfloor", "$pow")
READ = f"read_verilog -sv unit.v; hierarchy -check -top {TOP}; proc; flatten; opt_clean"
SCRIPTS = {
    "operators": READ,
    "gates": f"{READ}; synth -flatten -top {TOP}; abc -g {TWO_INPUT}; opt_clean",
    "ecp5": f"{READ}; synth_ecp5 -no-rw-check -top {TOP}",
}
FLIP_FLOPS = ("$_DFF", "$_SDFF", "$_ADFF", "TRELLIS_FF")


@dataclass(frozen=True)
class Cells:
    """How many cells of each kind a unit has.

    Parameters
    ----------
    kinds : mapping
        Count by kind, as Yosys names it.
    tool : str
        Program and version.
    """

    kinds: Mapping[str, int]
    tool: str

    def count(self, *kinds: str) -> int:
        """Return the cells of `kinds` together."""
        return sum(self.kinds.get(kind, 0) for kind in kinds)

    @property
    def flip_flops(self) -> int:
        """Registers, in bits."""
        return sum(n for kind, n in self.kinds.items() if kind.startswith(FLIP_FLOPS))

    @property
    def two_input(self) -> int:
        """Gates of two inputs, of the script ``gates``; inverters are not counted."""
        return self.count(*(f"$_{kind}_" for kind in TWO_INPUT.split(",")))

    @property
    def luteq(self) -> int:
        """LUTeq of :data:`intaglio.boards.costs.COSTS`, of the script ``ecp5``."""
        return COSTS["ecp5"].total(self.kinds)["luteq"]

    @property
    def multiplier_blocks(self) -> int:
        """Multipliers, of the script ``ecp5``."""
        return COSTS["ecp5"].total(self.kinds)["dsp"]


def cells(component: Any, script: str) -> Cells:
    """Return the cells of a component after a script of :data:`SCRIPTS`; kept by content.

    Raises
    ------
    EnvironmentFault
        E501, E502: Yosys is missing or too old.
    ToolError
        E601: it failed.
    """
    verilog, tool = component_verilog(component, TOP), yosys()
    key = cache.digest(tool.known_as, SCRIPTS[script], verilog)

    def make(work: Path) -> None:
        (work / "unit.v").write_text(verilog)
        steps = f"{SCRIPTS[script]}; tee -q -o stat.json stat -json"
        status, output = execute(
            tool, ("-q", "-p", steps), cwd=work, progress=lambda _: None, log="yosys.log"
        )
        if status:
            raise ToolError(
                Finding(
                    "E601",
                    f"{tool.known_as} ended with status {status}",
                    where=script,
                    have=output[-500:],
                    need="status 0",
                    help="intaglio doctor shows the tools found",
                )
            )

    folder = cache.entry("ledger-cells", key, make)
    found = json.loads((folder / "stat.json").read_text())
    return Cells(dict(found["design"]["num_cells_by_type"]), tool.known_as)
