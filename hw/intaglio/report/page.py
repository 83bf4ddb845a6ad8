"""The report as one HTML file: no script, no address outside it, light and dark."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

from intaglio.report.charts import charts
from intaglio.report.charts_time import Report
from intaglio.report.drawing import colours_css
from intaglio.report.style import STYLE
from intaglio.report.table import Column, sortable
from intaglio.report.text import figure_text, plain

CARDS = (
    *("cycles", "latency", "utilisation", "bytes", "luteq", "ff", "dsp", "bram", "fmax"),
    *("energy", "power"),
)
LAYER_COLUMNS = (
    Column("layer", "name"),
    Column("operator", "op"),
    Column("MACs", "macs", number=True),
    Column("cycles", "cycles", number=True),
    Column("ideal", "ideal_cycles", number=True),
    Column("used", "utilisation", number=True, share=True),
    Column("bound by", "bound_by"),
    Column("bytes", "bytes", number=True),
    Column("energy uJ", "energy", number=True),
)


def html(report: Report) -> str:
    """Return the page of `report`."""
    drawings = charts(report)
    sections = [
        _cards(report),
        _notes(report),
        "<h2>Layers</h2>" + sortable(report["layers"], LAYER_COLUMNS),
        *(
            f'<figure id="{d.name}"><h2>{escape(d.title)}</h2>{d.svg()}'
            f"<figcaption>{escape(d.alt)}</figcaption></figure>"
            for d in drawings
        ),
        _checks(report),
        _advice(report),
        _provenance(report),
        _environment(report),
    ]
    title = f"Intaglio: {report['model'] or report['config']} on {report['config']}"
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(title)}</title><style>{colours_css()}{STYLE}</style></head><body>"
        f"<h1>{escape(title)}</h1><p>target {escape(report['target'])}</p>"
        + "".join(sections)
        + "</body></html>\n"
    )


def _cards(report: Report) -> str:
    cards = []
    for name in CARDS:
        figure = report["summary"].get(name)
        if figure is None:
            continue
        cards.append(
            f'<div class="card" title="{escape(figure["how"])}"><b>{escape(name)}</b>'
            f"<span>{escape(plain(figure))}</span>"
            f"<small>{escape(figure_text(figure))}</small><em>{escape(figure['source'])}</em></div>"
        )
    return f'<div class="cards">{"".join(cards)}</div>'


def _notes(report: Report) -> str:
    notes = [f"Golden check of this configuration: {report['golden']}."]
    if report["withheld"]:
        notes.append(report["withheld"])
    if report["label"]:
        notes.append(f"Energy and power are {report['label']}: an assumed coefficient enters.")
    for name, errors in report["fit_errors"].items():
        notes.append(
            f"{name} on configurations left out of the fit: median {errors['median']:.1%}, worst "
            f"{errors['worst']:.1%} of {errors['rows']:.0f}."
        )
    notes += [
        f"Does not fit: {s['resource']}, {s['need']:,.0f} of {s['have']:,.0f}."
        for s in report["shortages"]
    ]
    return "<ul>" + "".join(f"<li>{escape(note)}</li>" for note in notes) + "</ul>"


def _checks(report: Report) -> str:
    rows = [(c["id"], c["status"], c["value"], c["limit"]) for c in report["checks"]]
    return "<h2>Checks</h2>" + table(("check", "status", "value", "limit"), rows)


def _advice(report: Report) -> str:
    rows = [(a["rule"], a["text"], a["gain"]) for a in report["advice"]]
    return "<h2>Advice</h2>" + table(("rule", "what", "at most"), rows) if rows else ""


def _provenance(report: Report) -> str:
    rows = [
        (
            row["name"],
            f"{row['value']:g} ({row['low']:g} to {row['high']:g}) {row['unit']}",
            row["kind"] if row["confirmed"] else f"{row['kind']}, unconfirmed",
            row["source"],
        )
        for row in report["coefficients"]
    ]
    figures = [
        (name, plain(figure), figure["source"], figure["how"])
        for name, figure in report["summary"].items()
    ]
    return (
        "<h2>Where the figures come from</h2>"
        + table(("figure", "value", "source", "how"), figures)
        + "<h2>Coefficients</h2>"
        + table(("coefficient", "value", "kind", "source"), rows)
    )


def _environment(report: Report) -> str:
    rows = sorted(report["environment"].items())
    return f"<h2>How to reproduce</h2><pre>{escape(report['reproduce'])}</pre>" + table(
        ("tool", "version"), rows
    )


def table(heads: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """Return a plain table."""
    head = "".join(f'<th scope="col">{escape(text)}</th>' for text in heads)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(str(cell))}</td>" for cell in row) + "</tr>" for row in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def summary_rows(summary: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Return name, value with band, and source of each figure."""
    return [(name, figure_text(f), f["source"]) for name, f in summary.items()]
