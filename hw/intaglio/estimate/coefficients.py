"""Coefficients of the energy and power models: one file, each with its source and kind."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from intaglio.spec.errors import ConfigError, Finding, UsageError

SCHEMA = 1
KINDS = ("measured", "datasheet", "derived", "assumed")
UNITS = (*("mW", "pJ/cycle", "pJ/toggle", "pJ/operation", "pJ/access", "pJ/byte", "toggle/cycle"),)
FILE = "coefficients.toml"
NODES = ("nm45", "nm32", "nm22")
NEEDED = ("value", "low", "high", "unit", "kind", "source")


@dataclass(frozen=True)
class Coefficient:
    """One coefficient; `confirmed` is False where its source was not read by us."""

    name: str
    value: float
    low: float
    high: float
    unit: str
    kind: str
    source: str
    confirmed: bool = True

    @property
    def label(self) -> str:
        """Kind, and whether it is confirmed."""
        return self.kind if self.confirmed else f"{self.kind}, unconfirmed"


@dataclass(frozen=True)
class SramTable:
    """Read energy in pJ of memories of `kib` KiB that are read `bits` at a time, by node."""

    kib: tuple[float, ...]
    bits: tuple[int, ...]
    nodes: Mapping[str, tuple[float, ...]]
    source: str
    kind: str


@dataclass(frozen=True)
class Coefficients:
    """All coefficients of one file."""

    origin: str
    rows: Mapping[str, Coefficient]
    sram: SramTable

    def get(self, name: str) -> Coefficient | None:
        """Return the coefficient `part.item`; None where there is none."""
        return self.rows.get(name)

    def need(self, name: str) -> Coefficient:
        """Return the coefficient `name`.

        Raises
        ------
        ConfigError
            E208: there is none.
        """
        if name not in self.rows:
            raise ConfigError(
                Finding(
                    "E208",
                    f"no coefficient is called {name}",
                    where=self.origin,
                    have=name,
                    need=", ".join(sorted(self.rows)),
                    help=f"add [{name}] with {', '.join(NEEDED)}",
                )
            )
        return self.rows[name]


@cache
def shipped() -> Coefficients:
    """Return the coefficients that the package carries."""
    text = (files("intaglio.estimate") / FILE).read_text("utf-8")
    return parse_coefficients(text, FILE)


def load_coefficients(path: Path | None) -> Coefficients:
    """Return the coefficients in the file `path`, or the shipped ones.

    Raises
    ------
    UsageError
        E103: the file cannot be read.
    ConfigError
        See :func:`parse_coefficients`.
    """
    if path is None:
        return shipped()
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        finding = Finding(
            "E103",
            f"{path} cannot be read: {error}",
            where="--coefficients",
            have=str(error),
            need="a readable TOML file",
            help="check the path",
        )
        raise UsageError(finding) from error
    return parse_coefficients(text, str(path))


def parse_coefficients(text: str, where: str) -> Coefficients:
    """Return the coefficients that TOML `text` holds.

    Raises
    ------
    ConfigError
        E201: not TOML. E209: a row lacks a value, its unit or its source, or one is not allowed;
        all together.
    """
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        finding = Finding(
            "E201", f"not TOML: {error}", where, str(error), "TOML 1.0", "mend the syntax"
        )
        raise ConfigError(finding) from error
    findings: list[Finding] = []
    if document.pop("schema", None) != SCHEMA:
        findings.append(_bad("schema", "another schema", f"schema = {SCHEMA}", where))
    sram = document.pop("sram", None)
    table = _sram(sram, findings, where)
    rows: dict[str, Coefficient] = {}
    for part, items in document.items():
        for item, values in items.items() if isinstance(items, dict) else ():
            name = f"{part}.{item}"
            faults = list(_faults(name, values, where))
            findings += faults
            if not faults:
                rows[name] = Coefficient(name=name, **values)
    if findings or table is None:
        raise ConfigError(findings)
    return Coefficients(where, rows, table)


def _sram(values: Any, findings: list[Finding], where: str) -> SramTable | None:
    columns = ("kib", "bits", *NODES)
    if not isinstance(values, dict) or any(key not in values for key in (*columns, "source")):
        findings.append(_bad("sram", "incomplete", ", ".join((*columns, "source", "kind")), where))
        return None
    if len({len(values[key]) for key in columns}) != 1:
        findings.append(_bad("sram", "columns of different lengths", "equal lengths", where))
        return None
    nodes = {node: tuple(map(float, values[node])) for node in NODES}
    return SramTable(
        tuple(values["kib"]), tuple(values["bits"]), nodes, values["source"], values["kind"]
    )


def _faults(name: str, values: Any, where: str) -> list[Finding]:
    if not isinstance(values, dict):
        return [_bad(name, repr(values), "a table", where)]
    missing = [key for key in NEEDED if key not in values]
    if missing:
        return [_bad(name, f"no {', '.join(missing)}", ", ".join(NEEDED), where)]
    found = []
    unknown = [key for key in values if key not in (*NEEDED, "confirmed")]
    if unknown:
        found.append(_bad(name, f"key {', '.join(unknown)}", ", ".join(NEEDED), where))
    if values["unit"] not in UNITS:
        found.append(_bad(name, f"unit {values['unit']!r}", ", ".join(UNITS), where))
    if values["kind"] not in KINDS:
        found.append(_bad(name, f"kind {values['kind']!r}", ", ".join(KINDS), where))
    numbers = [values[key] for key in ("low", "value", "high")]
    if not all(type(v) in (int, float) and 0 < v < float("inf") for v in numbers):
        found.append(_bad(name, f"numbers {numbers}", "finite numbers above 0", where))
    elif numbers != sorted(numbers):
        found.append(_bad(name, f"low, value, high = {numbers}", "low <= value <= high", where))
    return found


def _bad(name: str, have: str, need: str, where: str) -> Finding:
    return Finding(
        "E209", f"coefficient {name}: {have}", where, have, need, f"mend [{name}] in this file"
    )
