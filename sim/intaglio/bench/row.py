"""A row of the bench table: a component, its settings, its stimulus and what must come out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from amaranth.hdl import Shape
from amaranth.lib import data, wiring

Values = Mapping[str, Sequence[Any]]


@dataclass(frozen=True)
class Row:
    """A component against its golden function, under random stalls.

    A stream or port is named by its path with ``__`` between the parts: ``i``, ``bus__read``.

    Parameters
    ----------
    name : str
        Unique; a word that `intaglio verify` takes.
    build : callable
        Makes the component.
    inputs : callable
        From a seeded generator to the payloads of each input stream. A payload is an integer, or
        a list or dict that the payload's layout takes.
    golden : callable
        From what `inputs` returned to the payloads of each output stream, in order.
    settings : mapping
        Values held on the other inputs.
    backpressure : tuple of float
        Stall probabilities to run at; each input rests and each output refuses with it.
    first : tuple of str
        Input streams that must be taken whole before the others begin, such as memory contents.
    gap_cycles : int
        Cycles between the last of `first` and the others.
    latency : (str, str) or None
        Input and output between whose first transfers ``latency_cycles`` of the component is
        measured at stall 0; the first of each by default; None: not measured.
    patience_cycles : int
        Cycles without any transfer after which the component counts as stuck.
    """

    name: str
    build: Callable[[], wiring.Component]
    inputs: Callable[[np.random.Generator], Values]
    golden: Callable[[Values], Values]
    settings: Mapping[str, Any] = field(default_factory=dict)
    backpressure: tuple[float, ...] = (0.0, 0.3, 0.9)
    first: tuple[str, ...] = ()
    gap_cycles: int = 4
    latency: tuple[str, str] | str | None = "default"
    patience_cycles: int = 5000


@dataclass(frozen=True)
class Port:
    """A port of a component: `shape` of its value (of the payload, for a stream)."""

    shape: Any
    is_input: bool
    is_stream: bool


def ports(component: wiring.Component) -> dict[str, Port]:
    """Return streams and plain ports of `component` by path."""
    flat = {
        "__".join(map(str, path)): member
        for path, member, _ in component.signature.flatten(component)
    }
    found = {}
    for path, member in flat.items():
        stem, _, last = path.rpartition("__")
        is_input = member.flow == wiring.In
        if stem and {f"{stem}__payload", f"{stem}__valid", f"{stem}__ready"} <= flat.keys():
            if last == "payload":
                found[stem] = Port(member.shape, is_input, True)
        else:
            found[path] = Port(member.shape, is_input, False)
    return found


def pack(shape: Any, value: Any) -> int:
    """Return the bits of `value` in `shape`, as an unsigned integer.

    An integer is taken as the bits; for a layout, a sequence gives its fields in order and a
    mapping gives them by name, the rest being 0.
    """
    width = Shape.cast(shape).width
    if isinstance(value, int | np.integer):
        return int(value) & ((1 << width) - 1)
    if not isinstance(shape, data.Layout):
        raise TypeError(f"{value!r} is no integer, but the shape {shape!r} has no fields")
    fields = dict(shape)
    named = value if isinstance(value, Mapping) else dict(zip(fields, value, strict=True))
    return sum(pack(fields[key].shape, part) << fields[key].offset for key, part in named.items())


def show(shape: Any, bits: int) -> str:
    """Return a payload for people: by fields where it has them."""
    if isinstance(shape, data.Layout):
        parts = []
        for key, item in shape:
            width = Shape.cast(item.shape).width
            part = show(item.shape, bits >> item.offset & ((1 << width) - 1))
            parts.append(part if isinstance(key, int) else f"{key} {part}")
        return "[" + ", ".join(parts) + "]"
    cast = Shape.cast(shape)
    if cast.signed and bits >> (cast.width - 1):
        return str(bits - (1 << cast.width))
    return str(bits)
