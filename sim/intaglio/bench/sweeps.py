"""Every long run by unit and format, and one of them measured."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from functools import lru_cache, partial
from pathlib import Path

from intaglio.bench import (
    pairs_groups,
    pairs_mac,
    pairs_products,
    pairs_shift,
    pairs_split,
    pairs_unpack,
    sweeps_formats,
    sweeps_minifloat,
    sweeps_requantise,
)
from intaglio.bench.compile import TOP
from intaglio.bench.row import Row, ports
from intaglio.bench.tools import toolchain
from intaglio.bench.vectors import Swept, content, measure
from intaglio.spec.errors import Finding, UsageError
from intaglio.tooling import cache

VECTORS = 1_000_000
PARTS = ("ecp5", "dsp48e1", "dsp48e2", "block")  # in names: products share a multiplier


@dataclass(frozen=True)
class Sweep:
    """A long run.

    Parameters
    ----------
    unit, form : str
        Unit of ``intaglio units`` (or ``requantise``) and format.
    row : Row
        Stimulus, corners first, and golden outputs.
    """

    unit: str
    form: str
    row: Row

    @property
    def name(self) -> str:
        """Name of the row."""
        return self.row.name


@dataclass(frozen=True)
class SweepResult:
    """What a long run showed.

    Parameters
    ----------
    name, unit, form : str
        Of the sweep.
    vectors, compared, cycles : int
        As :class:`intaglio.bench.vectors.Swept`.
    mismatches : int
        Output payloads that were not golden's.
    fault : str
        The first of them.
    seconds : float
        Wall time, building included.
    cached : bool
        Kept from a run before: neither gates nor vectors have changed.
    """

    name: str
    unit: str
    form: str
    vectors: int
    compared: int
    cycles: int
    mismatches: int
    fault: str
    seconds: float
    cached: bool = False


def _is_packed(name: str) -> bool:
    _, _, rest = name.partition("-")
    return rest.startswith(PARTS) and not (rest + "-").startswith("block-int8-depth")


def _mac_unit(name: str) -> str:
    if any(part in pairs_mac.SHIFTS for part in name.split("-")):
        return "mac-shift"
    return "mac-packed" if _is_packed(name) else "mac"


def _pair_form(name: str) -> str:
    act, wgt = name.split("-")[2:4]
    return act if act == wgt else f"{act}_{wgt}"


def _sweeps() -> Iterable[Sweep]:
    for row in pairs_products.SWEEPS:
        unit = "multiply-packed" if _is_packed(row.name) else "multiply"
        yield Sweep(unit, _form(row.name, unit), row)
    for row in pairs_mac.SWEEPS:
        unit = _mac_unit(row.name)
        yield Sweep(unit, _form(row.name, unit), row)
    for row in pairs_shift.SWEEPS:
        yield Sweep("shift-add", _form(row.name, "shift-add"), row)
    for row in pairs_unpack.SWEEPS:
        yield Sweep("unpack", _form(row.name, "unpack"), row)
    for row in pairs_groups.SWEEPS:
        unit = next(u for u in ("group-shift", "group-scale", "l1-statistics") if u in row.name)
        # Sums over groups take products of INT8 and INT4.
        yield Sweep(unit, _form(row.name, unit) if unit == "l1-statistics" else "w4a8", row)
    for row in sweeps_minifloat.EXHAUSTIVE:
        yield Sweep("minifloat-product", _pair_form(row.name), row)
    for row in sweeps_minifloat.SWEEPS:
        unit = "minifloat-dot" if "-exact-" in row.name else "minifloat-float-dot"
        unit = "fp16-dot" if row.name.startswith("fp16") else unit
        yield Sweep(unit, _form(row.name, unit), row)
    for row in sweeps_formats.SWEEPS:
        if row.name.startswith("power"):
            unit = "-".join(row.name.split("-")[:2]) + "-dot"
            yield Sweep(unit, _form(row.name, unit), row)
        else:
            unit = next(
                u
                for u in ("dfp-pair-fma", "dfp-exponent-scan", "dfp-exponent-shift")
                if row.name.startswith(u)
            )
            yield Sweep(unit, "dfp16", row)
    for row in pairs_split.ROWS:
        yield Sweep("split-dot", "int8", row)
    for row in sweeps_requantise.SWEEPS:
        yield Sweep("requantise", "int32", row)


def _form(name: str, unit: str) -> str:
    """Return the format of `unit` that stands in a row's name."""
    from intaglio.gateware.units import units

    known = units()[unit].formats
    return next((part for part in name.split("-") if part in known), known[0])


@lru_cache
def sweeps() -> tuple[Sweep, ...]:
    """Return every long run."""
    return tuple(_sweeps())


def choose(names: Sequence[str], *, every: bool = False) -> list[Sweep]:
    """Return the sweeps of units, or of rows, that begin with one of `names`; none: of all.

    Parameters
    ----------
    names : sequence of str
    every : bool
        All rows; otherwise the first one of each unit and format.

    Raises
    ------
    UsageError
        E101: a name fits none.
    """
    findings = [
        Finding(
            "E101",
            f"no sweep fits {name}",
            where="--units",
            have=name,
            need=", ".join(dict.fromkeys(sweep.unit for sweep in sweeps())),
            help="intaglio units lists the units",
        )
        for name in names
        if not any(s.unit.startswith(name) or s.name.startswith(name) for s in sweeps())
    ]
    if findings:
        raise UsageError(findings)
    fitting = [
        sweep
        for sweep in sweeps()
        if not names or any(x.startswith(tuple(names)) for x in (sweep.unit, sweep.name))
    ]
    if every:
        return fitting
    first: dict[tuple[str, str], Sweep] = {}
    for sweep in fitting:
        first.setdefault(
            (sweep.unit, sweep.form if sweep.unit != "requantise" else sweep.name), sweep
        )
    return list(first.values())


def run_sweep(name: str, vectors: int = VECTORS, seed: int = 1) -> SweepResult:
    """Run the sweep whose row is called `name`; one without mismatch is kept by content.

    Raises
    ------
    EnvironmentFault, ToolError
        A tool is missing or failed.
    """
    from intaglio.gateware.emit import component_verilog

    sweep = next(sweep for sweep in sweeps() if sweep.name == name)
    component = sweep.row.build()
    text = component_verilog(component, TOP)
    streams = {n: port for n, port in ports(component).items() if port.is_stream}
    vectors_key = content(sweep.row, streams, seed)
    key = cache.digest(toolchain().key, name, str(vectors), str(seed), text, vectors_key)
    if cache.has("sweep", key):
        folder = cache.entry("sweep", key, _unexpected)
        kept = json.loads((folder / "sweep.json").read_text())
        return replace(SweepResult(**kept), cached=True)
    began = time.monotonic()
    swept = measure(sweep.row, vectors, seed=seed)
    done = _result(sweep, swept, time.monotonic() - began)
    if not done.mismatches:
        cache.entry("sweep", key, partial(_keep, done))
    return done


def _result(sweep: Sweep, swept: Swept, seconds: float) -> SweepResult:
    return SweepResult(
        sweep.name,
        sweep.unit,
        sweep.form,
        swept.vectors,
        swept.payloads,
        swept.cycles,
        swept.mismatches,
        swept.fault,
        round(seconds, 1),
    )


def _keep(done: SweepResult, folder: Path) -> None:
    (folder / "sweep.json").write_text(json.dumps(asdict(done)))


def _unexpected(folder: Path) -> None:
    raise FileNotFoundError(folder)
