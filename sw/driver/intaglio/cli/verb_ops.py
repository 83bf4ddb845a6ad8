"""``intaglio ops``: the operators that are taken, and where they run."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from intaglio.cli.common import require_format
from intaglio.cli.terminal import Terminal

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
    require_format(form, FORMATS)
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
