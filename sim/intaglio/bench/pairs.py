"""The table: every row of every ``pairs_*`` module of this package."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from importlib import import_module
from pathlib import Path

from intaglio.bench.row import Row
from intaglio.bench.whole import WholeRow
from intaglio.spec.errors import Finding, UsageError


def collect(names: Iterable[str]) -> tuple[Row | WholeRow, ...]:
    """Return the rows of the modules called `names`, in the order of each one's ``ROWS``.

    Raises
    ------
    ValueError
        If two rows have one name.
    """
    rows = tuple(row for name in names for row in import_module(f"{__package__}.{name}").ROWS)
    known = [row.name for row in rows]
    twice = sorted({name for name in known if known.count(name) > 1})
    if twice:
        raise ValueError(f"rows with one name: {', '.join(twice)}")
    return rows


PAIRS = collect(sorted(path.stem for path in Path(__file__).parent.glob("pairs_*.py")))


def choose(names: list[str]) -> list[Row | WholeRow]:
    """Return the rows called `names` (or whose names start so); all of them for no names.

    Raises
    ------
    UsageError
        E101 for every name that fits no row, with the nearest one.
    """
    known = [row.name for row in PAIRS]
    findings = []
    for name in names:
        if not any(row.startswith(name) for row in known):
            near = difflib.get_close_matches(name, known, n=1)
            findings.append(
                Finding(
                    "E101",
                    f"no bench row is called {name}",
                    where="names of rows",
                    have=name,
                    need=", ".join(known),
                    help=f"did you mean {near[0]}?" if near else "leave the names out to run all",
                )
            )
    if findings:
        raise UsageError(findings)
    return [row for row in PAIRS if not names or row.name.startswith(tuple(names))]
