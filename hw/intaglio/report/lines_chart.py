"""Points of several series on logarithmic axes, joined by lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

from intaglio.report.axes import Axis, draw_axes, log_range, plot_area
from intaglio.report.drawing import SERIES, Drawing

Points = Sequence[tuple[float, float]]


def lines_drawing(
    name: str,
    title: str,
    series: Mapping[str, Points],
    axes: tuple[str, str],
    notes: Sequence[str],
) -> Drawing:
    """Return the picture; values of 0 or less have no place on it."""
    drawing = Drawing(name, title, " ".join(notes) or title, height=420)
    left, right, top, bottom = plot_area(drawing)
    shown = {key: [p for p in points if min(p) > 0] for key, points in series.items()}
    x = Axis(*log_range([p[0] for points in shown.values() for p in points]), left, right, log=True)
    y = Axis(*log_range([p[1] for points in shown.values() for p in points]), bottom, top, log=True)
    draw_axes(drawing, x, y, *axes)
    for number, (key, points) in enumerate(shown.items()):
        colour = SERIES[number % len(SERIES)]
        for (x0, y0), (x1, y1) in pairwise(points):
            drawing.line(x(x0), y(y0), x(x1), y(y1), colour, size=1.5)
        for at in points:
            drawing.dot(x(at[0]), y(at[1]), colour, f"{key}: {at[1]:,.4g} at {at[0]:g}", 3.5)
        drawing.dot(left + 12, top + 10 + 17 * number, colour)
        drawing.text(left + 22, top + 14 + 17 * number, key, size=11)
    return drawing
