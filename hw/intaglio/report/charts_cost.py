"""Charts of cost: energy by part, area by block, estimate against measured, coefficients."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from intaglio.report.axes import Axis, draw_axes, log_range, plot_area, short
from intaglio.report.charts_time import Report, value
from intaglio.report.drawing import SERIES, Drawing

ROW = 20
MOST_ROWS = 60


def energy_stack(report: Report) -> Drawing:
    """Energy of each layer, part by part."""
    layers = [n for n in report["layers"] if value(n, "energy") > 0]
    layers = sorted(layers, key=lambda n: -value(n, "energy"))[:MOST_ROWS]
    layers = [n for n in report["layers"] if n in layers]
    parts = list(dict.fromkeys(part for n in layers for part in n["parts"]))
    sums = {part: sum(value(n["parts"], part) for n in layers) for part in parts}
    total = sum(sums.values()) or 1.0
    words = ", ".join(f"{part} {amount / total:.0%}" for part, amount in sums.items())
    label = f" Figures are {report['label']}." if report["label"] else ""
    drawing = Drawing(
        "energy_stack",
        "Energy of each layer",
        (f"Estimated energy, part by part: {words}.{label}" if layers else report["withheld"])
        or "No energy: the part has no coefficients.",
        height=100 + ROW * max(len(layers), 1),
    )
    if not layers:
        drawing.text(20, 60, drawing.alt[:110])
        return drawing
    left, right, _, _ = plot_area(drawing, left=210)
    x = Axis(0, max(value(n, "energy") for n in layers), left, right)
    for number, part in enumerate(parts):
        at, row = left + number % 5 * 98, 14 + number // 5 * 18
        drawing.rect(at, row, 10, 10, SERIES[number % len(SERIES)])
        drawing.text(at + 14, row + 9, part, size=11)
    for number, layer in enumerate(layers):
        y, at = 56 + ROW * number, 0.0
        drawing.text(left - 8, y + 13, layer["name"][-32:], anchor="end", size=11)
        for index, part in enumerate(parts):
            amount = value(layer["parts"], part)
            text = f"{layer['name']}, {part}: {amount:.3g} uJ"
            colour = SERIES[index % len(SERIES)]
            drawing.rect(x(at), y + 2, x(at + amount) - x(at), ROW - 5, colour, text)
            at += amount
    bottom = 56 + ROW * len(layers) + 6
    for tick in x.ticks():
        drawing.text(x(tick), bottom + 14, short(tick), anchor="middle", size=11)
    drawing.text(right, bottom + 32, "uJ", anchor="end")
    return drawing


def area_tree(report: Report) -> Drawing:
    """LUT equivalents by block, children under their parents."""
    tree = report["area"]["tree"][:MOST_ROWS]
    whole = max((row["luteq"] for row in tree), default=0) or 1
    drawing = Drawing(
        "area_tree",
        "Area by block",
        f"LUT equivalents by block, {report['area']['source']}: "
        + ", ".join(f"{row['name']} {row['luteq'] / whole:.0%}" for row in tree[:12])
        + "."
        if tree
        else report["withheld"] or "No area is known.",
        height=50 + ROW * max(len(tree), 1),
    )
    left, right, top, _ = plot_area(drawing, left=250)
    x = Axis(0, whole, left, right - 110)
    for number, row in enumerate(tree):
        y = top + ROW * number
        indent = 12 * row["depth"]
        drawing.text(12 + indent, y + 13, row["name"][: 34 - 2 * row["depth"]], size=11)
        colour = SERIES[row["depth"] % len(SERIES)]
        text = f"{row['name']}: {row['luteq']:,.0f} LUT equivalents"
        drawing.rect(left, y + 2, x(row["luteq"]) - left, ROW - 5, colour, text)
        share = f"{row['luteq']:,.0f}  {row['luteq'] / whole:.0%}"
        drawing.text(x(row["luteq"]) + 6, y + 13, share, size=11)
    return drawing


def scatter(report: Report) -> Drawing:
    """Estimated over measured, area and cycles, each over its own mean."""
    groups: Mapping[str, Any] = {name: pairs for name, pairs in report["scatter"].items() if pairs}
    errors = [abs(p["estimated"] / p["measured"] - 1) for pairs in groups.values() for p in pairs]
    worst = max(errors, default=0.0)
    drawing = Drawing(
        "scatter",
        "Estimate against measured",
        "; ".join(f"{name}: {len(pairs)} points" for name, pairs in groups.items())
        + f". The greatest distance from the diagonal is {worst:.1%}.",
        height=420,
    )
    left, right, top, bottom = plot_area(drawing)
    numbers = [p[k] for pairs in groups.values() for p in pairs for k in ("estimated", "measured")]
    low, high = log_range(numbers)
    x, y = Axis(low, high, left, right, log=True), Axis(low, high, bottom, top, log=True)
    draw_axes(drawing, x, y, "measured", "estimated")
    drawing.line(x(low), y(low), x(high), y(high), "grey")
    for share in (0.8, 1.2):
        begin, end = max(low, low / share), min(high, high / share)
        drawing.line(x(begin), y(begin * share), x(end), y(end * share), "faint", dashed=True)
    for number, (name, pairs) in enumerate(groups.items()):
        colour = SERIES[number % len(SERIES)]
        drawing.dot(left + 12, top + 12 + 18 * number, colour)
        drawing.text(left + 22, top + 16 + 18 * number, name, size=11)
        for p in pairs:
            text = f"{p['name']}: estimated {p['estimated']:,.0f}, measured {p['measured']:,.0f}"
            drawing.dot(x(p["measured"]), y(p["estimated"]), colour, text, 3.5)
    return drawing


def tornado(report: Report) -> Drawing:
    """What each coefficient's band does to the energy, the greatest first."""
    rows = report["tornado"]
    nominal = value(report["summary"], "energy")
    lead = rows[0]["name"] if rows else ""
    drawing = Drawing(
        "tornado",
        "Which coefficient moves the energy",
        f"Energy from {nominal:.4g} uJ with one coefficient at a time at its low and high value. "
        f"{lead} moves it most."
        if rows
        else report["withheld"] or "No energy, so no coefficient moves it.",
        height=70 + 24 * max(len(rows), 1),
    )
    if not rows:
        drawing.text(20, 60, drawing.alt[:110])
        return drawing
    left, right, top, _ = plot_area(drawing, left=200)
    low = min(row["low"] for row in rows)
    high = max(row["high"] for row in rows)
    x = Axis(low, high, left, right)
    for number, row in enumerate(rows):
        y = top + 24 * number
        drawing.text(left - 8, y + 15, row["name"], anchor="end", size=11)
        text = f"{row['name']} ({row['kind']}): {row['low']:.4g} to {row['high']:.4g} uJ"
        assumed = row["kind"].startswith("assumed")
        drawing.rect(x(row["low"]), y + 3, x(nominal) - x(row["low"]), 16, "blue", text)
        colour = "orange" if assumed else "green"
        drawing.rect(x(nominal), y + 3, x(row["high"]) - x(nominal), 16, colour, text)
    end = top + 24 * len(rows)
    drawing.line(x(nominal), top, x(nominal), end)
    for tick in x.ticks():
        drawing.text(x(tick), end + 16, short(tick), anchor="middle", size=11)
    drawing.text(right, end + 34, "uJ", anchor="end")
    return drawing
