"""Inputs that a solver found, given to the golden model, which tells whether they are allowed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from amaranth.hdl import Shape
from amaranth.lib import data

from intaglio.bench.columns import Columns, pack_payloads
from intaglio.bench.row import Row, Values
from intaglio.bench.vector_library import VectorLibrary
from intaglio.spec.errors import IntaglioError

PATIENCE_CYCLES = 200
_FAULTS = (IntaglioError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError)


def lawful(library: VectorLibrary, row: Row, taken: Mapping[str, Sequence[int]]) -> bool | None:
    """Tell whether the gates as they are give what golden says for payloads.

    If they do not, the payloads break a rule of the unit, such as the length of a sum: no verdict
    on a mutant. None: golden cannot say.

    Parameters
    ----------
    library : VectorLibrary
        Of the component; mutant 0 is run.
    row : Row
        Its golden function and settings.
    taken : mapping of str to sequence of int
        Payloads of each input stream, as bits.
    """
    streams = library.streams
    inputs = {name: _payloads(streams[name].shape, values) for name, values in taken.items()}
    try:
        expected = _golden(row, inputs)
        sent = {name: pack_payloads(streams[name].shape, inputs[name]) for name in taken}
        wanted = {
            name: pack_payloads(port.shape, expected[name])
            for name, port in streams.items()
            if not port.is_input
        }
    except _FAULTS:
        return None
    ran = library.run(
        sent, wanted, row.settings, stall=0.0, seed=1, patience=PATIENCE_CYCLES, judge=True
    )
    return not ran.differs and all(ran.done[name] == len(wanted[name]) for name in wanted)


def _golden(row: Row, inputs: Mapping[str, Any]) -> Values:
    """Return golden's outputs; a row takes payloads by field, or the fields' values in order."""
    try:
        return row.golden(inputs)
    except _FAULTS:
        return row.golden({n: [list(payload.values()) for payload in v] for n, v in inputs.items()})


def _payloads(shape: Any, values: Sequence[int]) -> Any:
    """Return payloads as rows of the bench have them."""
    parsed = [parse(shape, value) for value in values]
    if not isinstance(shape, data.StructLayout):
        return parsed
    if not parsed:
        return Columns(**{name: np.zeros((0, 1), np.int64) for name, _ in shape})
    return Columns(**{name: _column([payload[name] for payload in parsed]) for name, _ in shape})


def _column(values: list[Any]) -> Any:
    """Return the values of a field; an array of structs as a mapping of arrays."""
    first = values[0]
    if isinstance(first, list) and isinstance(first[0], dict):
        return {name: [[item[name] for item in value] for value in values] for name in first[0]}
    return values


def parse(shape: Any, bits: int) -> Any:
    """Return the value of `bits`: an integer, or by field for a layout."""
    if isinstance(shape, data.StructLayout):
        return {name: parse(field.shape, bits >> field.offset) for name, field in shape}
    if isinstance(shape, data.ArrayLayout):
        return [parse(field.shape, bits >> field.offset) for _, field in shape]
    cast = Shape.cast(shape)
    value = bits & ((1 << cast.width) - 1)
    return value - (1 << cast.width) if cast.signed and value >> (cast.width - 1) else value
