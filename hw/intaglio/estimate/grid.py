"""Synthesised and routed configurations that the area and clock models are fitted to.

``grid.json`` holds ``rows``: each has ``config`` (fields of
:class:`intaglio.spec.config.ArrayConfig` that are not defaults), ``family``, ``luteq``, ``ff``,
``dsp``, ``bram`` and, where it was routed, ``fmax`` in MHz. ``python -m intaglio.api.grid`` writes
it again.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from functools import cache
from importlib.resources import files
from typing import Any

from intaglio.spec.config import ArrayConfig
from intaglio.spec.quant import Rounding

SCHEMA = 1
FILES = ("grid.json", "grid_synthesis.json")  # the first that has enough rows serves them
LEAST_ROWS = 5  # fewer fit no model
QUEUED = "queued"  # engines with queues of commands
SERIAL = "serial"  # one command at a time
KINDS = (QUEUED, SERIAL)  # of control, which share few gates: each is fitted alone


@dataclass(frozen=True)
class Row:
    """One configuration through the tools.

    Parameters
    ----------
    config : ArrayConfig
        What was built.
    family : str
        ``"ecp5"``, ``"ice40"``, ``"gowin"`` or ``"xilinx"``.
    resources : mapping
        ``luteq``, ``ff``, ``dsp``, ``bram``.
    fmax : float or None
        MHz after routing; None where it was only synthesised.
    """

    config: ArrayConfig
    family: str
    resources: Mapping[str, float]
    fmax: float | None = None


@dataclass(frozen=True)
class Grid:
    """Rows of one family and kind, and where they come from."""

    rows: tuple[Row, ...]
    tools: str

    @property
    def stage(self) -> str:
        """What the rows went through."""
        return "place and route" if all(row.fmax for row in self.rows) else "synthesis"


def kind_of(config: ArrayConfig) -> str:
    """Return which of :data:`KINDS` a configuration is of."""
    return QUEUED if config.command_queue else SERIAL


@cache
def grid_of(family: str, kind: str = QUEUED) -> Grid | None:
    """Return the rows of `family` and `kind`; None where no file has enough of them.

    A generic target has the rows of ECP5: LUTs of four inputs and 18-bit multipliers.
    """
    wanted = "ecp5" if family == "generic" else family
    for name in FILES:
        path = files("intaglio.estimate") / name
        if not path.is_file():
            continue
        document = json.loads(path.read_text("utf-8"))
        rows = tuple(
            row for row in _rows(document) if row.family == wanted and kind_of(row.config) == kind
        )
        if len(rows) >= LEAST_ROWS:
            routed = any(row.fmax for row in rows)
            text = ", ".join(_tools(document.get("tools", {}), wanted if routed else ""))
            return Grid(rows, f"{name}, {len(rows)} {kind} configurations, {text}")
    return None


def row_dict(row: Row) -> dict[str, Any]:
    """Return a row as the file holds it."""
    plain = asdict(ArrayConfig())
    changed = {k: v for k, v in asdict(row.config).items() if plain[k] != v}
    return {
        "config": _plain(changed),
        "family": row.family,
        **row.resources,
        "fmax": row.fmax,
    }


def config_of(values: Mapping[str, Any]) -> ArrayConfig:
    """Return the configuration with these fields; others are defaults."""
    known = {field.name for field in fields(ArrayConfig)}
    chosen = {key: value for key, value in values.items() if key in known}
    if "roundings" in chosen:
        chosen["roundings"] = tuple(Rounding(mode) for mode in chosen["roundings"])
    return ArrayConfig(**chosen)


def _rows(document: Mapping[str, Any]) -> Iterator[Row]:
    if document.get("schema") != SCHEMA:
        return
    for row in document["rows"]:
        counts = {key: _number(row[key]) for key in ("luteq", "ff", "dsp", "bram")}
        fmax = row.get("fmax")
        yield Row(
            config_of(row["config"]),
            row.get("family", "ecp5"),
            {key: value for key, value in counts.items() if value is not None},
            _number(fmax),
        )


def _tools(tools: Mapping[str, str], family: str) -> Iterator[str]:
    """Yield the programs that rows went through: Yosys, and the router of `family` if it ran."""
    for tool, version in tools.items():
        if tool == "yosys" or (family and tool.endswith(f"-{family}")):
            yield f"{tool} {version}"


def _number(value: Any) -> float | None:
    """Return a plain number or the value of a figure."""
    if isinstance(value, Mapping):
        value = value["value"]
    return None if value is None else float(value)


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        key: [int(mode) for mode in value] if key == "roundings" else value
        for key, value in values.items()
    }
