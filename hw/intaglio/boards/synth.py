"""Synthesis: Verilog and a target to a netlist, its cells and where they are."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from intaglio.boards.flows import Flow, flow_of
from intaglio.boards.hierarchy import Branch, tree
from intaglio.boards.toolchain import Program, Progress, execute, yosys
from intaglio.spec.errors import Finding, ToolError
from intaglio.spec.target import Target
from intaglio.tooling import cache

NETLIST = "core.il"
SCHEMA = "3"  # of the folders in the cache
FULL_LOG = "full.log"
ASSERTION = "ERROR: Assert `"  # of Yosys' own
SHOWN_LINES = 3
CONFLICT = "Driver-driver conflict"  # only a warning of Yosys, of a netlist that is not the design


@dataclass(frozen=True)
class Netlist:
    """A core as cells of one family, without pads.

    Parameters
    ----------
    top : str
        Its module.
    target : Target
        What it was mapped to.
    key : str
        Digest of all that decides it.
    folder : Path
        Where the cache keeps it.
    tool : str
        Name and version of the synthesiser.
    """

    top: str
    target: Target
    key: str
    folder: Path
    tool: str

    @property
    def flow(self) -> Flow:
        """The flow that made it."""
        return flow_of(self.target)

    @cached_property
    def cells(self) -> Mapping[str, int]:
        """Number of cells by type."""
        kept: dict[str, int] = self._kept["cells"]
        return kept

    @property
    def resources(self) -> dict[str, int]:
        """`luteq`, `ff`, `dsp`, `bram`: see :mod:`intaglio.boards.costs`."""
        return self.flow.costs.total(self.cells)

    @cached_property
    def hierarchy(self) -> list[Branch]:
        """Resources by instance, parents before children; the first is the whole."""
        return [Branch(**row) for row in self._kept["hierarchy"]]

    @property
    def ports(self) -> dict[str, tuple[str, int]]:
        """Direction and bits of each port, in order."""
        return {name: (way, bits) for name, (way, bits) in self._kept["ports"].items()}

    @property
    def how(self) -> str:
        """What the figures come from, in words."""
        again = ", mapped again after an assertion" if self._kept.get("again") else ""
        return f"{self.tool}, {self.flow.core.split(';')[0].format(top=self.top)}{again}"

    @cached_property
    def _kept(self) -> dict[str, Any]:
        kept: dict[str, Any] = json.loads((self.folder / "summary.json").read_text())
        return kept


def synthesise(
    verilog: str, top: str, target: Target, progress: Progress = lambda _: None
) -> Netlist:
    """Map `verilog` to the cells of the target's family; unchanged content comes from the cache.

    Parameters
    ----------
    verilog : str
        Everything that the module `top` needs.
    progress : callable
        Told in one line what takes long.

    Raises
    ------
    EnvironmentFault
        E501, E502: Yosys is missing or too old.
    ToolError
        E601: it failed.
    """
    tool, flow = yosys(), flow_of(target)
    script = flow.core.format(top=top)
    key = cache.digest("synth", SCHEMA, verilog, top, script, tool.version)

    def make(folder: Path) -> None:
        progress(f"{tool.name}: {top} for {target.family}")
        (folder / "core.v").write_text(verilog)
        status, output, told = _map(tool, script, folder, progress)
        again = ASSERTION in told and bool(flow.again)
        if again:
            progress(f"{tool.name}: again, another way")
            status, output, told = _map(tool, flow.again.format(top=top), folder, progress)
        if status or CONFLICT in output:
            raise failed(tool.name, output + told, top)
        summary = _summary((folder / "core.json").read_text(), top, flow, verilog)
        (folder / "summary.json").write_text(json.dumps(summary | {"again": again}))
        (folder / "core.json").unlink()
        text = (folder / NETLIST).read_bytes()
        (folder / f"{NETLIST}.gz").write_bytes(gzip.compress(text, 3))
        (folder / NETLIST).unlink()

    return Netlist(top, target, key, cache.entry("synth", key, make), tool.known_as)


def _map(tool: Program, script: str, folder: Path, progress: Progress) -> tuple[int, str, str]:
    """Run the commands of `script` on ``core.v``; return status, output, and the log if it failed.

    The log is of megabytes, and all that tells of an assertion.
    """
    lines = ["read_verilog core.v", *(part.strip() for part in script.split(";"))]
    lines += [
        "tee -q -o stat.json stat -json",
        "write_json core.json",
        f"write_rtlil {NETLIST}",
    ]
    (folder / "core.ys").write_text("\n".join(lines) + "\n")
    status, output = execute(
        tool,
        ("-q", "-l", FULL_LOG, "-s", "core.ys"),
        cwd=folder,
        progress=progress,
        log="yosys.log",
    )
    full = folder / FULL_LOG
    told = full.read_text(errors="replace") if status and full.is_file() else ""
    full.unlink(missing_ok=True)
    return status, output, told


def synth(verilog: str, top: str, target: Target | str) -> Mapping[str, int]:
    """Return the number of cells by type of `top` on a target; see :func:`synthesise`."""
    from intaglio.spec.target import load_target

    place = load_target(target) if isinstance(target, str) else target
    return synthesise(verilog, top, place).cells


def failed(tool: str, output: str, where: str) -> ToolError:
    """Return the error for a tool that stopped, with what it said last."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    told = [line for line in lines if "ERROR" in line]
    told = told or [line for line in lines if CONFLICT in line][:SHOWN_LINES]
    tail = told or lines[-SHOWN_LINES:] or ["it said nothing"]
    return ToolError(
        Finding(
            "E601",
            f"{tool} failed: " + "\n".join(tail),
            where=where,
            have=tail[0],
            need="exit status 0",
            help="intaglio doctor shows the tools found and their versions",
        )
    )


def _summary(text: str, top: str, flow: Flow, verilog: str) -> dict[str, Any]:
    """Return what is kept of a netlist in JSON."""
    module = json.loads(text)["modules"][top]
    cells: dict[str, int] = {}
    for cell in module["cells"].values():
        kind = cell["type"]
        if kind != "$scopeinfo":
            cells[kind] = cells.get(kind, 0) + 1
    return {
        "cells": dict(sorted(cells.items())),
        "ports": {
            name: (port["direction"], len(port["bits"])) for name, port in module["ports"].items()
        },
        "hierarchy": [branch.as_dict() for branch in tree(module, flow.costs, verilog)],
    }
