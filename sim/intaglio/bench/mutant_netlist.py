"""All mutants of a component in one netlist, chosen by an input."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from intaglio.bench.compile import TOP
from intaglio.bench.lint import python_path, yosys
from intaglio.spec.errors import Finding, ToolError
from intaglio.tooling import cache
from intaglio.tooling.process import run

SELECT = "mutant"
SELECT_BITS = 16
# One flat module of words: a mutant is a wrong bit of an operand, a result or a register.
PREPARE = (
    f"hierarchy -top {TOP}; proc; flatten; opt; memory; techmap -map +/pmux2mux.v; opt -full; "
    "wreduce; opt -full; "
    "opt_clean -purge"
)
# For proofs: single gates, and registers without enable and reset.
PLAIN = "techmap; opt; dffunmap; simplemap; opt_clean"
# Mutated bits of an output depend on its other bits: no loop, but one of words.
LOOPS = "/* verilator lint_off UNOPTFLAT */\n"
RESERVE = 8  # so many per cent more are drawn, for those of the clock are left out
VERSION = "6"


@dataclass(frozen=True)
class MutantNetlist:
    """A component with an input that chooses a mutant.

    Parameters
    ----------
    verilog : str
        Module ``intaglio_top`` with the input ``mutant``; at 0 it is what it was made from.
    mutants : tuple of str
        Number n, from 1, is described at n - 1: what happens to which bit of which cell's port.
    netlist : mapping
        The same in single gates, Yosys's JSON of the module.
    """

    verilog: str
    mutants: tuple[str, ...]
    netlist: dict[str, Any]


def mutate(verilog: str, count: int, seed: int = 1) -> MutantNetlist:
    """Return up to `count` mutants of ``intaglio_top``, drawn evenly over its cells and wires.

    A mutant inverts a bit of a port of a word-level cell, holds it at 0 or 1, or inverts it while
    another bit of the port is 0 or 1. The clock is left as it is. Fewer than `count` come where
    the netlist has no more.

    Raises
    ------
    EnvironmentFault
        E501: yosys is missing.
    ToolError
        E601: it failed. E602: there is nothing to mutate.
    """

    def make(work: Path) -> None:
        (work / "top.v").write_text(verilog)
        drawn = count + max(4, count * RESERVE // 100)
        _yosys(
            work,
            f"read_verilog top.v; {PREPARE}; write_rtlil pre.il; "
            f"mutate -list {drawn} -seed {seed} -o all.txt",
        )
        lines = [
            line for line in (work / "all.txt").read_text().splitlines() if " CLK " not in line
        ]
        chosen = lines[:count]
        script = [
            line.replace("mutate ", f"mutate -ctrl {SELECT} {SELECT_BITS} {n} ", 1)
            for n, line in enumerate(chosen, 1)
        ]
        (work / "mutate.ys").write_text("\n".join(script) + "\n")
        (work / "mutants.json").write_text(json.dumps([_described(line) for line in chosen]))
        _yosys(
            work,
            "read_rtlil pre.il; script mutate.ys; opt_clean; splitnets -driver; opt_clean; "
            "write_verilog -noattr top.v; "
            f"{PLAIN}; write_json top.json",
        )
        for name in ("pre.il", "all.txt", "mutate.ys"):
            (work / name).unlink()

    key = cache.digest(VERSION, PREPARE, PLAIN, yosys(), str(count), str(seed), verilog)
    folder = cache.entry("mutants", key, make)
    mutants = tuple(json.loads((folder / "mutants.json").read_text()))
    if not mutants:
        raise ToolError(
            Finding(
                "E602",
                "no mutant could be made",
                where=TOP,
                have="a netlist without cells",
                need="at least one cell",
                help="look at the Verilog that intaglio generate --unit writes",
            )
        )
    module = json.loads((folder / "top.json").read_text())["modules"][TOP]
    return MutantNetlist(LOOPS + (folder / "top.v").read_text(), mutants, module)


def _yosys(work: Path, script: str) -> None:
    (work / "run.ys").write_text(script.replace("; ", "\n") + "\n")
    env = {**os.environ, "PATH": python_path()}
    run((yosys(), "-q", "-s", "run.ys"), cwd=work, env=env)
    (work / "run.ys").unlink()


def _described(line: str) -> str:
    """Return what Yosys's command does, in few words."""
    words = line.split()
    option = {words[n]: words[n + 1] for n in range(1, len(words) - 1, 2) if words[n][0] == "-"}
    wire = f" ({option['-wire']}[{option['-wirebit']}])" if "-wire" in option else ""
    control = f" by {option['-ctrlbit']}" if "-ctrlbit" in option else ""
    where = f"{option['-cell']}.{option['-port'].lstrip(chr(92))}[{option['-portbit']}]"
    return f"{option['-mode']}{control} {where}{wire}"
