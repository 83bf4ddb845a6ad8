"""``intaglio generate``: the accelerator as files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from intaglio.cli.common import Config
from intaglio.cli.terminal import Terminal


def generate(
    context: typer.Context,
    target: Annotated[
        str | None,
        typer.Option(
            "--target", metavar="NAME", help="Board or part; default: the configuration's."
        ),
    ] = None,
    config: Config = "default",
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="DIR", help="Folder for the files.")
    ] = Path("build/rtl"),
) -> None:
    """Write Verilog, register map (JSON, Markdown, C header), constraints and manifest.

    Example: intaglio generate --target ulx3s-85f --config default --output build/rtl
    """
    from intaglio import api

    terminal: Terminal = context.obj
    with terminal.waiting() as progress:
        made = api.generate(config, output, target, progress)
    terminal.say(
        f"{made.config.name} for {made.target.name}: {made.config.macs} INT8 MACs a cycle, "
        f"{made.modules} modules, {made.lines} lines of Verilog"
    )
    for file in made.files:
        terminal.say(f"  {file}")
    terminal.result(
        {
            "config": {"name": made.config.name, "digest": made.config.digest},
            "target": made.target.name,
            "macs": {"int8": made.config.macs},
            "modules": made.modules,
            "lines": made.lines,
            "output": str(output),
            "files": {file.name: str(file) for file in made.files},
        }
    )
