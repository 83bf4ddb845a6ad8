"""Axes: from values to places on a drawing, with ticks that people read easily."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil, floor, log10

from intaglio.report.drawing import Drawing

LEFT, RIGHT, TOP, BOTTOM = 78, 24, 24, 48


@dataclass(frozen=True)
class Axis:
    """Values `low` to `high` on pixels `start` to `end`, evenly or by their logarithm."""

    low: float
    high: float
    start: float
    end: float
    log: bool = False

    def __call__(self, value: float) -> float:
        """Return the pixel of `value`; values outside stop at the ends."""
        value = min(max(value, self.low), self.high)
        low, high = (log10(self.low), log10(self.high)) if self.log else (self.low, self.high)
        share = ((log10(value) if self.log else value) - low) / ((high - low) or 1.0)
        return self.start + share * (self.end - self.start)

    def ticks(self) -> list[float]:
        """Return round values within the axis, at most about eight."""
        if self.log:
            first, last = ceil(log10(self.low) - 1e-9), floor(log10(self.high) + 1e-9)
            step = max((last - first) // 7 + 1, 1)
            return [10.0**n for n in range(first, last + 1, step)]
        return round_steps(self.low, self.high)


def round_steps(low: float, high: float, count: int = 6) -> list[float]:
    """Return multiples of 1, 2 or 5 times a power of ten from `low` to `high`."""
    span = high - low
    if span <= 0:
        return [low]
    unit = 10.0 ** floor(log10(span / count))
    step = next(unit * m for m in (1, 2, 5, 10) if span / (unit * m) <= count)
    first = ceil(low / step - 1e-9)
    return [n * step for n in range(first, floor(high / step + 1e-9) + 1)]


def log_range(values: Iterable[float]) -> tuple[float, float]:
    """Return powers of ten around all values above 0."""
    positive = [value for value in values if value > 0]
    low, high = min(positive, default=1.0), max(positive, default=10.0)
    first, last = floor(log10(low)), ceil(log10(high))
    return 10.0**first, 10.0 ** max(last, first + 1)


def short(value: float) -> str:
    """Return a tick's label."""
    for size, prefix in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= size:
            return f"{value / size:g}{prefix}"
    return f"{value:.3g}"


def plot_area(drawing: Drawing, *, left: float = LEFT) -> tuple[float, float, float, float]:
    """Return left, right, top and bottom of the part within the axes."""
    return left, drawing.width - RIGHT, TOP, drawing.height - BOTTOM


def draw_axes(drawing: Drawing, x: Axis, y: Axis, x_label: str, y_label: str) -> None:
    """Add grid lines, ticks and labels."""
    for tick in y.ticks():
        at = y(tick)
        drawing.line(x.start, at, x.end, at, "faint", size=0.5)
        drawing.text(x.start - 6, at + 4, short(tick), anchor="end", size=11)
    for tick in x.ticks():
        at = x(tick)
        drawing.line(at, y.end, at, y.start, "faint", size=0.5)
        drawing.text(at, y.start + 16, short(tick), anchor="middle", size=11)
    drawing.line(x.start, y.start, x.end, y.start)
    drawing.line(x.start, y.start, x.start, y.end)
    drawing.text((x.start + x.end) / 2, drawing.height - 8, x_label, anchor="middle")
    drawing.text(8, 14, y_label)
