"""``intaglio explore``: which configuration to build."""

from __future__ import annotations

import re
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from intaglio.cli.common import Config
from intaglio.cli.figures import number
from intaglio.cli.terminal import Terminal
from intaglio.cli.verb_estimate import Clock, MemorySetting, Target
from intaglio.spec.errors import Finding, UsageError

if TYPE_CHECKING:
    from intaglio.explore.run import Exploration

FOLDER = Path("build/explore")
ROWS = 20
UNITS = {"s": 1, "m": 60, "h": 3600}


def explore(
    context: typer.Context,
    model: Annotated[
        Path, typer.Argument(metavar="MODEL", help="A quantised .tflite or .onnx file.")
    ],
    space: Annotated[
        str | None,
        typer.Option(
            "--space",
            metavar="SPACE|FILE",
            help='Such as "pixels=1,2,4;channels=8,16", or a TOML file with [explore]; bits and '
            "bits.TENSOR are widths of activations.",
        ),
    ] = None,
    config: Config = "default",
    target: Target = None,
    fit: Annotated[
        str | None,
        typer.Option("--fit", metavar="TARGET", help="The best that fits this part; else exit 4."),
    ] = None,
    objective: Annotated[
        str,
        typer.Option(
            "--objective",
            metavar="NAMES",
            help="Some of latency, cycles, energy, luteq, ff, dsp, bram, accuracy; the first "
            "decides --fit.",
        ),
    ] = "latency,luteq",
    output: Annotated[
        Path,
        typer.Option("--output", "-o", metavar="DIR", help="Results; the same one goes on."),
    ] = FOLDER,
    search: Annotated[
        int, typer.Option("--search", min=0, metavar="N", help="Look at N points, not at all.")
    ] = 0,
    limit: Annotated[
        int | None,
        typer.Option("--limit", min=1, metavar="N", help="Agree to a space of up to N points."),
    ] = None,
    budget: Annotated[
        str | None, typer.Option("--budget", metavar="TIME", help="Such as 90s, 10m or 2h.")
    ] = None,
    jobs: Annotated[
        int | None,
        typer.Option("-j", "--jobs", min=1, metavar="N", help="Default: one a processor."),
    ] = None,
    cluster: Annotated[
        str | None,
        typer.Option("--cluster", metavar="tcp://…|local:N", help="A Dask scheduler."),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", metavar="N", help="Of --search.")] = 1,
    samples: Annotated[
        Path | None,
        typer.Option("--data", metavar="X.npz", help="Labelled samples, to measure accuracy."),
    ] = None,
    clock: Clock = None,
    memory: MemorySetting = None,
) -> int:
    """Cost every configuration of a space, or search it; print the Pareto front and what fits.

    Results are kept in the folder as they come: after Ctrl-C the same command goes on.
    Example: intaglio explore model.tflite --space "pixels=1,2,4;channels=8,16" --fit ulx3s-85f
    """
    from intaglio import api

    terminal: Terminal = context.obj
    place = fit or target
    with terminal.waiting() as progress:
        loaded = api.load(model)
        found = api.explore(
            loaded,
            space,
            config,
            place,
            folder=output,
            objectives=[name.strip() for name in objective.split(",") if name.strip()],
            limit=limit,
            search=search,
            seed=seed,
            budget_seconds=_seconds(budget),
            jobs=jobs,
            cluster=cluster,
            memory=api.parse_memory(memory) if memory else None,
            clock_mhz=clock,
            data=samples,
            progress=progress,
        )
    name = place or found.space.base.target
    reproduce = shlex.join(["intaglio", *sys.argv[1:]])
    data = api.exploration_dict(found, loaded.name, name, reproduce)
    files = api.save_exploration(data, output / "page")
    _show(terminal, found, name)
    for path in files:
        terminal.say(f"  {path}")
    if fit:
        best = api.require_fit(found, fit)
        terminal.say(f"best that fits {fit}: {best['point']}", style="bold green")
    terminal.result({**data, "files": [str(path) for path in files]})
    return 0


def _show(terminal: Terminal, found: Exploration, target: str) -> None:
    rate = found.evaluated / found.seconds * 60 if found.seconds and found.evaluated else 0.0
    terminal.say(
        f"{found.space.size:,} points in the space, {len(found.records):,} looked at, "
        f"{found.evaluated:,} of them now ({rate:,.0f} a minute), target {target}"
    )
    names = list(found.space.values)
    measured = "accuracy" in found.objectives
    heads = [*names, ">cycles", ">ms", ">uJ", ">LUTeq", ">DSP", ">RAM", "fits"]
    heads += [">wrong"] * measured
    rows = [
        [
            *(str(record["point"][name]) for name in names),
            *(
                number(record[key])
                for key in ("cycles", "latency_ms", "energy_uj", "luteq", "dsp", "bram")
            ),
            "yes" if record["fits"] else "no",
            *((f"{record['error']:.1%}",) if measured else ()),
        ]
        for record in found.front[:ROWS]
    ]
    title = f"Pareto front of {', '.join(found.objectives)}: {len(found.front)} configurations"
    terminal.table(heads, rows, title=title)


def _seconds(text: str | None) -> float | None:
    if text is None:
        return None
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([smh])", text.strip())
    if match is None:
        raise UsageError(
            Finding(
                "E101",
                f"budget is {text}",
                where="--budget",
                have=text,
                need="a number with s, m or h",
                help="give a time such as 10m",
            )
        )
    return float(match[1]) * UNITS[match[2]]
