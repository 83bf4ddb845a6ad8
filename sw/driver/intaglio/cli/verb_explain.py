"""``intaglio explain``: what an error code means and what to do."""

from __future__ import annotations

from typing import Annotated

import typer

from intaglio.cli.terminal import Terminal


def _codes(incomplete: str) -> list[str]:
    from intaglio.spec.errors import CODES

    return [code for code in CODES if code.startswith(incomplete.upper())]


def explain(
    context: typer.Context,
    code: Annotated[
        str,
        typer.Argument(metavar="CODE", help="An error code such as E406.", autocompletion=_codes),
    ],
) -> None:
    """Explain an error code: what it means, its exit code, what to do.

    Example: intaglio explain E406
    """
    from intaglio import api

    terminal: Terminal = context.obj
    found = api.explain(code)
    terminal.say(f"{found.code}: {found.meaning}", style="bold")
    terminal.say(found.family)
    terminal.say(f"What to do: {found.advice}")
    terminal.say(f"Exit code {found.exit_code}.")
    terminal.result(found.as_dict())
