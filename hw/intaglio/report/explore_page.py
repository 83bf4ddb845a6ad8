"""The explorer: points, their front and what fits, as one HTML file without network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from intaglio.report.axes import Axis, draw_axes, log_range, plot_area
from intaglio.report.drawing import Drawing, colours_css
from intaglio.report.style import STYLE
from intaglio.report.table import Column, sortable

Record = Mapping[str, Any]
SHOWN = 500  # rows of the table of all points


def front_drawing(exploration: Mapping[str, Any], name: str = "front") -> Drawing:
    """Return the points over the first two objectives; beaten ones are faint."""
    objectives = exploration["objectives"][:2]
    (key_x, unit_x), (key_y, unit_y) = (objectives * 2)[:2]
    records = [
        r
        for r in exploration["records"]
        if r["status"] == "ok" and r[key_x] is not None and r[key_y] is not None
    ]
    front = [r for r in exploration["front"] if r[key_x] is not None and r[key_y] is not None]
    fit = sum(bool(r["fits"]) for r in records)
    drawing = Drawing(
        name,
        f"{key_x} against {key_y}",
        f"{len(records)} configurations, {len(front)} of them on the Pareto front, {fit} fit the "
        f"part. Blue: on the front; green: fits, but is beaten; grey: beaten and does not fit.",
        height=460,
    )
    left, right, top, bottom = plot_area(drawing)
    x = Axis(*log_range([r[key_x] for r in records]), left, right, log=True)
    y = Axis(*log_range([r[key_y] for r in records]), bottom, top, log=True)
    draw_axes(drawing, x, y, f"{key_x}, {unit_x}", f"{key_y}, {unit_y}")
    for record in records:
        colour = "green" if record["fits"] else "faint"
        drawing.dot(x(record[key_x]), y(record[key_y]), colour, label(record), 2.5)
    before: tuple[float, float] | None = None
    for record in front:
        at = x(record[key_x]), y(record[key_y])
        if before is not None and len(exploration["objectives"]) <= 2:
            drawing.line(before[0], before[1], at[0], before[1], "blue")
            drawing.line(at[0], before[1], at[0], at[1], "blue")
        before = at
    for record in front:
        drawing.dot(x(record[key_x]), y(record[key_y]), "blue", label(record), 4.5)
    return drawing


def label(record: Record) -> str:
    """Return the parameters of a record in one line."""
    return ", ".join(f"{key} {value}" for key, value in record["point"].items())


def explore_html(exploration: Mapping[str, Any]) -> str:
    """Return the page."""
    title = f"Intaglio explorer: {exploration['model']}"
    drawing = front_drawing(exploration)
    notes = [
        f"Space: {exploration['space']}, {exploration['size']:,} combinations.",
        f"{len(exploration['records']):,} looked at, target {exploration['target']}.",
        *exploration["notes"],
    ]
    best = exploration["best_fit"]
    if best:
        notes.append(f"Best that fits: {label(best)}.")
    refused = [r for r in exploration["records"] if r["status"] != "ok"]
    if refused:
        notes.append(f"{len(refused):,} are no configuration or too small for a layer.")
    counted = [r for r in exploration["records"] if r["status"] == "ok"]
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(title)}</title><style>{colours_css()}{STYLE}</style></head><body>"
        f"<h1>{escape(title)}</h1><ul>"
        + "".join(f"<li>{escape(note)}</li>" for note in notes)
        + f"</ul><figure>{drawing.svg()}<figcaption>{escape(drawing.alt)}</figcaption></figure>"
        + f"<h2>On the front</h2>{_table(exploration['front'], 'front-table')}"
        + f"<h2>All points (the first {min(SHOWN, len(counted))})</h2>"
        + _table(counted[:SHOWN], "all-points")
        + f"<pre>{escape(exploration['reproduce'])}</pre></body></html>\n"
    )


def _table(records: Sequence[Record], name: str) -> str:
    if not records:
        return "<p>none</p>"
    keys = list(records[0]["point"])
    columns = [
        Column(key, f"p-{key}", number=isinstance(records[0]["point"][key], int)) for key in keys
    ]
    columns += [
        Column("cycles", "cycles", number=True),
        Column("latency ms", "latency_ms", number=True),
        Column("used", "utilisation", number=True, share=True),
        Column("energy uJ", "energy_uj", number=True),
        Column("LUTeq", "luteq", number=True),
        Column("DSP", "dsp", number=True),
        Column("RAM", "bram", number=True),
        Column("fits", "fits"),
    ]
    rows = [
        {**{f"p-{k}": v for k, v in r["point"].items()}, **r, "fits": "yes" if r["fits"] else "no"}
        for r in records
    ]
    return sortable(rows, columns, name)
