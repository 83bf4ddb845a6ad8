"""From the contract to gates: the only place that turns formats and records into shapes."""

from __future__ import annotations

from amaranth.hdl import Shape
from amaranth.lib import data

from intaglio.spec.config import ArrayConfig
from intaglio.spec.formats import IntFormat
from intaglio.spec.record import Record
from intaglio.spec.widths import command_count, compute_formats, narrowed, word_address

RESERVED = "_reserved"


def shape(fmt: IntFormat) -> Shape:
    """Return the shape of a signal that holds `fmt`."""
    return Shape(fmt.bits, signed=fmt.signed)


def layout(record: Record) -> data.StructLayout:
    """Return the layout of `record`: bit for bit what :meth:`Record.pack` writes.

    Bits past the last field form a field ``_reserved``, so that the layout is as wide as the
    record.
    """
    members = {field.name: shape(field.format) for field in record.fields}
    spare = record.bits - fields(record).size
    return data.StructLayout({**members, RESERVED: Shape(spare)} if spare else members)


def fields(record: Record) -> data.StructLayout:
    """Return :func:`layout` without the reserved bits: what gates carry from place to place."""
    return data.StructLayout({field.name: shape(field.format) for field in record.fields})


def command_fields(record: Record, config: ArrayConfig) -> data.StructLayout:
    """Return the fields of a command as wide as `config` needs them."""
    return fields(narrowed(record, config))


def field_shape(config: ArrayConfig, name: str) -> Shape:
    """Return the shape of a field of COMPUTE within `config`."""
    return shape(compute_formats(config)[name])


def word_shape(config: ArrayConfig) -> Shape:
    """Return the shape of an address of any on-chip memory."""
    return shape(word_address(config))


def count_shape(config: ArrayConfig) -> Shape:
    """Return the shape of a number of commands."""
    return shape(command_count(config))
