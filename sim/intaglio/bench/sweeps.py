"""Every long run by unit and format, and one of them measured."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from functools import lru_cache, partial
from pathlib import Path

from intaglio.bench import (
    pairs_groups,
    pairs_mac,
    pairs_products,
    pairs_runtime,
    pairs_shift,
    pairs_unpack,
    sweeps_formats,
    sweeps_minifloat,
    sweeps_requantise,
    sweeps_split,
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


def _product_unit(name: str) -> str:
    rest = name.partition("-")[2]
    alone = (rest + "-").startswith("block-int8-depth")  # a block with one product
    return "multiply-packed" if rest.startswith(PARTS) and not alone else "multiply"


def _mac_unit(name: str) -> str:
    if any(part in pairs_mac.SHIFTS for part in name.split("-")):
        return "mac-shift"
    return "mac-packed" if _product_unit(name) == "multiply-packed" else "mac"


def _float_unit(name: str) -> str:
    if name.startswith("fp16"):
        return "fp16-dot"
    return "minifloat-dot" if "-exact-" in name else "minifloat-float-dot"


def _begin(name: str) -> str:
    """Return the unit with which a name begins, ``-dot`` perhaps left out."""
    from intaglio.gateware.units import units

    fitting = [unit for unit in units() if name.startswith(unit.removesuffix("-dot"))]
    return max(fitting, key=len)


# Rows, and the unit of a row's name.
TABLES: tuple[tuple[Sequence[Row], Callable[[str], str]], ...] = (
    (pairs_products.SWEEPS, _product_unit),
    (pairs_mac.SWEEPS, _mac_unit),
    (pairs_runtime.SWEEPS, lambda _: "mac-runtime"),
    (pairs_shift.SWEEPS, _begin),
    (pairs_unpack.SWEEPS, _begin),
    (pairs_groups.SWEEPS, _begin),
    (sweeps_minifloat.EXHAUSTIVE, _begin),
    (sweeps_minifloat.SWEEPS, _float_unit),
    (sweeps_formats.SWEEPS, _begin),
    (sweeps_split.SWEEPS, lambda _: "split-dot"),
    (sweeps_requantise.SWEEPS, lambda _: "requantise"),
)
# Of units whose rows do not name their format.
FORMS = {"group-shift": "w4a8", "group-scale": "w4a8", "split-dot": "int8"} | dict.fromkeys(
    ("dfp-pair-fma", "dfp-exponent-scan", "dfp-exponent-shift"), "dfp16"
)


def _form(name: str, unit: str) -> str:
    """Return the format of `unit` that stands in a row's name."""
    from intaglio.gateware.units import units

    parts = name.split("-")
    if unit in FORMS:
        return FORMS[unit]
    if unit == "minifloat-product":
        act, wgt = parts[2:4]
        return act if act == wgt else f"{act}_{wgt}"
    if unit == "mac-runtime":
        return "_".join(part for part in parts if part.startswith("int"))
    if unit == "requantise":
        return parts[-1]
    return next(part for part in parts if part in units()[unit].formats)


@lru_cache
def sweeps() -> tuple[Sweep, ...]:
    """Return every long run."""
    found = [(unit_of(row.name), row) for rows, unit_of in TABLES for row in rows]
    return tuple(Sweep(unit, _form(row.name, unit), row) for unit, row in found)


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
