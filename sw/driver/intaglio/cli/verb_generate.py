"""``intaglio generate``: the accelerator, or one arithmetic unit, as files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from intaglio.cli.common import Config, require_unit
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
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="DIR",
            help="Folder for the files; default: build/rtl, or build/unit with --unit.",
        ),
    ] = None,
    unit: Annotated[
        str | None,
        typer.Option("--unit", metavar="NAME", help="One arithmetic unit of `intaglio units`."),
    ] = None,
    form: Annotated[
        str | None, typer.Option("--format", metavar="NAME", help="The unit's number format.")
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="A setting of the unit; repeatable."),
    ] = None,
) -> None:
    """Write Verilog, register map (JSON, Markdown, C header), constraints and manifest.

    With --unit and --format: one arithmetic unit alone, with its data sheet.

    Example: intaglio generate --target ulx3s-85f --config default --output build/rtl
    """
    from intaglio import api

    terminal: Terminal = context.obj
    if unit or form or settings:
        _generate_unit(terminal, unit, form, settings or [], output or Path("build/unit"))
        return
    output = output or Path("build/rtl")
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


def _generate_unit(
    terminal: Terminal, unit: str | None, form: str | None, settings: list[str], output: Path
) -> None:
    """Write one unit."""
    from intaglio import api

    made = api.generate_unit(*require_unit(unit, form), output, settings)
    terminal.say(f"{made.top}: {made.lines} lines of Verilog, latency {made.latency_cycles} cycles")
    for file in made.files:
        terminal.say(f"  {file}")
    terminal.result(
        {
            "unit": made.unit,
            "format": made.format,
            "top": made.top,
            "settings": dict(made.settings),
            "latency_cycles": made.latency_cycles,
            "output": str(output),
            "files": {file.name: str(file) for file in made.files},
        }
    )
