"""``intaglio ops``: the operators that are taken, and where they run."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from intaglio.cli.terminal import Terminal
from intaglio.spec.errors import Finding, UsageError

FORMATS = ("table", "json", "md")


def ops(
    context: typer.Context,
    form: Annotated[
        str, typer.Option("--format", metavar="table|json|md", help="How the table is printed.")
    ] = "table",
) -> None:
    """List the operators of TFLite and ONNX files that Intaglio takes, and where they run.

    Example: intaglio ops --format md
    """
    from intaglio import api

    terminal: Terminal = context.obj
    if form not in FORMATS:
        raise UsageError(
            Finding(
                "E101",
                f"no format is called {form!r}",
                where="--format",
                have=form,
                need=", ".join(FORMATS),
                help="take one of these",
            )
        )
    terminal.json |= form == "json"
    found = api.ops()
    if form == "md" and not terminal.json:
        sys.stdout.write(api.ops_markdown())
        return
    terminal.table(
        ("operator", "TFLite", "ONNX", "runs on", "why"),
        [
            (
                row["op"],
                " ".join(row["tflite"]),
                " ".join(row["onnx"]),
                row["where"],
                row["why"],
            )
            for row in found
        ],
        flexible=4,
    )
    terminal.result({"ops": found})
