"""Parts of payloads as z3 terms of exact integers."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Shape
from amaranth.lib import data

from intaglio.bench.late_z3 import z3


def field(payload: Any, shape: Any, *path: int | str) -> Any:
    """Return the bits of a field of a payload whose layout is `shape`."""
    at = 0
    for step in path:
        if not isinstance(shape, data.Layout):
            raise TypeError(f"{shape!r} has no field {step}")
        item = shape[step]
        at, shape = at + item.offset, item.shape
    width = Shape.cast(shape).width
    return z3.Extract(at + width - 1, at, payload)


def number(payload: Any, shape: Any, width: int, *path: int | str) -> Any:
    """Return the value of a field, by its sign, in `width` bits."""
    bits = field(payload, shape, *path)
    for step in path:
        shape = shape[step].shape
    return extended(bits, width, Shape.cast(shape).signed)


def extended(bits: Any, width: int, signed: bool = True) -> Any:
    """Return a value in `width` bits, more or fewer than it has."""
    have = bits.size()
    if width <= have:
        return z3.Extract(width - 1, 0, bits)
    return (z3.SignExt if signed else z3.ZeroExt)(width - have, bits)


def constant(value: int, width: int) -> Any:
    """Return an integer in `width` bits."""
    return z3.BitVecVal(value, width)


def choose(condition: Any, yes: Any, no: Any) -> Any:
    """Return `yes` where a bit is 1, or a Bool is true, else `no`."""
    return z3.If(condition if z3.is_bool(condition) else condition == 1, yes, no)


def joined(shape: data.StructLayout, **fields: Any) -> Any:
    """Return a payload of the bits of its fields."""
    items = sorted(shape, key=lambda item: -item[1].offset)
    parts = [fields[name] for name, _ in items]
    return z3.Concat(*parts) if len(parts) > 1 else parts[0]
