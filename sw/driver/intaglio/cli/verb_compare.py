"""``intaglio compare``: reports side by side, exit code 1 beyond a limit."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from intaglio.cli.figures import number
from intaglio.cli.terminal import Terminal

NOT_GOOD = 1


def compare(
    context: typer.Context,
    reports: Annotated[
        list[Path], typer.Argument(metavar="A B...", help="Two or more report.json; A is the old.")
    ],
    fail_on: Annotated[
        str | None,
        typer.Option(
            "--fail-on",
            metavar="LIMITS",
            help='Such as "cycles>+2%,luteq>+100,fmax<45": + and - are changes from A.',
        ),
    ] = None,
) -> int:
    """Print how each figure differs from report A; exit code 1 beyond a limit.

    Example: intaglio compare baseline.json build/report/report.json --fail-on "cycles>+2%"
    """
    from intaglio import api
    from intaglio.spec.errors import Finding, UsageError

    terminal: Terminal = context.obj
    if len(reports) < 2:
        raise UsageError(
            Finding(
                "E101",
                "one report has nothing to be compared with",
                where="command line",
                have=str(reports[0]),
                need="two or more report.json",
                help="intaglio compare A/report.json B/report.json",
            )
        )
    limits = api.parse_limits(fail_on) if fail_on else []
    old, *others = [api.read_report(path) for path in reports]
    failed, found = [], []
    for path, new in zip(reports[1:], others, strict=True):
        changes = api.compare_reports(old, new, limits)
        rows = [
            (
                change.name,
                number(change.old),
                number(change.new),
                "-" if change.relative is None else f"{change.relative:+.2%}",
                change.unit,
                ", ".join(change.failed),
            )
            for change in changes
        ]
        heads = ("figure", ">A", ">B", ">change", "unit", "beyond")
        terminal.table(heads, rows, title=f"A: {reports[0]}   B: {path}")
        failed += [text for change in changes for text in change.failed]
        found.append(
            {
                "report": str(path),
                "changes": [
                    {**vars(change), "failed": list(change.failed), "relative": change.relative}
                    for change in changes
                ],
            }
        )
    terminal.result({"baseline": str(reports[0]), "compared": found, "failed": failed})
    for text in failed:
        terminal.say(f"beyond the limit: {text}", style="bold red")
    return NOT_GOOD if failed else 0
