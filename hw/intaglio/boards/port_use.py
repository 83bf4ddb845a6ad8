"""Which bits of a core's ports matter: inputs that something reads, outputs that say something."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from intaglio.boards.synth import NETLIST, Netlist, failed
from intaglio.boards.toolchain import Progress, execute, yosys
from intaglio.tooling import cache

SCHEMA = "1"  # of the folders in the cache


def idle_ports(netlist: Netlist, progress: Progress = lambda _: None) -> dict[str, frozenset[int]]:
    """Return the bits of each port of `netlist` that are :func:`idle_bits`, from its netlist.

    Raises
    ------
    EnvironmentFault
        E501, E502: Yosys is missing or too old.
    ToolError
        E601: it failed.
    """
    tool = yosys()
    key = cache.digest("ports", SCHEMA, netlist.key, tool.version)

    def make(folder: Path) -> None:
        text = gzip.decompress((netlist.folder / f"{NETLIST}.gz").read_bytes())
        (folder / NETLIST).write_bytes(text)
        (folder / "ports.ys").write_text(f"read_rtlil {NETLIST}\nwrite_json core.json\n")
        status, output = execute(
            tool, ("-q", "-s", "ports.ys"), cwd=folder, progress=progress, log="yosys.log"
        )
        if status:
            raise failed(tool.name, output, netlist.top)
        module = json.loads((folder / "core.json").read_text())["modules"][netlist.top]
        idle = {name: sorted(bits) for name, bits in idle_bits(module).items()}
        (folder / "idle.json").write_text(json.dumps(idle))
        (folder / NETLIST).unlink()
        (folder / "core.json").unlink()

    kept: dict[str, list[int]] = json.loads(
        (cache.entry("ports", key, make) / "idle.json").read_text()
    )
    return {name: frozenset(bits) for name, bits in kept.items()}


def idle_bits(module: Mapping[str, Any]) -> dict[str, set[int]]:
    """Return the bits of ports that a wrapper may leave out.

    Input bits that no cell reads and no output shows; output bits that are constant, or the same
    wire as an output bit before them.

    Parameters
    ----------
    module : mapping
        A module of a netlist as Yosys writes it in JSON.
    """
    read: set[int | str] = set()
    for cell in module["cells"].values():
        for port, wires in cell["connections"].items():
            if cell["port_directions"][port] != "output":
                read |= set(wires)
    shown: set[int | str] = set()
    idle: dict[str, set[int]] = {}
    for name, port in module["ports"].items():
        if port["direction"] == "output":
            for bit, wire in enumerate(port["bits"]):
                if isinstance(wire, str) or wire in shown:
                    idle.setdefault(name, set()).add(bit)
                shown.add(wire)
    for name, port in module["ports"].items():
        if port["direction"] == "input":
            unread = {b for b, wire in enumerate(port["bits"]) if wire not in read | shown}
            if unread:
                idle[name] = unread
    return idle
