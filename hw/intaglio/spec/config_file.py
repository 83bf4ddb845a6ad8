"""Configurations as TOML: strict keys, every fault reported with its line."""

from __future__ import annotations

import difflib
import tomllib
from dataclasses import fields
from pathlib import Path
from typing import Any

from intaglio.spec.config import ArrayConfig
from intaglio.spec.errors import ConfigError, Finding, UsageError
from intaglio.spec.presets import PRESETS
from intaglio.spec.quant import Rounding

SCHEMA = 1
_SECTIONS: dict[str, tuple[str, ...]] = {
    "array": (
        *("pixels", "channels", "depth", "requant_lanes", "max_terms", "roundings", "grouped"),
        *("lane", "act_bits", "weight_bits", "precisions"),
        *("group_scale", "group_size", "scale_bits", "shift_groups", "tap_list"),
    ),
    "memory": (
        *("acts_kib", "weights_kib", "params_kib"),
        *("burst_beats", "outstanding", "address_bits"),
    ),
    "control": ("command_queue", "counters"),
    "project": ("name",),
    "target": ("name",),
}
_FIELD_OF = {("project", "name"): "name", ("target", "name"): "target"}


def load_config(name: str) -> ArrayConfig:
    """Return the preset called `name`, or the configuration in the TOML file `name`.

    Raises
    ------
    ConfigError
        E204 for a name that is neither, E201 for bad syntax, E202 and E203 for all faults of keys
        and values together.
    """
    if name in PRESETS:
        return PRESETS[name]
    path = Path(name)
    if path.suffix != ".toml" and not path.exists():
        near = difflib.get_close_matches(name, PRESETS, 1)
        raise ConfigError(
            Finding(
                "E204",
                f"{name} is no preset and no file",
                where="--config",
                have=name,
                need=f"a TOML file or one of {', '.join(PRESETS)}",
                help=f"did you mean {near[0]}?" if near else "intaglio presets lists them",
            )
        )
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            Finding(
                "E103",
                f"{name} cannot be read: {error}",
                where=name,
                have=str(error),
                need="a readable TOML file",
                help="check the path",
            )
        ) from error
    return parse_config(text, name)


def parse_config(text: str, where: str) -> ArrayConfig:
    """Return the configuration that TOML `text` describes; see :func:`load_config`."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(
            Finding(
                "E201",
                f"not TOML: {error}",
                where=where,
                have=str(error),
                need="TOML 1.0",
                help="mend the syntax",
            )
        ) from error
    reader = _Reader(text, where)
    values = reader.read(document)
    if reader.findings:
        raise ConfigError(reader.findings)
    try:
        return ArrayConfig(**values)
    except ConfigError as error:
        raise ConfigError(
            Finding(
                f.code, f.message, reader.line_of(f.where.split(".")[1]), f.have, f.need, f.help
            )
            for f in error.findings
        ) from error


def to_toml(config: ArrayConfig) -> str:
    """Return `config` as TOML text that :func:`parse_config` reads back."""
    lines = [f"schema = {SCHEMA}"]
    for section, keys in _SECTIONS.items():
        lines += ["", f"[{section}]"]
        for key in keys:
            value = getattr(config, _FIELD_OF.get((section, key), key))
            if isinstance(value, tuple):
                value = [int(item) for item in value]
            text = str(value).lower() if isinstance(value, bool) else str(value)
            lines.append(f'{key} = "{value}"' if isinstance(value, str) else f"{key} = {text}")
    return "\n".join(lines) + "\n"


class _Reader:
    """Collects values and findings of one document."""

    def __init__(self, text: str, where: str) -> None:
        self.lines = text.splitlines()
        self.where = where
        self.findings: list[Finding] = []

    def line_of(self, key: str) -> str:
        """Return file:line of the first line that names `key`."""
        for number, line in enumerate(self.lines, 1):
            head = line.split("=")[0].split("#")[0].strip().strip("[]").strip()
            if head == key or head.endswith(f".{key}"):
                return f"{self.where}:{number}"
        return self.where

    def read(self, document: dict[str, Any]) -> dict[str, Any]:
        """Return the fields of ArrayConfig that `document` sets."""
        values: dict[str, Any] = {}
        if document.get("schema", SCHEMA) != SCHEMA:
            self._bad("schema", document["schema"], str(SCHEMA))
        for section, table in document.items():
            if section == "schema":
                continue
            if section not in _SECTIONS:
                self._unknown(section, (*_SECTIONS, "schema"))
            elif not isinstance(table, dict):
                self._bad(section, table, f"a table [{section}]")
            else:
                for key, value in table.items():
                    if key not in _SECTIONS[section]:
                        self._unknown(key, _SECTIONS[section], f"{section}.")
                    else:
                        self._value(values, section, key, value)
        return values

    def _value(self, values: dict[str, Any], section: str, key: str, value: Any) -> None:
        name = _FIELD_OF.get((section, key), key)
        kinds = {field.name: field.type for field in fields(ArrayConfig)}
        kind = kinds[name]
        if (kind == "str" and isinstance(value, str)) or (
            kind == "bool" and isinstance(value, bool)
        ):
            values[name] = value
        elif kind == "int" and isinstance(value, int) and not isinstance(value, bool):
            values[name] = value
        elif name == "roundings" and isinstance(value, list):
            legal = {int(mode) for mode in Rounding}
            if all(isinstance(item, int) and item in legal for item in value):
                values[name] = tuple(Rounding(item) for item in value)
            else:
                self._bad(key, value, f"a list of modes {sorted(legal)}")
        elif name == "precisions" and isinstance(value, list):
            if all(type(item) is int for item in value):
                values[name] = tuple(value)
            else:
                self._bad(key, value, "a list of bits, as in [8, 4]")
        else:
            self._bad(
                key,
                value,
                {"str": "a string", "int": "a whole number", "bool": "true or false"}.get(
                    str(kind), "a list"
                ),
            )

    def _unknown(self, key: str, legal: tuple[str, ...], prefix: str = "") -> None:
        everywhere = [f"{s}.{k}" for s, keys in _SECTIONS.items() for k in keys]
        near = difflib.get_close_matches(key, legal, 1) or difflib.get_close_matches(
            prefix + key, everywhere, 1
        )
        self.findings.append(
            Finding(
                "E202",
                f"{prefix}{key} is no configuration key",
                where=self.line_of(key),
                have=key,
                need=", ".join(legal),
                help=f"did you mean {near[0]}?" if near else "remove it",
            )
        )

    def _bad(self, key: str, value: object, need: str) -> None:
        self.findings.append(
            Finding(
                "E203",
                f"{key} is {value!r}",
                where=self.line_of(key),
                have=repr(value),
                need=need,
                help=f"set {key} to {need}",
            )
        )
