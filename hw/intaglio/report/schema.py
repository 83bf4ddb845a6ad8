"""The JSON Schema of ``report.json``, and what does not conform to it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

FILE = "report.schema.json"
_TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "number": (int, float),
    "integer": (int,),
    "boolean": (bool,),
    "null": (type(None),),
}


@cache
def schema() -> dict[str, Any]:
    """Return the schema that the package carries."""
    found: dict[str, Any] = json.loads((files("intaglio.report") / FILE).read_text("utf-8"))
    return found


def faults(value: Any, rule: Mapping[str, Any] | None = None, where: str = "$") -> Iterator[str]:
    """Yield what is wrong with `value`: the keywords that the schema uses, and no others."""
    chosen = schema() if rule is None else rule
    if "$ref" in chosen:
        chosen = schema()["$defs"][chosen["$ref"].rpartition("/")[2]]
    if "const" in chosen and value != chosen["const"]:
        yield f"{where} is {value!r}, not {chosen['const']!r}"
    if "enum" in chosen and value not in chosen["enum"]:
        yield f"{where} is {value!r}, none of {chosen['enum']}"
    kinds = chosen.get("type")
    if kinds is not None:
        names = [kinds] if isinstance(kinds, str) else kinds
        if not any(_is(value, name) for name in names):
            yield f"{where} is {type(value).__name__}, not {' or '.join(names)}"
            return
    if isinstance(value, dict):
        yield from _object(value, chosen, where)
    if isinstance(value, list) and "items" in chosen:
        for number, item in enumerate(value):
            yield from faults(item, chosen["items"], f"{where}[{number}]")


def _object(value: dict[str, Any], rule: Mapping[str, Any], where: str) -> Iterator[str]:
    for key in rule.get("required", ()):
        if key not in value:
            yield f"{where}.{key} is missing"
    known = rule.get("properties", {})
    for key, item in value.items():
        if key in known:
            yield from faults(item, known[key], f"{where}.{key}")
        elif isinstance(rule.get("additionalProperties"), Mapping):
            yield from faults(item, rule["additionalProperties"], f"{where}.{key}")


def _is(value: Any, name: str) -> bool:
    if isinstance(value, bool) and name in ("number", "integer"):
        return False
    return isinstance(value, _TYPES[name])
