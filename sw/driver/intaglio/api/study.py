"""A study: a table, what it says in words, and a picture; written again by one command."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from intaglio.api.files import write_folder
from intaglio.report.lines_chart import lines_drawing
from intaglio.report.markdown import rows as table

SCHEMA = 1


@dataclass(frozen=True)
class Study:
    """What a study found.

    Parameters
    ----------
    name, title : str
        For files and for the page.
    columns : tuple of str
        Keys of `rows` in printing order.
    rows : tuple of dict
        The table.
    notes : tuple of str
        What it says.
    series : mapping
        Name to (x, y) points of the picture.
    axes : (str, str)
        What x and y are.
    """

    name: str
    title: str
    columns: tuple[str, ...]
    rows: tuple[Mapping[str, Any], ...]
    notes: tuple[str, ...]
    series: Mapping[str, list[tuple[float, float]]]
    axes: tuple[str, str]

    def as_dict(self) -> dict[str, Any]:
        """Return the study for JSON."""
        return {
            "schema_version": SCHEMA,
            "kind": "study",
            "name": self.name,
            "title": self.title,
            "rows": [dict(row) for row in self.rows],
            "notes": list(self.notes),
        }

    def markdown(self) -> str:
        """Return table and notes."""
        cells = [[_text(row.get(name)) for name in self.columns] for row in self.rows]
        lines = [f"# {self.title}", "", *table(self.columns, cells), ""]
        return "\n".join([*lines, *(f"- {note}" for note in self.notes)]) + "\n"


def save_study(study: Study, folder: Path | str) -> list[Path]:
    """Write table, JSON and picture to `folder`."""
    drawing = lines_drawing(study.name, study.title, study.series, study.axes, study.notes)
    stream = io.StringIO()
    writer = csv.DictWriter(stream, study.columns, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(dict(row) for row in study.rows)
    contents: dict[str, bytes | str] = {
        f"{study.name}.md": study.markdown(),
        f"{study.name}.csv": stream.getvalue(),
        f"{study.name}.json": json.dumps(study.as_dict(), indent=1) + "\n",
        f"{study.name}.svg": drawing.svg(alone=True),
        f"{study.name}.png": drawing.png(),
    }
    return write_folder(Path(folder), contents)


def _text(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    return f"{value:,}" if isinstance(value, int) else str("-" if value is None else value)
