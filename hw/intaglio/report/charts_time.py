"""Charts of time: roofline, efficiency gap, waterline, waterfall of lost cycles.

T = ops / (R * E): cycles T, peak rate R and efficiency E; T_ideal = ops / R, E = T_ideal / T.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from intaglio.report.axes import Axis, draw_axes, log_range, plot_area, short
from intaglio.report.drawing import SERIES, Drawing

Report = Mapping[str, Any]
Layer = Mapping[str, Any]
EFFICIENCIES = (1.0, 0.5, 0.2, 0.1)


def value(figures: Mapping[str, Any], name: str) -> float:
    """Return the value of a figure; 0 where it is not there or not known."""
    found = figures.get(name)
    return float(found["value"] or 0.0) if found else 0.0


def working(report: Report) -> list[Layer]:
    """Return the layers that multiply on the array."""
    return [
        layer
        for layer in report["layers"]
        if value(layer, "macs") > 0 and value(layer, "cycles") > 0
    ]


def roofline(report: Report) -> Drawing:
    """MACs a cycle over MACs a byte of external memory, with the ceilings of both."""
    layers, peak = working(report), float(report["peak_macs_per_cycle"])
    rate = float(report["memory_bytes_per_cycle"])
    points = [
        (
            value(n, "macs") / max(value(n, "bytes"), 1.0),
            value(n, "macs") / value(n, "cycles"),
            n["name"],
        )
        for n in layers
    ]
    buffer = float(report.get("buffer_bytes_per_cycle", 0))
    inner = [
        (value(n, "macs") / value(n["levels"], "activations"), p[1], p[2])
        for n, p in zip(layers, points, strict=True)
        if buffer and value(n["levels"], "activations") > 0
    ]
    below = sum(y < 0.5 * min(peak, x * rate) for x, y, _ in points)
    drawing = Drawing(
        "roofline",
        "Roofline",
        f"Each of {len(points)} layers by its MACs for each byte of external memory and its MACs "
        f"a cycle. The ceilings, {short(peak)} MACs and {short(rate)} bytes a cycle, meet at "
        f"{short(peak / rate)} MACs a byte. {below} layers reach less than half of their ceiling. "
        "Rings: the same layers by MACs for each byte of the activation buffer, whose ceiling is "
        f"{short(buffer)} bytes a cycle.",
    )
    left, right, top, bottom = plot_area(drawing)
    reach = [p[0] for p in (*points, *inner)]
    x = Axis(*log_range([*reach, peak / rate]), left, right, log=True)
    y = Axis(*log_range([*(p[1] for p in points), peak]), bottom, top, log=True)
    draw_axes(drawing, x, y, "MACs / byte of external memory", "MACs / cycle")
    knee = peak / rate
    start = max(x.low, y.low / rate)
    drawing.line(x(start), y(start * rate), x(knee), y(peak), "orange", size=2)
    drawing.line(x(knee), y(peak), x.end, y(peak), "blue", size=2)
    drawing.text(x.end - 4, y(peak) - 6, f"array {short(peak)}", anchor="end", colour="blue")
    drawing.text(x(start) + 8, bottom - 8, f"memory {short(rate)} bytes / cycle", colour="orange")
    if buffer:
        start = max(x.low, y.low / buffer)
        drawing.line(x(start), y(start * buffer), x(peak / buffer), y(peak), "pink", size=1.5)
        text = f"buffer {short(buffer)} bytes / cycle"
        drawing.text(x(peak / buffer) - 6, y(peak) - 6, text, anchor="middle", colour="pink")
    for at_x, at_y, name in inner:
        text = f"{name}: {at_x:.3g} MACs a byte of the activation buffer"
        drawing.dot(x(at_x), y(at_y), "pink", text, 3, hollow=True)
    for at_x, at_y, name in points:
        text = f"{name}: {at_y:.3g} MACs a cycle, {at_x:.3g} MACs a byte"
        drawing.dot(x(at_x), y(at_y), "green", text)
    return drawing


def efficiency_gap(report: Report) -> Drawing:
    """T over T_ideal; the height above the diagonal is 1 / E."""
    layers = working(report)
    points = [(value(n, "ideal_cycles"), value(n, "cycles"), n["name"]) for n in layers]
    lines = [
        (p[0], value(n, "waterline_cycles"), p[2]) for n, p in zip(layers, points, strict=True)
    ]
    lines = [line for line in lines if line[1] > 0]
    ideal, real = sum(p[0] for p in points), sum(p[1] for p in points)
    drawing = Drawing(
        "efficiency_gap",
        "Efficiency gap",
        f"Cycles of each layer over the cycles that its MACs take at the peak rate. All layers "
        f"together take {short(real)} cycles for {short(ideal)}: efficiency "
        f"{ideal / real if real else 0:.1%}. Diagonals have one efficiency. Rings: the cycles of "
        "the unit that is needed most, were it never to wait; from there to the dot is waiting.",
    )
    left, right, top, bottom = plot_area(drawing)
    low, high = log_range([v for p in (*points, *lines) for v in p[:2]])
    x = Axis(low, high, left, right, log=True)
    y = Axis(low, high, bottom, top, log=True)
    draw_axes(drawing, x, y, "T ideal = MACs / peak, cycles", "T, cycles")
    for share in EFFICIENCIES:
        start, end = max(low, low * share), high * share
        drawing.line(x(start), y(start / share), x(end), y(end / share), "grey", dashed=share < 1)
        drawing.text(x(end) - 4, y(end / share) + 12, f"{share:.0%}", anchor="end", size=10)
    for at_x, line, name in lines:
        text = f"{name}: {line:,.0f} cycles at effective rates"
        drawing.dot(x(at_x), y(line), "orange", text, 4, hollow=True)
    for at_x, at_y, name in points:
        text = f"{name}: {at_y:,.0f} cycles for {at_x:,.0f}, {at_x / at_y:.1%}"
        drawing.dot(x(at_x), y(at_y), "blue", text)
    return drawing


def waterline(report: Report) -> Drawing:
    """MACs a byte of each layer, as wide as its share of the MACs, and the rate that is needed."""
    layers, peak = working(report), float(report["peak_macs_per_cycle"])
    line = peak / float(report["memory_bytes_per_cycle"])
    bars = [
        (value(n, "macs"), value(n, "macs") / max(value(n, "bytes"), 1), n["name"]) for n in layers
    ]
    total = sum(bar[0] for bar in bars) or 1.0
    under = sum(macs for macs, intensity, _ in bars if intensity < line) / total
    drawing = Drawing(
        "waterline",
        "Waterline",
        f"MACs for each byte of external memory, layer after layer, as wide as the layer's share "
        f"of all MACs. The waterline is at {short(line)} MACs a byte; {under:.1%} of the MACs are "
        f"in layers below it, which memory limits.",
    )
    left, right, top, bottom = plot_area(drawing)
    x = Axis(0, 1, left, right)
    y = Axis(*log_range([*(bar[1] for bar in bars), line]), bottom, top, log=True)
    draw_axes(drawing, x, y, "share of all MACs", "MACs / byte")
    at = 0.0
    for macs, intensity, name in bars:
        begin, end = x(at / total), x((at + macs) / total)
        colour = "orange" if intensity < line else "blue"
        text = f"{name}: {intensity:.3g} MACs a byte, {macs / total:.1%} of the MACs"
        drawing.rect(begin, y(intensity), end - begin - 0.5, bottom - y(intensity), colour, text)
        at += macs
    drawing.line(x.start, y(line), x.end, y(line), "ink", size=2, dashed=True)
    drawing.text(x.end - 4, y(line) - 5, "waterline", anchor="end")
    return drawing


def waterfall(report: Report) -> Drawing:
    """Where the cycles go: from the ideal to what was counted."""
    steps: Sequence[Mapping[str, Any]] = report["lost_cycles"]
    total = sum(step["cycles"] for step in steps) or 1
    words = ", ".join(f"{s['name']} {s['cycles'] / total:.1%}" for s in steps)
    drawing = Drawing(
        "waterfall",
        "Where the cycles go",
        f"{short(total)} cycles, {report['lost_cycles_source']}: {words}.",
        height=60 + 30 * max(len(steps), 1),
    )
    left, right, top, _ = plot_area(drawing, left=210)
    x = Axis(0, total, left, right - 90)
    at = 0.0
    for number, step in enumerate(steps):
        y = top + 30 * number
        colour = SERIES[number % len(SERIES)]
        drawing.text(left - 8, y + 15, step["name"], anchor="end")
        text = f"{step['name']}: {step['cycles']:,.0f} cycles: {step['meaning']}"
        drawing.rect(x(at), y + 2, max(x(at + step["cycles"]) - x(at), 0.5), 20, colour, text)
        share = f"{step['cycles'] / total:.1%}"
        drawing.text(x(at + step["cycles"]) + 6, y + 16, share, size=11)
        at += step["cycles"]
    return drawing
