"""Records in gates equal records in software."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from amaranth.hdl import Shape

from intaglio.gateware.layout import RESERVED, fields, layout, shape
from intaglio.spec.commands import COMPUTE, LOAD, PARAM, STORE, TABLE
from intaglio.spec.formats import signed, unsigned
from intaglio.spec.record import Record


def test_shape_keeps_width_and_sign() -> None:
    assert shape(signed(8)) == Shape(8, signed=True)
    assert shape(unsigned(20)) == Shape(20, signed=False)


@pytest.mark.parametrize("record", [LOAD, STORE, COMPUTE, PARAM, TABLE], ids=lambda r: r.name)
def test_layout_equals_pack(record: Record) -> None:
    struct: Any = layout(record)
    assert struct.size == record.bits
    rng = np.random.default_rng(1)
    for _ in range(20):
        values = {
            field.name: int(rng.integers(field.format.min, field.format.max + 1))
            for field in record.fields
        }
        word = record.pack(values)
        assert struct.const(values).as_value().value == word
        view = struct.from_bits(word)
        assert {name: view[name] for name in values} == values


def test_fields_are_layout_without_the_rest() -> None:
    short, whole = fields(COMPUTE), layout(COMPUTE)
    assert [key for key, _ in short] == [key for key, _ in whole if key != RESERVED]
    assert all(short[key] == whole[key] for key, _ in short)


def test_reserved_covers_the_rest() -> None:
    used = sum(field.format.bits for field in LOAD.fields)
    struct = layout(LOAD)
    assert struct[RESERVED].offset == used
    assert struct[RESERVED].width == LOAD.bits - used
    with pytest.raises(KeyError):
        layout(TABLE)[RESERVED]
