"""Figures as people read them: few digits, a band, a unit."""

from __future__ import annotations

from intaglio.spec.figure import Figure

UNKNOWN = "no coefficient"
_PREFIXES = ((1e9, "G"), (1e6, "M"), (1e3, "k"))


def number(value: float | None) -> str:
    """Return a number with at most four digits that count; a dash where there is none."""
    if value is None:
        return "-"
    if value == int(value) and abs(value) < 1e12:
        return f"{int(value):,}"
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def band(figure: Figure, *, unit: bool = True) -> str:
    """Return value, bounds and unit; what is not known says so."""
    if figure.value is None:
        return UNKNOWN if figure.how.startswith(UNKNOWN) else f"not known ({figure.how})"
    low, high = figure.bounds
    text = number(figure.value)
    if (low, high) != (figure.value, figure.value):
        text += f" ({number(low)} to {number(high)})"
    return f"{text} {figure.unit}" if unit and figure.unit != "1" else text


def short(figure: Figure | None) -> str:
    """Return the value alone, for a table."""
    return number(figure.value) if figure is not None else "-"


def kilo(value: float | None) -> str:
    """Return a count with a prefix."""
    if value is None:
        return "-"
    for factor, prefix in _PREFIXES:
        if abs(value) >= factor:
            return f"{value / factor:.3g} {prefix}"
    return f"{value:.3g}"
