"""Sums over groups and statistics as units."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from intaglio.gateware.units import Unit, setting_fault
from intaglio.spec.errors import ConfigError
from intaglio.spec.formats import dot_format
from intaglio.spec.groups import ScaleGroups, ShiftGroups
from intaglio.spec.operands import INTEGER_OPERANDS, operands

FORMS = ("shifted", "split")


def _shift(form: str, settings: Mapping[str, Any]) -> Any:
    from intaglio.gateware.accumulate import ShiftAccumulate

    if settings["form"] not in FORMS:
        raise ConfigError(setting_fault("form", settings["form"], ", ".join(FORMS)))
    pair = operands(form)
    return ShiftAccumulate(
        ShiftGroups(settings["groups"]),
        dot_format(pair.act, pair.wgt, 1),
        settings["acc_bits"],
        settings["terms"],
        settings["form"] == "split",
    )


def _scale(form: str, settings: Mapping[str, Any]) -> Any:
    from intaglio.gateware.accumulate import ScaleAccumulate

    pair = operands(form)
    return ScaleAccumulate(
        ScaleGroups(settings["size"], settings["scale_bits"], settings["drop"]),
        dot_format(pair.act, pair.wgt, 1),
        settings["acc_bits"],
        settings["longest"],
    )


def _statistics(form: str, settings: Mapping[str, Any]) -> Any:
    from intaglio.gateware.statistics import AbsoluteStatistics

    rules = (
        ("lanes", 1, 64, settings["lanes"]),
        ("point", 0, 16, settings["point"]),
        ("longest", 1, 1 << 24, settings["longest"]),
    )
    findings = [
        setting_fault(key, value, f"{low} to {high}")
        for key, low, high, value in rules
        if not low <= value <= high
    ]
    if findings:
        raise ConfigError(findings)
    return AbsoluteStatistics(operands(form).act, **settings)


UNITS = (
    Unit(
        name="group-shift",
        family="group-shift",
        summary="sum of products whose groups have powers of two as scales, groups in any order",
        formats=INTEGER_OPERANDS,
        build=_shift,
        golden="intaglio.golden.accumulate.shift_group_sum",
        settings={"groups": 8, "acc_bits": 48, "terms": 256, "form": "shifted"},
    ),
    Unit(
        name="group-scale",
        family="group-scale",
        summary="sum of products whose groups have integers as scales",
        formats=("int4", "w4a8", "int8"),
        build=_scale,
        golden="intaglio.golden.accumulate.scale_group_sum",
        settings={"size": 32, "scale_bits": 8, "drop": 0, "acc_bits": 40, "longest": 64},
    ),
    Unit(
        name="l1-statistics",
        family="l1-statistics",
        summary="sum and sum of distances from a mean: an L1 norm without squares and roots",
        formats=("int8", "uint8", "int16"),
        build=_statistics,
        golden="intaglio.golden.accumulate.absolute_statistics",
        settings={"lanes": 4, "point": 8, "longest": 65536},
    ),
)
