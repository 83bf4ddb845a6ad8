from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from intaglio.spec.codes import accumulator_format, number_format, number_formats
from intaglio.spec.errors import ConfigError


def test_names_widths_and_tables_agree() -> None:
    for name, form in number_formats().items():
        assert name == form.name == name.lower()
        assert 1 <= form.bits <= 16
        assert form.table().shape == (1 << form.bits,)
        assert form.decode([0, (1 << form.bits) - 1]).tolist() == form.table()[[0, -1]].tolist()


@pytest.mark.parametrize(
    ("name", "code", "value"),
    [("int8", 0x80, -128), ("int8", 127, 127), ("int1", 1, -1), ("uint4", 15, 15), ("int3", 4, -4)],
)
def test_integers(name: str, code: int, value: int) -> None:
    assert number_format(name).value(code) == Fraction(value)


def test_accumulators_hold_the_corners_and_nothing_narrower_does() -> None:
    int8, uint8 = number_format("int8"), number_format("uint8")
    assert accumulator_format(int8, int8, 131071).max == 2**31 - 1
    assert accumulator_format(int8, int8, 131072).bits == 33
    mixed = accumulator_format(int8, uint8, 5)
    assert mixed.min <= -128 * 255 * 5 < (mixed.min >> 1)


@pytest.mark.parametrize(("name", "near"), [("int18", "int8"), ("INT8", "int8"), ("zzz", "lists")])
def test_unknown_formats_are_refused_with_the_nearest(name: str, near: str) -> None:
    with pytest.raises(ConfigError) as caught:
        number_format(name)
    finding = caught.value.findings[0]
    assert finding.code == "E206"
    assert near in finding.help or "int" in finding.help


def test_tables_cannot_be_written_to() -> None:
    with pytest.raises(ValueError, match="read-only"):
        np.put(number_format("int4").table(), [0], [1])
