"""Targets: what a folder of ``constraints/`` says about a board or part."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import MISSING, dataclass, fields
from difflib import get_close_matches
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path, PurePosixPath
from typing import Any

from intaglio.spec.errors import ConfigError, Finding

SCHEMA = 1
FAMILIES = ("ecp5", "ice40", "gowin", "xilinx", "generic")
STATES = ("tested-in-ci", "builds", "untested")
FILE = "target.toml"


@dataclass(frozen=True)
class Resources:
    """What a part has.

    Parameters
    ----------
    luts, flip_flops, multipliers : int
        As the place-and-route tool counts them.
    ram_blocks : int
        Blocks of RAM with a read and a write port.
    ram_kib : int
        What all blocks together hold, in KiB (1024 bytes).
    """

    luts: int
    flip_flops: int
    ram_blocks: int
    ram_kib: int
    multipliers: int


@dataclass(frozen=True)
class Target:
    """A board or part that Verilog is generated for.

    Parameters
    ----------
    name : str
        The folder in ``constraints/``.
    description : str
        One line for lists.
    family : str
        One of :data:`FAMILIES`.
    device, package, speed_grade : str
        As the vendor names them; empty for a generic target.
    clock_mhz : float or None
        Oscillator of the board in MHz; None when the target has none.
    pins : str
        The pin file, seen from the folder; empty when the target has no pins.
    state : str
        One of :data:`STATES`: placed and routed by the tests, placed and routed by hand, or
        neither.
    memories : tuple of str
        Memory on the board, beside the part's own.
    tools : tuple of str
        Programs from Verilog to what the board is loaded with.
    resources : Resources or None
        None when the part is not known.
    """

    name: str
    description: str
    family: str
    device: str = ""
    package: str = ""
    speed_grade: str = ""
    clock_mhz: float | None = None
    pins: str = ""
    state: str = "untested"
    memories: tuple[str, ...] = ()
    tools: tuple[str, ...] = ()
    resources: Resources | None = None

    @property
    def pin_file(self) -> str:
        """Name of the pin file without folders; empty when the target has no pins."""
        return PurePosixPath(self.pins).name

    def pin_text(self) -> str:
        """Return the text of the pin file; empty when the target has no pins."""
        if not self.pins:
            return ""
        folder, _, name = self.pins.removeprefix("../").rpartition("/")
        return (_root() / (folder or self.name) / name).read_text("utf-8")


def target_names() -> tuple[str, ...]:
    """Return the names of all targets, sorted."""
    folders = (folder for folder in _root().iterdir() if (folder / FILE).is_file())
    return tuple(sorted(folder.name for folder in folders))


def load_target(name: str) -> Target:
    """Return the target called `name`.

    Raises
    ------
    ConfigError
        E205: no target has this name. E201, E202, E203: its file is not as it should be.
    """
    names = target_names()
    if name not in names:
        near = get_close_matches(name, names, n=1)
        finding = Finding(
            "E205",
            f"no target is called {name!r}",
            where="--target",
            have=name,
            need=", ".join(names),
            help=f"did you mean {near[0]}?" if near else "choose one of the names above",
        )
        raise ConfigError(finding)
    text = (_root() / name / FILE).read_text("utf-8")
    return parse_target(text, name=name, where=f"constraints/{name}/{FILE}")


def parse_target(text: str, *, name: str, where: str) -> Target:
    """Return the target that the TOML `text` describes.

    Parameters
    ----------
    text : str
        Contents of a ``target.toml``.
    name : str
        Name of its folder.
    where : str
        Path for messages.

    Raises
    ------
    ConfigError
        E201: not TOML. E202 and E203: every unknown key and every bad value, all together.
    """
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(Finding("E201", f"not TOML: {error}", where=where)) from error
    schema = table.pop("schema", None)
    resources = table.pop("resources", None)
    findings = list(_faults(Target, table, where, "")) + list(_value_faults(table, schema, where))
    if isinstance(resources, dict):
        findings += _faults(Resources, resources, where, "resources.")
    elif resources is not None:
        findings.append(_bad("resources", resources, "a table", where))
    if findings:
        raise ConfigError(findings)
    lists = {key: tuple(value) for key, value in table.items() if isinstance(value, list)}
    parts = Resources(**resources) if resources else None
    return Target(name=name, resources=parts, **(table | lists))


def _root() -> Traversable:
    """Return the folder of targets: beside this module in a wheel, else the checkout's."""
    packaged = files("intaglio.spec") / "targets"
    return packaged if packaged.is_dir() else Path(__file__).parents[3] / "constraints"


# Types that tomllib returns for each annotation; exact, because bool is an int to isinstance.
_TYPES: dict[str, tuple[tuple[type, ...], str]] = {
    "str": ((str,), "text"),
    "int": ((int,), "a whole number"),
    "float | None": ((int, float), "a number"),
    "tuple[str, ...]": ((list,), "a list of texts"),
}


def _faults(kind: type, table: dict[str, Any], where: str, prefix: str) -> Iterator[Finding]:
    """Yield a finding for each key of `table` that `kind` has not, lacks or types otherwise."""
    known = {f.name: f for f in fields(kind) if f.name not in ("name", "resources")}
    for key in table:
        if key not in known:
            near = get_close_matches(key, known, n=1)
            yield Finding(
                "E202",
                f"unknown key {prefix}{key}",
                where=where,
                have=key,
                need=", ".join(known),
                help=f"did you mean {near[0]}?" if near else "remove the key",
            )
    for key, field in known.items():
        expected, words = _TYPES[str(field.type)]
        if key in table:
            if type(table[key]) not in expected:
                yield _bad(prefix + key, table[key], words, where)
        elif field.default is MISSING:
            yield _bad(prefix + key, None, words, where)


def _value_faults(table: dict[str, Any], schema: object, where: str) -> Iterator[Finding]:
    """Yield a finding for each value outside what its key allows."""
    if schema != SCHEMA:
        yield _bad("schema", schema, str(SCHEMA), where)
    family = table.get("family")
    if isinstance(family, str) and family not in FAMILIES:
        yield _bad("family", family, " or ".join(FAMILIES), where)
    state = table.get("state")
    if isinstance(state, str) and state not in STATES:
        yield _bad("state", state, " or ".join(STATES), where)
    for key in ("memories", "tools"):
        value = table.get(key)
        if isinstance(value, list) and not all(isinstance(item, str) for item in value):
            yield _bad(key, value, "a list of texts", where)
    clock_mhz = table.get("clock_mhz")
    if isinstance(clock_mhz, int | float) and not 0 < clock_mhz < float("inf"):
        yield _bad("clock_mhz", clock_mhz, "more than 0 MHz", where)


def _bad(key: str, value: object, need: str, where: str) -> Finding:
    """Return the finding for a missing or wrong value of `key`."""
    have = "nothing" if value is None else repr(value)
    message = f"{key} is missing" if value is None else f"{key} is {have}"
    return Finding("E203", message, where=where, have=have, need=need, help=f"set {key}")
