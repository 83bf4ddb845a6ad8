"""``intaglio power``: energy and power by part, from the activity of real layers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from intaglio.cli.common import Config
from intaglio.cli.figures import UNKNOWN, band, number
from intaglio.cli.terminal import Terminal
from intaglio.cli.verb_estimate import Clock, CoefficientFile, MemorySetting, Target
from intaglio.spec.errors import Finding, UsageError

if TYPE_CHECKING:
    from intaglio.api.power_run import Power

COLUMNS = ("part", ">uJ", ">low", ">high", ">share", "coefficient")


def power(
    context: typer.Context,
    model: Annotated[
        Path | None, typer.Argument(metavar="MODEL", help="A quantised .tflite or .onnx file.")
    ] = None,
    config: Config = "default",
    target: Target = None,
    inputs: Annotated[
        list[Path] | None,
        typer.Option("--input", metavar="FILE", help="Data whose activity is used; may repeat."),
    ] = None,
    build: Annotated[
        Path | None,
        typer.Option("--build", metavar="FILE", help="What intaglio build --json printed."),
    ] = None,
    clock: Clock = None,
    memory: MemorySetting = None,
    coefficients: CoefficientFile = None,
    list_coefficients: Annotated[
        bool, typer.Option("--list-coefficients", help="Print every coefficient and its source.")
    ] = False,
) -> int:
    """Print energy and power by part with low, nominal and high; every coefficient has a source.

    The gates of the configuration are compared with the golden model first, unless that has
    passed before: without a pass no figure is printed.
    Example: intaglio power model.tflite --target ulx3s-85f --input photo.png
    """
    from intaglio import api

    terminal: Terminal = context.obj
    if list_coefficients:
        _coefficients(terminal, coefficients)
        return 0
    if model is None:
        raise UsageError(
            Finding(
                "E101",
                "no model is given",
                where="command line",
                have="nothing",
                need="a model file, or --list-coefficients",
                help="intaglio power model.tflite --target ulx3s-85f",
            )
        )
    with terminal.waiting() as progress:
        found = api.power(
            model,
            config,
            target,
            inputs=inputs or [],
            build=build,
            memory=api.parse_memory(memory) if memory else None,
            clock_mhz=clock,
            coefficients=coefficients,
            progress=progress,
        )
    _show(terminal, found)
    terminal.result(found.as_dict())
    return 0


def _show(terminal: Terminal, found: Power) -> None:
    whole = sum(figure.value or 0.0 for figure in found.parts.values())
    rows = []
    for name, figure in found.parts.items():
        if figure.value is None:
            rows.append((name, UNKNOWN, "-", "-", "-", figure.how))
            continue
        low, high = figure.bounds
        share = f"{figure.value / whole:.1%}" if whole else "-"
        rows.append((name, number(figure.value), number(low), number(high), share, figure.how[:70]))
    estimate = found.estimate
    title = f"{estimate.model} on {estimate.config}, {estimate.target}, data: {found.inputs}"
    terminal.table(COLUMNS, rows, title=title)
    for name, figure in found.summary.items():
        terminal.say(f"  {name:<14} {band(figure)}")
    toggles = [activity.toggles for activity in found.activity.values()]
    if toggles:
        terminal.say(
            f"  operand bits that change in a step: {min(toggles):.2f} to {max(toggles):.2f} of 16 "
            "(random data: 8)"
        )
    if estimate.label:
        assumed = ", ".join(row.name for row in estimate.coefficients if row.kind == "assumed")
        terminal.say(f"  {estimate.label}: assumed are {assumed}", style="bold")
    unconfirmed = [row.name for row in estimate.coefficients if not row.confirmed]
    if unconfirmed:
        terminal.say(f"  unconfirmed sources: {', '.join(unconfirmed)}")
    terminal.say(f"  golden check: {estimate.golden}")


def _coefficients(terminal: Terminal, path: Path | None) -> None:
    from intaglio.estimate.coefficients import load_coefficients

    found = load_coefficients(path)
    rows = [
        (row.name, number(row.value), number(row.low), number(row.high), row.unit, row.label)
        for row in found.rows.values()
    ]
    terminal.table(("coefficient", ">value", ">low", ">high", "unit", "kind"), rows)
    for row in found.rows.values():
        terminal.say(f"{row.name}: {row.source}")
    terminal.result(
        {"origin": found.origin, "coefficients": [vars(r) for r in found.rows.values()]}
    )
