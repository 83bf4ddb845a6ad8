"""A table that is sorted by its heads without a script: radio buttons and the order of a grid."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from intaglio.report.text import number


@dataclass(frozen=True)
class Column:
    """A column: its head and the key of a row. `share`: printed in per cent."""

    head: str
    key: str
    number: bool = False
    share: bool = False

    def value(self, row: Mapping[str, Any]) -> Any:
        """Return the row's value; None where a figure is not known or not there."""
        found = row.get(self.key)
        return found["value"] if isinstance(found, Mapping) else found

    def text(self, row: Mapping[str, Any]) -> str:
        """Return the cell's text."""
        value = self.value(row)
        if self.share:
            return "-" if value is None else f"{value:.1%}"
        return number(value) if self.number else str(value or "-")


def sortable(
    rows: Sequence[Mapping[str, Any]], columns: Sequence[Column], name: str = "layers"
) -> str:
    """Return the table; each head is a label of the button that orders the rows by it.

    Numbers come greatest first, text in alphabetical order; "#" is the order of the rows given.
    """
    ranks = [_ranks(rows, column) for column in columns]
    buttons = [_button(name, "given", checked=True)]
    buttons += [_button(name, column.key) for column in columns]
    rules = "".join(
        f"#{name}-{column.key}:checked~table tbody tr{{order:var(--{column.key})}}"
        for column in columns
    )
    heads = [f'<th scope="col" role="columnheader"><label for="{name}-given">#</label></th>']
    heads += [
        f'<th scope="col" role="columnheader"{" class=n" if column.number else ""}>'
        f'<label for="{name}-{column.key}">{escape(column.head)}</label></th>'
        for column in columns
    ]
    body = []
    for at, row in enumerate(rows):
        order = ";".join(f"--{c.key}:{ranks[n][at]}" for n, c in enumerate(columns))
        cells = "".join(
            f'<td role="cell"{" class=n" if c.number else ""}>{escape(c.text(row))}</td>'
            for c in columns
        )
        body.append(f'<tr role="row" style="{order}"><td role="cell">{at}</td>{cells}</tr>')
    widths = "3rem " + " ".join("1fr" if c.number else "1.5fr" for c in columns)
    return (
        f'<style>{rules}</style><div class="sort" style="--columns:{widths}">{"".join(buttons)}'
        f'<table role="table"><thead role="rowgroup"><tr role="row">{"".join(heads)}</tr></thead>'
        f'<tbody role="rowgroup">{"".join(body)}</tbody></table></div>'
    )


def _button(name: str, key: str, *, checked: bool = False) -> str:
    state = " checked" if checked else ""
    return f'<input type="radio" name="{name}" id="{name}-{key}" aria-label="sort by {key}"{state}>'


def _ranks(rows: Sequence[Mapping[str, Any]], column: Column) -> list[int]:
    """Return the place of each row when they are ordered by `column`."""

    def key(at: int) -> tuple[bool, Any]:
        value = column.value(rows[at])
        if column.number:
            return value is None, -(value or 0.0)
        return value is None, str(value)

    ranks = [0] * len(rows)
    for place, at in enumerate(sorted(range(len(rows)), key=key)):
        ranks[at] = place
    return ranks
