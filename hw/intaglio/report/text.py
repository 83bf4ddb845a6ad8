"""Figures of a report as text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

UNKNOWN = "no coefficient"


def number(value: float | None) -> str:
    """Return a number with as many digits as count; a dash where there is none."""
    if value is None:
        return "-"
    if float(value).is_integer() and abs(value) < 1e15:
        return f"{int(value):,}"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def plain(figure: Mapping[str, Any]) -> str:
    """Return value and unit; what is not known says so."""
    if figure["value"] is None:
        return UNKNOWN if str(figure["how"]).startswith(UNKNOWN) else "not shown"
    if figure["unit"] == "1":
        return f"{figure['value']:.1%}"
    return f"{number(figure['value'])} {figure['unit']}"


def figure_text(figure: Mapping[str, Any]) -> str:
    """Return value, band and unit."""
    if figure["value"] is None:
        return str(figure["how"])
    if figure["low"] == figure["high"]:
        return plain(figure)
    return f"{number(figure['low'])} to {number(figure['high'])} {figure['unit']}"
