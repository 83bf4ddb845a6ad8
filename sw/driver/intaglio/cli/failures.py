"""Errors as people and scripts read them."""

from __future__ import annotations

import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from intaglio.spec.errors import Finding, IntaglioError, UsageError

if TYPE_CHECKING:
    from rich.console import Console

    from intaglio.cli.terminal import Terminal

MOST_SHOWN = 20


def report(error: Exception, terminal: Terminal) -> int:
    """Print `error` and return its exit code; a traceback is shown with ``--debug`` only."""
    if terminal.debug:
        traceback.print_exception(error)
    known = error if isinstance(error, IntaglioError) else _translate(error)
    terminal.result({"errors": [finding.as_dict() for finding in known.findings]})
    show_findings(known.findings, terminal.console(errors=True))
    return known.exit_code


def show_findings(findings: Sequence[Finding], console: Console) -> None:
    """Print findings, at most :data:`MOST_SHOWN` of them."""
    for finding in findings[:MOST_SHOWN]:
        console.print(f"error[{finding.code}]: ", style="bold red", end="", markup=False)
        console.print(finding.message, markup=False, soft_wrap=True)
        if finding.where:
            console.print(f"  --> {finding.where}", markup=False, soft_wrap=True)
        for name in ("have", "need", "help"):
            text = getattr(finding, name)
            if text:
                console.print(f"   {name}: {text}", markup=False, soft_wrap=True)
    rest = len(findings) - MOST_SHOWN
    if rest > 0:
        console.print(f"{rest} more of these; --json lists them all")


def _translate(error: Exception) -> IntaglioError:
    """Return the command-line parser's own errors as E101, all others as E901."""
    message = getattr(error, "format_message", None)
    if callable(message):
        context = getattr(error, "ctx", None)
        verb = context.command_path if context is not None else "intaglio"
        return UsageError(
            Finding(
                "E101",
                str(message()).rstrip("."),
                where="command line",
                have=str(message()),
                need="an option and value that the help lists",
                help=f"{verb} --help",
            )
        )
    frames = traceback.extract_tb(error.__traceback__)
    last = frames[-1] if frames else None
    where = f"{Path(last.filename).name}:{last.lineno} in {last.name}" if last else "unknown"
    text = " ".join(f"{type(error).__name__}: {error}".split())
    return IntaglioError(
        Finding(
            "E901",
            f"internal error: {text}",
            where=where,
            have=text,
            need="no such error: this is a fault of Intaglio",
            help="run again with --debug, and report the command, the traceback and the versions "
            "that intaglio doctor prints",
        )
    )
