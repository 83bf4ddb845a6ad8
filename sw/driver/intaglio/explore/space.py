"""A space of configurations: values for some of their parameters, in every combination."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from itertools import product
from math import prod
from pathlib import Path
from typing import Any

from intaglio.spec.config import ArrayConfig
from intaglio.spec.errors import ConfigError, Finding, UsageError
from intaglio.spec.target import load_target

MOST_POINTS = 5000  # more than this many need to be agreed to
DEFAULT: dict[str, tuple[Any, ...]] = {
    "pixels": (1, 2, 4, 8),
    "channels": (4, 8, 16, 32),
    "depth": (1, 2, 4),
    "requant_lanes": (1, 2, 4, 8),
    "acts_kib": (32, 64, 128),
    "weights_kib": (32, 64),
}
_KINDS = {"int": int, "str": str, "bool": bool}
BITS = "bits"  # of all activations, or of the tensor that follows: bits.NAME


@dataclass(frozen=True)
class Space:
    """Values of each parameter that varies; the others are those of `base`.

    Parameters
    ----------
    base : ArrayConfig
        What does not vary.
    values : mapping
        Field of :class:`intaglio.spec.config.ArrayConfig` to the values that it takes; ``bits``
        and ``bits.NAME``: widths of all activations, and of those of one tensor.
    """

    base: ArrayConfig
    values: Mapping[str, tuple[Any, ...]]

    @property
    def size(self) -> int:
        """Combinations, those that are no configuration included."""
        return prod(len(values) for values in self.values.values()) if self.values else 0

    @property
    def text(self) -> str:
        """The space in one line, as :func:`parse_space` reads it."""
        return ";".join(f"{k}={','.join(map(str, v))}" for k, v in self.values.items())

    def points(self) -> Iterator[dict[str, Any]]:
        """Yield every combination, the last parameter fastest."""
        for chosen in product(*self.values.values()):
            yield dict(zip(self.values, chosen, strict=True))

    def neighbours(self, point: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """Yield the points that differ from `point` by one step of one parameter."""
        for name, values in self.values.items():
            at = values.index(point[name])
            for other in (at - 1, at + 1):
                if 0 <= other < len(values):
                    yield {**point, name: values[other]}

    def config(self, point: Mapping[str, Any]) -> ArrayConfig:
        """Return the configuration of `point`.

        Raises
        ------
        ConfigError
            E203: it is none.
        """
        name = "-".join(f"{key}{value}" for key, value in point.items())
        array = {key: value for key, value in point.items() if not is_bits(key)}
        return replace(self.base, **{"name": name, **array})


def is_bits(key: str) -> bool:
    """Tell whether a parameter is of the network, not of the array."""
    return key == BITS or key.startswith(f"{BITS}.")


def parse_space(text: str, base: ArrayConfig, where: str = "--space") -> Space:
    """Return the space in `text`: ``"pixels=1,2,4;channels=8,16"``, or the name of a TOML file.

    A file has ``[explore]`` with ``space."array.pixels" = [1, 2, 4]``.

    Raises
    ------
    UsageError
        E101: a value is not of its parameter's kind. E103: the file cannot be read. E104: no
        combination is left.
    ConfigError
        E201: the file is not TOML. E202: a parameter does not exist.
    """
    table = _file(Path(text)) if text.endswith(".toml") else _inline(text, where)
    known = {field.name: str(field.type) for field in fields(ArrayConfig) if field.name != "name"}
    findings: list[Finding] = []
    values: dict[str, tuple[Any, ...]] = {}
    for key, given in table.items():
        if is_bits(key):
            values[key] = tuple(dict.fromkeys(_typed(v, "int", key, where) for v in given))
            continue
        name = key.rpartition(".")[2]
        if name not in known:
            near = difflib.get_close_matches(name, known, 1)
            help_text = f"did you mean {near[0]}?" if near else "remove it"
            need = ", ".join([*known, BITS])
            message = f"{key} is no parameter of a configuration"
            findings.append(Finding("E202", message, where, key, need, help_text))
            continue
        values[name] = tuple(dict.fromkeys(_typed(v, known[name], name, where) for v in given))
    if findings:
        raise ConfigError(findings)
    empty = [name for name, chosen in values.items() if not chosen]
    if empty or not values:
        raise _size_error(
            f"the space is empty: {', '.join(empty) or 'no parameter'} has no value", "0 points"
        )
    if "target" in values:
        for name in values["target"]:
            load_target(name)
    return Space(base, values)


def check_size(space: Space, limit: int | None) -> None:
    """Raise UsageError (E104) if the space is larger than was agreed to."""
    agreed = MOST_POINTS if limit is None else limit
    if space.size > agreed:
        factors = " x ".join(f"{len(v)} {k}" for k, v in space.values.items())
        raise _size_error(
            f"the space has {space.size:,} points ({factors}), agreed to are {agreed:,}",
            f"{space.size:,} points",
            f"--limit {space.size} agrees to them; --search N looks at N of them",
        )


def _file(path: Path) -> Mapping[str, Any]:
    try:
        document = tomllib.loads(path.read_text("utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(
            Finding("E201", f"not TOML: {error}", str(path), str(error), "TOML 1.0", "mend it")
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            Finding(
                "E103",
                f"{path} cannot be read: {error}",
                where="--space",
                have=str(error),
                need="a readable TOML file",
                help="check the path",
            )
        ) from error
    found = document.get("explore", {}).get("space", {})
    flat: dict[str, Any] = {}
    for key, value in found.items():
        if isinstance(value, dict):  # a dotted key that was not quoted
            flat |= {f"{key}.{name}": items for name, items in value.items()}
        else:
            flat[key] = value
    return {key: value if isinstance(value, list) else [value] for key, value in flat.items()}


def _inline(text: str, where: str) -> dict[str, Sequence[Any]]:
    table: dict[str, Sequence[Any]] = {}
    for part in filter(None, (piece.strip() for piece in text.split(";"))):
        key, sign, values = part.partition("=")
        if not sign:
            raise UsageError(
                Finding(
                    "E101",
                    f"{part!r} is no parameter with values",
                    where=where,
                    have=part,
                    need="pixels=1,2,4;channels=8,16 or a .toml file",
                    help="write each parameter once, with = and its values",
                )
            )
        table[key.strip()] = [value.strip() for value in values.split(",") if value.strip()]
    return table


def _typed(value: Any, kind: str, name: str, where: str) -> Any:
    wanted = _KINDS.get(kind)
    if wanted is bool and value in ("true", "false"):
        return value == "true"
    if wanted is int and isinstance(value, str) and value.isdecimal():
        return int(value)
    if wanted is not None and type(value) is wanted:
        return value
    raise UsageError(
        Finding(
            "E101",
            f"{name} cannot be {value!r}",
            where=where,
            have=repr(value),
            need={"int": "whole numbers", "bool": "true or false"}.get(kind, "names"),
            help="give values of this kind, or leave the parameter out",
        )
    )


def _size_error(
    message: str, have: str, help_text: str = "give each parameter values"
) -> UsageError:
    need = f"1 to {MOST_POINTS:,} points, or as many as --limit says"
    return UsageError(Finding("E104", message, "--space", have, need, help_text))
