"""A comparison of formats as files: one page for everything, tables, charts."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from html import escape

from intaglio.explore.compare_formats_chart import charts
from intaglio.explore.compare_formats_markdown import markdown
from intaglio.explore.compare_formats_table import FormatComparison

CSS = """\
:root { color-scheme: light dark }
body { font: 14px/1.5 sans-serif; margin: 2em auto; max-width: 1200px; padding: 0 1em }
table { border-collapse: collapse; font-variant-numeric: tabular-nums }
td, th { padding: 2px 8px; text-align: right; border-bottom: 1px solid #8884 }
td:first-child, th:first-child { text-align: left }
th { cursor: pointer }
svg { max-width: 100%; height: auto; background: #fff }
code { background: #8882 }"""
SORT = """\
const value = (row, at) => {
  const text = row.cells[at].textContent, number = parseFloat(text);
  return isNaN(number) ? text : number;
};
document.querySelectorAll("th").forEach(head => head.onclick = () => {
  const table = head.closest("table"), at = head.cellIndex;
  const way = head.dataset.way = head.dataset.way == 1 ? -1 : 1;
  [...table.rows].slice(1)
    .sort((a, b) => value(a, at) > value(b, at) ? way : -way)
    .forEach(row => table.append(row));
});"""


def html(result: FormatComparison, drawn: Mapping[str, str]) -> str:
    """Return the page with its charts, which are SVG by name, as one file that needs no other."""
    pictures = [
        f'<figure aria-label="{escape(name)}">{_inline(text)}</figure>'
        for name, text in drawn.items()
    ]
    body = "\n".join(_html_block(block) for block in markdown(result).split("\n\n"))
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        f"<title>What a number format costs</title><style>{CSS}</style>\n{body}\n"
        f"<h2>Charts</h2>\n{''.join(pictures)}\n<script>{SORT}</script></html>\n"
    )


def _html_block(block: str) -> str:
    if block.startswith("#"):
        level = len(block) - len(block.lstrip("#"))
        return f"<h{level}>{escape(block[level + 1 :])}</h{level}>"
    if block.startswith("|"):
        lines = [line.strip("| ").split(" | ") for line in block.strip().split("\n")]
        head, rows = lines[0], lines[2:]
        return (
            f"<table><tr>{''.join(f'<th>{escape(cell)}</th>' for cell in head)}</tr>"
            + "".join(
                f"<tr>{''.join(f'<td>{_code(cell)}</td>' for cell in row)}</tr>" for row in rows
            )
            + "</table>"
        )
    if block.startswith("- "):
        items = (f"<li>{_code(line[2:])}</li>" for line in block.strip().split("\n"))
        return f"<ul>{''.join(items)}</ul>"
    return f"<p>{_code(block)}</p>"


def _code(text: str) -> str:
    return re.sub(r"`([^`]*)`", r"<code>\1</code>", escape(text))


def _inline(svg: str) -> str:
    """Return a picture without what stands before its first element."""
    return svg[svg.index("<svg") :]


def comparison_files(result: FormatComparison) -> dict[str, str]:
    """Return every file of a comparison by name."""
    drawn = charts(result)
    return {
        "formats.html": html(result, drawn),
        "formats.json": json.dumps(result.as_dict(), indent=1) + "\n",
        "formats.csv": result.to_csv(),
        "formats.md": markdown(result),
        **drawn,
    }
