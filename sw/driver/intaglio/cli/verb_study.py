"""``intaglio study``: tables and plots of a question, made again by one command."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from intaglio.cli.figures import number
from intaglio.cli.terminal import Terminal
from intaglio.spec.errors import Finding, UsageError

NAMES = ("scaling", "filters")


def study(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="scaling or filters.")],
    model: Annotated[
        Path | None,
        typer.Argument(metavar="MODEL", help="For filters; default: the shipped network."),
    ] = None,
    inputs: Annotated[
        list[Path] | None,
        typer.Option("--input", metavar="FILE", help="Data of the model; may repeat."),
    ] = None,
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="DIR", help="Folder for all files.")
    ] = Path("build/study"),
) -> int:
    """Run a study: ``scaling`` of depth, width and resolution; ``filters`` against energy.

    Example: intaglio study filters model.tflite --input photo.png
    """
    from intaglio import api
    from intaglio.api.powers import inputs_of
    from intaglio.api.study import save_study
    from intaglio.api.study_filters import filters
    from intaglio.api.study_scaling import scaling
    from intaglio.explore.costing import choose

    terminal: Terminal = context.obj
    if name not in NAMES:
        raise UsageError(
            Finding(
                "E101",
                f"no study is called {name}",
                where="command line",
                have=name,
                need=", ".join(NAMES),
                help="compare-formats and compare-peers have verbs of their own",
            )
        )
    with terminal.waiting() as progress:
        if name == "scaling":
            found = scaling(progress=progress)
        else:
            chosen = api.load(model or api.demo_digits().model)
            data, _ = inputs_of(chosen, choose("default"), inputs or [])
            found = filters(chosen, data, progress=progress)
    files = save_study(found, output)
    rows = [
        [
            number(value) if isinstance(value, int | float) else str(value or "-")
            for value in (row.get(column) for column in found.columns)
        ]
        for row in found.rows
    ]
    terminal.table(
        [found.columns[0], *(f">{c}" for c in found.columns[1:])], rows, title=found.title
    )
    for text in (*found.notes, *map(str, files)):
        terminal.say(f"  {text}")
    terminal.result({**found.as_dict(), "files": [str(path) for path in files]})
    return 0
