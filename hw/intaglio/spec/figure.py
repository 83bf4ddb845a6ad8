"""A figure as reports print it: a value, how far off it may be, and where it comes from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from math import isfinite
from typing import Any, Literal, get_args

Source = Literal["estimated", "simulated", "post-route", "measured"]
SOURCES: tuple[str, ...] = get_args(Source)  # the weakest first


@dataclass(frozen=True)
class Figure:
    """One figure; ``low <= value <= high`` in one unit.

    Parameters
    ----------
    value : float or None
        The nominal value; None: it is not known, and `how` says why. Never 0 for "not known".
    unit : str
        Such as ``"cycle"``, ``"MHz"``, ``"uJ"``, ``"LUT4 equivalent"``; ``"1"`` for a share.
    source : str
        One of :data:`SOURCES`.
    how : str
        The model, tool or file that it comes from, with versions or coefficients.
    low, high : float or None
        Bounds; None: both equal `value`, as for counts.

    Raises
    ------
    ValueError
        If the source is not one of :data:`SOURCES`, a number is not finite, the bounds do not hold
        the value, or unit or `how` is empty.
    """

    value: float | None
    unit: str
    source: Source
    how: str
    low: float | None = None
    high: float | None = None

    def __post_init__(self) -> None:
        for name in ("low", "high"):
            if getattr(self, name) is None:
                object.__setattr__(self, name, self.value)
        if self.source not in SOURCES:
            raise ValueError(f"source {self.source} is none of {', '.join(SOURCES)}")
        if not self.unit or not self.how:
            raise ValueError(f"a figure of {self.value} without unit or origin")
        if self.value is None:
            return
        low, high = self.bounds
        if not all(map(isfinite, (self.value, low, high))):
            raise ValueError(f"{self.value} ({low} to {high}) is not finite")
        if not low <= self.value <= high:
            raise ValueError(f"{self.value} is not within {low} to {high}")

    @property
    def bounds(self) -> tuple[float, float]:
        """Low and high of a figure that is known.

        Raises
        ------
        ValueError
            If it is not.
        """
        if self.low is None or self.high is None:
            raise ValueError(f"this figure is not known: {self.how}")
        return self.low, self.high

    def times(self, factor: float, unit: str, how: str = "") -> Figure:
        """Return the figure times a constant of at least 0, in `unit`."""
        if self.value is None:
            return replace(self, unit=unit)
        low, high = self.bounds
        return replace(
            self,
            value=self.value * factor,
            low=low * factor,
            high=high * factor,
            unit=unit,
            how=how or self.how,
        )

    def as_dict(self) -> dict[str, Any]:
        """Return the figure for JSON."""
        return asdict(self)

    @classmethod
    def of(cls, values: dict[str, Any]) -> Figure:
        """Return the figure that :meth:`as_dict` wrote."""
        return cls(**values)


def total(figures: Iterable[Figure], how: str) -> Figure:
    """Return the sum of figures of one unit, bounds added; unknown if any of them is.

    The source is the weakest of all.

    Raises
    ------
    ValueError
        If there are none, or their units differ.
    """
    terms = list(figures)
    units = {term.unit for term in terms}
    if len(units) != 1:
        raise ValueError(f"a sum over the units {sorted(units)}")
    source: Any = min((term.source for term in terms), key=SOURCES.index)
    unit = units.pop()
    unknown = next((term for term in terms if term.value is None), None)
    if unknown is not None:
        return Figure(None, unit, source, unknown.how)
    bounds = [term.bounds for term in terms]
    return Figure(
        value=sum(term.value for term in terms if term.value is not None),
        unit=unit,
        source=source,
        how=how,
        low=sum(low for low, _ in bounds),
        high=sum(high for _, high in bounds),
    )
