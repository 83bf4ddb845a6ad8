"""Where text goes: results to standard output, everything else to standard error."""

from __future__ import annotations

import json
import os
import re
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

GAP, MARGIN = 2, 2  # between columns, and left and right of them
LEAST_WIDTH = 8


class Terminal:
    """The two streams of one run of the command.

    Parameters
    ----------
    json : bool
        Standard output carries one JSON object and nothing else.
    no_progress : bool
        Say nothing while waiting.
    debug : bool
        Show tracebacks.
    """

    def __init__(
        self, *, json: bool = False, no_progress: bool = False, debug: bool = False
    ) -> None:
        self.json = json
        self.debug = debug
        self.progress = not no_progress and not os.environ.get("CI")
        self._consoles: dict[bool, Console] = {}

    def console(self, *, errors: bool = False) -> Console:
        """Return the console for results (on standard error with ``--json``) or for errors."""
        from rich.console import Console

        stderr = errors or self.json
        if stderr not in self._consoles:
            width = None if sys.stderr.isatty() or sys.stdout.isatty() else 160
            self._consoles[stderr] = Console(stderr=stderr, highlight=False, width=width)
        return self._consoles[stderr]

    def say(self, text: str = "", *, style: str = "") -> None:
        """Print a line for people; square brackets in it are plain text."""
        self.console().print(text, style=style or None, markup=False, soft_wrap=True)

    @property
    def width(self) -> int:
        """Characters of a line."""
        return self.console().width

    def table(
        self,
        columns: Sequence[str],
        rows: Iterable[Sequence[str]],
        *,
        title: str = "",
        footer: Sequence[str] | None = None,
        flexible: int = 0,
    ) -> None:
        """Print a table.

        A column whose name starts with ``>`` is flush right; column `flexible` gives way where
        the line is too short.
        """
        self.console().print(_table(columns, list(rows), title, footer, flexible, self.width))

    def result(self, payload: Mapping[str, Any]) -> None:
        """Print the JSON object of this run, if ``--json`` asks for it."""
        if self.json:
            sys.stdout.write(json.dumps(payload, indent=1) + "\n")
            sys.stdout.flush()

    def interrupted(self) -> None:
        """Say that the user stopped this run."""
        self.result({"errors": [], "interrupted": True})
        sys.stderr.write("interrupted; what was under way has been ended and removed\n")

    @contextmanager
    def waiting(self) -> Iterator[Callable[[str], None]]:
        """Yield a function that shows, in one line on standard error, what is under way.

        On a terminal the line is rewritten and vanishes in the end; otherwise each kind of line
        is printed once.
        """
        if not self.progress:
            yield lambda _: None
        elif sys.stderr.isatty() and not os.environ.get("TERM") == "dumb":
            with self._spinner() as show:
                yield show
        else:
            yield _once(self.console(errors=True))

    @contextmanager
    def _spinner(self) -> Iterator[Callable[[str], None]]:
        from rich.status import Status

        began = time.monotonic()
        status = Status("", console=self.console(errors=True))
        with status:
            yield lambda text: status.update(f"{text}  {time.monotonic() - began:.0f} s")


def _once(console: Console) -> Callable[[str], None]:
    seen: set[str] = set()

    def show(text: str) -> None:
        kind = re.sub(r"\d+", "#", text)
        if kind not in seen:
            seen.add(kind)
            console.print(text, markup=False, soft_wrap=True)

    return show


def _table(
    columns: Sequence[str],
    rows: Sequence[Sequence[str]],
    title: str,
    footer: Sequence[str] | None,
    flexible: int,
    width: int,
) -> Table:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    heads = [column.lstrip(">") for column in columns]
    cells = [*rows, *([footer] if footer else [])]
    widths = [
        max(len(line) for line in (*head.split("\n"), *(row[number] for row in cells)))
        for number, head in enumerate(heads)
    ]
    rest = sum(widths) - widths[flexible] + GAP * (len(columns) - 1) + MARGIN
    widths[flexible] = max(min(widths[flexible], width - rest), LEAST_WIDTH)
    table = Table(
        title=title or None,
        title_justify="left",
        box=box.SIMPLE_HEAD,
        show_footer=footer is not None,
        pad_edge=False,
        padding=(0, 1, 0, 0),
    )
    for number, column in enumerate(columns):
        table.add_column(
            heads[number],
            footer=footer[number] if footer else "",
            justify="right" if column.startswith(">") else "left",
            overflow="ellipsis",
            no_wrap=True,
            width=widths[number],
        )
    for row in rows:
        table.add_row(*map(Text, row))
    return table
