"""``intaglio systems``: published systems and whether they work here."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from intaglio.cli.terminal import Terminal

if TYPE_CHECKING:
    from intaglio.ledger.table import Row

NOT_GOOD = 1
OLDER = "*"


def systems(
    context: typer.Context,
    run: Annotated[
        str | None,
        typer.Option("--run", metavar="N|all", help="Run the checks of one (12), some or all."),
    ] = None,
    workers: Annotated[
        int, typer.Option("--workers", metavar="N", min=1, help="Processes that check.")
    ] = 2,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="Results file to write; systems that were not run keep what it says of them.",
        ),
    ] = None,
) -> int:
    """List 58 published systems and their state; --run checks them, and exits with 1 if one fails.

    Example: intaglio systems --run 32,49
    """
    from intaglio.api.files import write_file
    from intaglio.ledger.run import merged
    from intaglio.ledger.run import run as run_checks
    from intaglio.ledger.store import results_text, shipped
    from intaglio.ledger.table import choose, rows

    terminal: Terminal = context.obj
    numbers = choose(run) if run is not None else []
    with terminal.waiting() as progress:
        fresh = run_checks(numbers, workers=workers, progress=progress) if numbers else {}
    found = rows(fresh)
    if output is not None:
        older = shipped(output)
        records = fresh or {row.entry.number: row.record for row in found if row.record}
        write_file(output, results_text(merged(records, older)))
        terminal.say(f"written: {output}")
    shown = [row for row in found if row.entry.number in numbers] if numbers else found
    show(terminal, shown, details=0 < len(numbers) <= len(found) // 2)
    terminal.result({"systems": [row.as_dict() for row in shown]})
    return NOT_GOOD if any(row.failing for row in shown if row.entry.number in numbers) else 0


def show(terminal: Terminal, found: list[Row], *, details: bool) -> None:
    """Print the table, with `details` each clause too."""
    terminal.table(
        (">", "system", "class", "state", "missing"),
        [
            (
                str(row.entry.number),
                row.entry.name,
                row.entry.kind,
                f"{row.state}{'' if row.current or not row.record else OLDER}",
                row.missing,
            )
            for row in found
        ],
        flexible=4,
    )
    for row in found if details else ():
        terminal.say(f"{row.entry.number} {row.entry.name}: {row.entry.operator}")
        for clause in row.record.clauses if row.record else ():
            shown = "; ".join(part for part in (clause.figure, clause.missing) if part)
            terminal.say(f"  {clause.judgement}  {clause.text}: {shown}  ({clause.seconds:.1f} s)")
    counts = Counter(row.state for row in found)
    terminal.say(", ".join(f"{count} {state}" for state, count in counts.items()))
    if any(row.record and not row.current for row in found):
        terminal.say(f"{OLDER} shown by a run of earlier code: intaglio systems --run all")
