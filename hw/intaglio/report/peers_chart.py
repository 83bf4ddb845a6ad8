"""Cycles of several accelerators beside each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from intaglio.report.axes import Axis, plot_area, short
from intaglio.report.drawing import SERIES, Drawing

ROW = 26


def peers_drawing(rows: Sequence[Mapping[str, Any]], title: str) -> Drawing:
    """Return a bar for each accelerator: `name`, `cycles`, `macs` multipliers, `utilisation`."""
    words = ", ".join(f"{row['name']} {short(row['cycles'])}" for row in rows)
    drawing = Drawing(
        "peers",
        title,
        f"Cycles for one input: {words}.",
        height=70 + ROW * len(rows),
    )
    left, right, top, _ = plot_area(drawing, left=230)
    x = Axis(0, max((row["cycles"] for row in rows), default=1.0), left, right - 130)
    for number, row in enumerate(rows):
        y = top + ROW * number
        drawing.text(left - 8, y + 16, row["name"], anchor="end")
        text = f"{row['name']}: {row['cycles']:,.0f} cycles with {row['macs']} multipliers"
        drawing.rect(left, y + 3, x(row["cycles"]) - left, 18, SERIES[number % len(SERIES)], text)
        end = f"{short(row['cycles'])}  {row['utilisation']:.0%} of {row['macs']}"
        drawing.text(x(row["cycles"]) + 6, y + 17, end, size=11)
    bottom = top + ROW * len(rows)
    for tick in x.ticks():
        drawing.text(x(tick), bottom + 16, short(tick), anchor="middle", size=11)
    drawing.text(right, bottom + 34, "cycles", anchor="end")
    return drawing
