"""The unit of the outlier split."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from intaglio.gateware.units import Unit, setting_fault
from intaglio.spec.errors import ConfigError


def _dot(form: str, settings: Mapping[str, Any]) -> Any:
    from intaglio.gateware.split import SplitDot

    columns, outputs, side = (settings[key] for key in ("columns", "outputs", "side"))
    rules = (
        ("columns", columns, 1 <= columns <= 64, "1 to 64"),
        ("outputs", outputs, 1 <= outputs <= 32, "1 to 32"),
        ("side", side, 1 <= side <= columns, f"1 to columns = {columns}"),
    )
    findings = [setting_fault(key, value, need) for key, value, good, need in rules if not good]
    if findings:
        raise ConfigError(findings)
    return SplitDot(columns, outputs, side)


UNITS = (
    Unit(
        name="split-dot",
        family="split",
        summary="INT8 dot products with outlier columns in INT16, two requantisers, one sum",
        formats=("int8",),
        build=_dot,
        golden="intaglio.spec.split.merge",
        settings={"columns": 8, "outputs": 2, "side": 1},
    ),
)
