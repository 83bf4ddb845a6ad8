"""``intaglio report``: one page without network, with JSON, CSV, Markdown and every chart."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import Annotated

import typer

from intaglio.cli.terminal import Terminal
from intaglio.cli.verb_estimate import Clock, CoefficientFile, MemorySetting, OptionalConfig, Target

REPORTS = Path("build/report")
NOT_GOOD = 1


def report(
    context: typer.Context,
    subject: Annotated[
        str,
        typer.Argument(
            metavar="MODEL|CONFIG|REPORT", help="A model, a configuration, or a report.json."
        ),
    ],
    config: OptionalConfig = None,
    target: Target = None,
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="DIR", help="Folder for all files.")
    ] = REPORTS,
    run: Annotated[
        Path | None,
        typer.Option("--run", metavar="FILE", help="A run.json: cycles and counters of the gates."),
    ] = None,
    build: Annotated[
        Path | None,
        typer.Option("--build", metavar="FILE", help="What intaglio build --json printed."),
    ] = None,
    device: Annotated[
        str, typer.Option("--device", metavar="model|sim", help="sim: simulate the network too.")
    ] = "model",
    check: Annotated[
        bool,
        typer.Option(
            "--check/--no-check",
            help="Compare the gates with the golden model unless that has passed before; without "
            "a pass no area and no energy is shown.",
        ),
    ] = True,
    clock: Clock = None,
    memory: MemorySetting = None,
    coefficients: CoefficientFile = None,
) -> int:
    """Write report.html, report.json, layers.csv, summary.md and each chart as SVG and PNG.

    Example: intaglio report model.tflite --target ulx3s-85f -o build/report
    """
    from intaglio import api
    from intaglio.api.estimates import model_of
    from intaglio.api.layer_cycles import memory_model
    from intaglio.api.report_inputs import read_build, read_run, simulated
    from intaglio.explore.costing import choose

    terminal: Terminal = context.obj
    if subject.endswith(".json"):
        data = api.read_report(subject)
    else:
        model = model_of(subject)
        settings = api.parse_memory(memory) if memory else None
        choice = choose(
            config or ("default" if model else subject),
            target,
            memory=memory_model(settings),
            clock_mhz=clock,
            coefficients=coefficients,
        )
        counted = read_run(run, model) if run else None
        with terminal.waiting() as progress:
            if counted is None and model is not None and device == "sim":
                counted = simulated(model, choice.config, settings, progress)
            data = api.make_report(
                model,
                choice,
                run=counted,
                build=read_build(build, choice) if build else None,
                check=check,
                reproduce=shlex.join(["intaglio", *sys.argv[1:]]),
                progress=progress,
            )
    files = api.save_report(data, output)
    terminal.say(f"{data['model'] or data['config']}, golden check: {data['golden']}")
    for path in files:
        terminal.say(f"  {path}")
    terminal.result({**data, "files": [str(path) for path in files]})
    return NOT_GOOD if any(c["status"] == "fail" for c in data["checks"][2:]) else 0
