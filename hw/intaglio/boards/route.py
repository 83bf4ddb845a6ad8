"""Place and route: a netlist on the part of a board, for several seeds."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from intaglio.boards.congestion import Crowding
from intaglio.boards.dense import filled
from intaglio.boards.flows import Flow
from intaglio.boards.port_use import idle_ports
from intaglio.boards.synth import NETLIST, Netlist, failed, synthesise
from intaglio.boards.toolchain import Program, Progress, execute, yosys
from intaglio.boards.wrapper import TOP, scan_wrapper
from intaglio.spec.errors import Finding, FitError
from intaglio.spec.target import Target
from intaglio.tooling import cache

SCHEMA = "2"  # of the folders in the cache
NO_ROOM = re.compile(
    r"^ERROR: (.*(?:no BELs remaining|nable to (?:find|place|fit)|no more|not enough|exceed).*)$",
    re.MULTILINE,
)

USED = re.compile(r"^Info:\s+(\w+):\s+(\d+)/\s*(\d+)\s+\d+%", re.MULTILINE)
HELP = "choose a smaller configuration or a larger target"


@dataclass(frozen=True)
class Routed:
    """One placement of a netlist.

    Parameters
    ----------
    netlist : Netlist
        What was placed.
    seed : int
        Of the placer.
    folder : Path
        Where the cache keeps the tool's report.
    tool : str
        Name and version of the program.
    spread : bool
        Every second row of tiles was kept empty.
    """

    netlist: Netlist
    seed: int
    folder: Path
    tool: str
    spread: bool = False

    @property
    def fmax_mhz(self) -> float:
        """Highest clock at which every path within the part is in time."""
        return float(self.report["fmax_mhz"])

    @cached_property
    def report(self) -> dict[str, Any]:
        """`fmax_mhz` and `path`, the slowest one, from the tool's report."""
        kept: dict[str, Any] = json.loads((self.folder / "kept.json").read_text())
        return kept

    @property
    def how(self) -> str:
        """What the figures come from, in words."""
        target = self.netlist.target
        part = f"{target.device} {target.package} speed {target.speed_grade}".strip()
        spread = ", every second row of tiles kept empty" if self.spread else ""
        return f"{self.tool}, {part}, seed {self.seed}, scan wrapper{spread}"


def route(
    netlist: Netlist, seeds: Sequence[int] = (1,), progress: Progress = lambda _: None
) -> list[Routed]:
    """Place and route `netlist` once for each of `seeds`, each result from the cache if unchanged.

    Raises
    ------
    EnvironmentFault
        E501, E502: a tool is missing or too old.
    FitError
        E406: it does not fit the part, or its wires are too crowded.
    ToolError
        E601: a tool failed.
    """
    flow = netlist.flow
    tool = flow.program()
    wrapped = _wrapped(netlist, flow, progress)
    return [_route(netlist, wrapped, tool, seed, progress) for seed in seeds]


def fmax(verilog: str, top: str, target: Target, seeds: Sequence[int] = (1,)) -> float:
    """Return the best routed clock of `top` in MHz; see :func:`route`."""
    return max(routed.fmax_mhz for routed in route(synthesise(verilog, top, target), seeds))


def _wrapped(netlist: Netlist, flow: Flow, progress: Progress) -> Path:
    """Return the folder that holds the netlist within its scan wrapper."""
    tool = yosys()
    wrapper = scan_wrapper(netlist.top, netlist.ports, idle=idle_ports(netlist, progress))
    script = flow.board.format(top=TOP)
    key = cache.digest("wrap", SCHEMA, netlist.key, wrapper, script, tool.version)

    def make(folder: Path) -> None:
        progress(f"{tool.name}: scan wrapper of {netlist.top}")
        (folder / "wrapper.v").write_text(wrapper)
        text = gzip.decompress((netlist.folder / f"{NETLIST}.gz").read_bytes())
        (folder / NETLIST).write_bytes(text)
        lines = ["read_verilog wrapper.v", *(part.strip() for part in script.split(";"))]
        lines += [f"delete =A:blackbox {netlist.top}", f"read_rtlil {NETLIST}"]
        lines += [f"hierarchy -top {TOP}", "flatten", "delete t:$scopeinfo", "write_json top.json"]
        (folder / "wrapper.ys").write_text("\n".join(lines) + "\n")
        status, output = execute(
            tool, ("-q", "-s", "wrapper.ys"), cwd=folder, progress=progress, log="yosys.log"
        )
        if status:
            raise failed(tool.name, output, netlist.top)
        packed = gzip.compress((folder / "top.json").read_bytes(), 3)
        (folder / "top.json.gz").write_bytes(packed)
        (folder / "top.json").unlink()
        (folder / NETLIST).unlink()

    return cache.entry("wrap", key, make)


def _route(netlist: Netlist, wrapped: Path, tool: Program, seed: int, progress: Progress) -> Routed:
    target, flow = netlist.target, netlist.flow
    arguments = [
        *flow.arguments(target),
        *("--json", "top.json", "--report", "report.json", "--seed", str(seed)),
        *("--freq", f"{flow.freq_mhz:g}", "--timing-allow-fail", *flow.loose),
    ]
    pins = clock_pin(target)
    if pins:
        option, _, value = flow.pins.partition(" ")
        arguments += [option, f"{value}=clock.pins" if value else "clock.pins"]
    more, empty = _spread(netlist)
    arguments += more
    key = cache.digest("route", SCHEMA, wrapped.name, pins, *arguments, tool.version, *empty)

    def make(folder: Path) -> None:
        progress(f"{tool.name}: {netlist.top} on {target.name}, seed {seed}")
        text = gzip.decompress((wrapped / "top.json.gz").read_bytes())
        (folder / "top.json").write_bytes(filled(text, TOP, empty) if empty else text)
        (folder / "clock.pins").write_text(pins)
        crowding = Crowding(folder / "log.txt")
        status, output = execute(
            tool,
            ("-q", "-l", crowding.log.name, *arguments),
            cwd=folder,
            progress=progress,
            log="out.txt",
            hopeless=crowding.stuck,
        )
        if crowding.stuck():
            raise crowding.error(target)
        report = folder / "report.json"
        if status or not report.is_file():
            log = folder / "log.txt"
            _explain(tool, output, log.read_text() if log.is_file() else "", target)
        kept = _kept(json.loads(report.read_text()))
        (folder / "kept.json").write_text(json.dumps(kept))
        (folder / "top.json").unlink()
        report.unlink()

    return Routed(netlist, seed, cache.entry("route", key, make), tool.known_as, bool(empty))


def _spread(netlist: Netlist) -> tuple[tuple[str, ...], list[str]]:
    """Return arguments for a netlist that congests, and the look-up tables that are kept empty."""
    dense, luteq = netlist.flow.dense, netlist.resources["luteq"]
    if dense is None or luteq <= dense.luteq:
        return (), []
    return dense.arguments, dense.kept_empty(netlist.target.device, luteq)


def clock_pin(target: Target) -> str:
    """Return the lines of the target's pin file that place its clock; the wrapper has no other."""
    lines = target.pin_text().splitlines()
    return "".join(f"{line}\n" for line in lines if re.search(r"\bclk\b", line))


def _kept(report: dict[str, Any]) -> dict[str, Any]:
    """Return what is kept of nextpnr's report."""
    clocks = {name: entry["achieved"] for name, entry in report["fmax"].items()}
    slowest = min(clocks, key=lambda name: clocks[name])
    paths = [p for p in report["critical_paths"] if p["from"].rpartition(" ")[2] == slowest]
    inner = [p for p in paths if p["to"].rpartition(" ")[2] == slowest]
    return {
        "fmax_mhz": clocks[slowest],
        "path": inner[0]["path"] if inner else [],
    }


def _explain(tool: Program, output: str, log: str, target: Target) -> None:
    """Raise the error that the program's `output` and `log` tell of."""
    found = NO_ROOM.search(output)
    if not found:
        raise failed(tool.name, output, target.name)
    over = [
        (kind, int(used), int(has)) for kind, used, has in USED.findall(log) if int(used) > int(has)
    ]
    raise FitError(
        [
            Finding(
                "E406",
                f"the design does not fit {target.name}: {used} {kind}, "
                f"{used - has} more than there are",
                where=target.name,
                have=f"{used} {kind}",
                need=f"at most {has}",
                help=HELP,
            )
            for kind, used, has in over
        ]
        or Finding(
            "E406",
            f"the design does not fit {target.name}: {found[1]}",
            where=target.name,
            have=found[1],
            need=f"what {target.device} has",
            help=HELP,
        )
    )
