"""The grid of configurations that area and clock models are fitted to, through the tools.

``python -m intaglio.api.grid`` maps every configuration to a board of each family, then places and
routes them, small ones first, and writes ``grid.json`` of :mod:`intaglio.estimate.grid` after each;
what was built before comes from the cache, so an interrupted run goes on where it was, and what it
has is of use.
"""

from __future__ import annotations

import argparse
import datetime
import json
import sys
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from intaglio.api.files import write_file
from intaglio.api.grid_configurations import configurations
from intaglio.estimate.grid import SCHEMA, Row, config_of, row_dict
from intaglio.spec.errors import FitError, ToolError

BOARDS = {
    "ecp5": "ulx3s-85f",
    "gowin": "tangnano20k",
    "ice40": "icebreaker",
    "xilinx": "pynq-z2",
}


def measure(
    families: Sequence[str], *, route: bool, only: Collection[str] = (), progress: Any = print
) -> Iterator[Row]:
    """Yield a row for each configuration and family, then those that can be routed again.

    Parameters
    ----------
    families : sequence of str
        Keys of :data:`BOARDS`.
    route : bool
        Place and route too, where an open flow exists and the part is large enough.
    only : collection of str
        Names of configurations; none: all.
    progress : callable
        Told in one line what takes long.
    """
    from intaglio.bench.source import accelerator_verilog
    from intaglio.boards.fit import shortfall
    from intaglio.boards.route import route as place
    from intaglio.boards.synth import synthesise
    from intaglio.gateware.emit import TOP
    from intaglio.spec.target import load_target

    placed = []
    for family in families:
        target = load_target(BOARDS[family])
        for plain in (c for c in configurations() if not only or c.name in only):
            config = replace(plain, target=target.name)
            verilog = accelerator_verilog(config, progress)
            try:
                netlist = synthesise(verilog, TOP, target, progress)
            except ToolError as error:  # Yosys dies of some: the others are of use without them
                progress(f"{family} {config.name}: {error}")
                continue
            yield Row(config, family, netlist.resources)
            if netlist.flow.router and not shortfall(netlist.resources, target):
                placed.append((config, family, netlist))
    for config, family, netlist in placed if route else ():
        try:
            fmax = round(place(netlist, (1,), progress)[0].fmax_mhz, 2)
        except FitError as error:
            progress(str(error))
        else:
            yield Row(config, family, netlist.resources, fmax)


def write(
    file: Path,
    families: Sequence[str],
    *,
    route: bool = True,
    only: Collection[str] = (),
    progress: Any = print,
) -> None:
    """Measure the grid and write `file` after each row; rows that are not measured are kept."""
    old = json.loads(file.read_text("utf-8")) if file.exists() else {"rows": []}
    rows = {
        (row["family"], config_of(row["config"]).name): row
        for row in old["rows"]
        if only or row["family"] not in families
    }
    for row in measure(families, route=route, only=only, progress=progress):
        rows[row.family, row.config.name] = row_dict(row)
        clock = f", {row.fmax} MHz" if row.fmax else ""
        progress(f"{row.family} {row.config.name}: {dict(row.resources)}{clock}")
        write_file(file, _text(list(rows.values()), families, old.get("tools", {})))


def _text(rows: Sequence[dict[str, Any]], families: Sequence[str], tools: dict[str, str]) -> str:
    """Return the file: one row a line, so that differences are readable."""
    from intaglio.boards.flows import FLOWS
    from intaglio.boards.toolchain import yosys

    routers = [FLOWS[family].program() for family in families if FLOWS[family].router]
    head = {
        "schema": SCHEMA,
        "tools": tools | {tool.name: tool.version for tool in (yosys(), *routers)},
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
    }
    lines = ",\n".join("  " + json.dumps(row) for row in rows)
    return json.dumps(head, indent=1)[:-2] + f',\n "rows": [\n{lines}\n ]\n}}\n'


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure the families named."""
    from importlib.resources import files

    usual = Path(str(files("intaglio.estimate").joinpath("grid.json")))
    parser = argparse.ArgumentParser(prog="python -m intaglio.api.grid", description=__doc__)
    parser.add_argument("families", nargs="*", default=["ecp5"], help=", ".join(BOARDS))
    parser.add_argument("--synthesis", action="store_true", help="no place and route")
    names = [config.name for config in configurations()]
    parser.add_argument("--only", nargs="+", default=[], choices=names, metavar="NAME")
    parser.add_argument("--output", type=Path, default=usual, help="default: %(default)s")
    chosen = parser.parse_args(arguments)
    write(chosen.output, chosen.families, route=not chosen.synthesis, only=chosen.only)
    return 0


if __name__ == "__main__":
    sys.exit(main())
