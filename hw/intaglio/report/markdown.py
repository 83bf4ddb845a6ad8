"""A report as Markdown, short enough for the summary page of a CI run, and as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any

from intaglio.report.charts_time import Report
from intaglio.report.text import figure_text, plain

LAYER_FIGURES = ("macs", "cycles", "ideal_cycles", "utilisation", "bytes", "energy")
SLOWEST = 10


def markdown(report: Report) -> str:
    """Return totals, the slowest layers, checks and advice."""
    lines = [
        f"## {report['model'] or report['config']} on {report['config']}, {report['target']}",
        "",
        *rows(
            ("figure", "value", "band", "source"),
            [(n, plain(f), figure_text(f), f["source"]) for n, f in report["summary"].items()],
        ),
    ]
    layers = [layer for layer in report["layers"] if layer["cycles"]["value"]]
    layers.sort(key=lambda layer: -layer["cycles"]["value"])
    if layers:
        lines += ["", f"The {min(SLOWEST, len(layers))} slowest of {len(layers)} layers:", ""]
        cells = [
            (n["name"], n["op"], plain(n["cycles"]), plain(n["utilisation"]), n["bound_by"])
            for n in layers[:SLOWEST]
        ]
        lines += rows(("layer", "operator", "cycles", "used", "bound by"), cells)
    lines += ["", *(f"- {c['id']}: **{c['status']}** ({c['value']})" for c in report["checks"])]
    lines += [f"- {a['rule']}: {a['text']}, {a['gain']}" for a in report["advice"]]
    if report["label"]:
        lines.append(f"- energy and power are {report['label']}")
    if report["withheld"]:
        lines.append(f"- {report['withheld']}")
    return "\n".join(lines) + "\n"


def rows(heads: Sequence[str], cells: Sequence[Sequence[Any]]) -> list[str]:
    """Return the lines of a table."""
    found = [f"| {' | '.join(heads)} |", f"|{'---|' * len(heads)}"]
    return found + [f"| {' | '.join(str(c).replace('|', '/') for c in row)} |" for row in cells]


def layers_csv(report: Report) -> str:
    """Return one line for each layer: value, low and high of each figure, bytes and energy apart.

    An empty cell is a figure that is not known.
    """
    levels = list(dict.fromkeys(key for n in report["layers"] for key in n["levels"]))
    parts = list(dict.fromkeys(key for n in report["layers"] for key in n["parts"]))
    heads = ["name", "op", "where", "bound_by"]
    heads += [f"{name}{end}" for name in LAYER_FIGURES for end in ("", "_low", "_high", "_source")]
    heads += [f"bytes_{level}" for level in levels] + [f"energy_{part}" for part in parts]
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(heads)
    for layer in report["layers"]:
        line = [layer["name"], layer["op"], layer["where"], layer["bound_by"]]
        for name in LAYER_FIGURES:
            figure: Mapping[str, Any] = layer.get(name, {})
            line += [_cell(figure.get(key)) for key in ("value", "low", "high", "source")]
        line += [_cell(layer["levels"].get(level, {}).get("value")) for level in levels]
        line += [_cell(layer["parts"].get(part, {}).get("value")) for part in parts]
        writer.writerow(line)
    return stream.getvalue()


def _cell(value: Any) -> Any:
    return "" if value is None else value
