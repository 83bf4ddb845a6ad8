"""Expected resources of the reference configurations, kept in a file by versions of the tools.

``python -m intaglio.boards.limits`` measures all of them again and writes the file.
"""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from intaglio.boards.fit import shortfall
from intaglio.boards.reference import REFERENCES, Reference
from intaglio.boards.route import route
from intaglio.boards.synth import Netlist, synthesise
from intaglio.boards.toolchain import yosys
from intaglio.spec.target import load_target

FILE = Path(__file__).with_name("limits.toml")
HEAD = """\
# Expected resources of reference configurations; written by `python -m intaglio.boards.limits`.
# luteq, ff, dsp and bram are tested for equality with these versions of the tools; fmax_mhz is one
# placement (seed 1) and for information.
"""


@lru_cache(maxsize=1)
def limits() -> dict[str, dict[str, dict[str, Any]]]:
    """Return the file: by tools, then by name of the reference."""
    tables: dict[str, dict[str, dict[str, Any]]] = tomllib.loads(FILE.read_text("utf-8"))
    return tables


def expected(name: str) -> dict[str, Any] | None:
    """Return what reference `name` costs with the tools installed; None: not known for these."""
    return limits().get(yosys().known_as, {}).get(name)


def measured(reference: Reference) -> Netlist:
    """Return the netlist of a reference configuration."""
    verilog, top = reference.verilog()
    return synthesise(verilog, top, load_target(reference.target))


def write(
    references: Iterable[Reference] = REFERENCES,
    progress: Callable[[str], None] = print,
    *,
    place: bool = True,
) -> None:
    """Measure `references` and write the file; what others cost with these tools is kept."""
    tool = yosys().known_as
    names = {reference.name for reference in REFERENCES}
    for reference in references:
        progress(f"{reference.name} on {reference.target}")
        row = _row(reference, progress, place)
        # Read again each time: another run may have written meanwhile.
        tables = tomllib.loads(FILE.read_text("utf-8")) if FILE.exists() else {}
        rows = {**tables.get(tool, {}), reference.name: row}
        kept = {name: rows[name] for name in sorted(rows) if name in names}
        FILE.write_text(HEAD + _toml(tables | {tool: kept}), "utf-8")


def _row(reference: Reference, progress: Callable[[str], None], place: bool) -> dict[str, Any]:
    verilog, top = reference.verilog()
    target = load_target(reference.target)
    netlist = synthesise(verilog, top, target, progress)
    row: dict[str, Any] = {"target": reference.target, **netlist.resources}
    if place and netlist.flow.router and not shortfall(netlist.resources, target):
        (routed,) = route(netlist, (1,), progress)
        row |= {"fmax_mhz": round(routed.fmax_mhz, 1), "router": routed.tool}
    return row


def _toml(tables: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> str:
    lines = []
    for tool, rows in tables.items():
        lines += ["", f'["{tool}"]']
        for name, row in rows.items():
            pairs = ", ".join(
                f'{key} = "{value}"' if isinstance(value, str) else f"{key} = {value}"
                for key, value in row.items()
            )
            lines.append(f'"{name}" = {{ {pairs} }}')
    return "\n".join(lines) + "\n"


def main(arguments: list[str]) -> int:
    """Measure the references named, or all of them; ``--synthesis`` places none."""
    wanted = [argument for argument in arguments if argument != "--synthesis"]
    chosen = [r for r in REFERENCES if not wanted or r.name in wanted]
    write(chosen, place="--synthesis" not in arguments)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
