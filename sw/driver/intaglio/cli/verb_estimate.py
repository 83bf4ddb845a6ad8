"""``intaglio estimate``: cycles, traffic, area and energy before any tool runs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from intaglio.cli.common import Reference
from intaglio.cli.figures import band, kilo, short
from intaglio.cli.terminal import Terminal

if TYPE_CHECKING:
    from intaglio.explore.cost_result import Estimate, LayerEstimate

DOES_NOT_FIT = 4
LONGEST = 30
COLUMNS = (
    *("layer", "operator", ">MACs", ">cycles", ">used", "bound by"),
    *(">external\nbytes", ">energy\nuJ", ">low", ">high"),
)
NARROW = ("layer", "operator", ">cycles", ">used", "bound by", ">energy\nuJ")
WIDE = 110
AREA = ("luteq", "ff", "dsp", "bram", "fmax")
TOTALS = ("cycles", "utilisation", "latency", "bytes", "energy", "power")

Target = Annotated[
    str | None,
    typer.Option("--target", metavar="NAME", help="Board; default: the configuration's own."),
]
Clock = Annotated[
    float | None,
    typer.Option(
        "--clock", min=0.001, metavar="MHZ", help="Default: estimated Fmax, else the oscillator."
    ),
]
CoefficientFile = Annotated[
    Path | None,
    typer.Option("--coefficients", metavar="FILE", help="Replaces the shipped coefficients."),
]
OptionalConfig = Annotated[
    str | None, typer.Option("--config", metavar="NAME|FILE", help="A preset or a TOML file.")
]
MemorySetting = Annotated[
    str | None,
    typer.Option(
        "--memory", metavar="SETTINGS", help="Some of width=16,latency=20,bytes_per_cycle=3.2."
    ),
]


def estimate(
    context: typer.Context,
    subject: Annotated[
        str, typer.Argument(metavar="MODEL|CONFIG", help="A model file, a preset or a TOML file.")
    ],
    config: OptionalConfig = None,
    target: Target = None,
    clock: Clock = None,
    memory: MemorySetting = None,
    coefficients: CoefficientFile = None,
    reference: Reference = "litert",
    per_layer: Annotated[
        bool, typer.Option("--per-layer/--no-per-layer", help="Show the layer table.")
    ] = True,
) -> int:
    """Estimate cycles, bytes, area, clock, energy and power; no tool is run.

    Every figure has a band and a source; --json shows both. Exit code 4: it does not fit the part.
    Example: intaglio estimate model.tflite --config small --target ulx3s-85f
    """
    from intaglio import api

    terminal: Terminal = context.obj
    found = api.estimate(
        subject,
        config,
        target,
        memory=api.parse_memory(memory) if memory else None,
        clock_mhz=clock,
        coefficients=coefficients,
        reference=reference,
    )
    show(terminal, found, per_layer=per_layer)
    findings = api.fit_findings(found)
    terminal.result({**found.as_dict(), "errors": [finding.as_dict() for finding in findings]})
    if findings:
        from intaglio.cli.failures import show_findings

        show_findings(findings, terminal.console(errors=True))
        return DOES_NOT_FIT
    return 0


def show(terminal: Terminal, found: Estimate, *, per_layer: bool = True) -> None:
    """Print layers, totals, area and where the figures come from."""
    if found.layers and per_layer:
        _table(terminal, found)
    for entry in found.passes:
        terminal.say(f"pass {entry.name}: {entry.changed} operators, {entry.text}")
    head = f"{found.model} on " if found.model else ""
    terminal.say(f"{head}configuration {found.config}, {found.target}, no tool run:", style="bold")
    for name in (*TOTALS, *AREA):
        if name in found.summary:
            terminal.say(f"  {name:<12} {band(found.summary[name])}")
    for name, errors in found.errors.items():
        terminal.say(
            f"  {name} on configurations left out of the fit: median {errors['median']:.1%}, "
            f"worst {errors['worst']:.1%} of {errors['rows']:.0f}"
        )
    if found.label:
        assumed = ", ".join(row.name for row in found.coefficients if row.kind == "assumed")
        terminal.say(f"  energy and power are {found.label}: assumed are {assumed}")
    terminal.say(f"  golden check of this configuration: {found.golden}")


def _table(terminal: Terminal, found: Estimate) -> None:
    columns = COLUMNS if terminal.width >= WIDE else NARROW
    rows = [_row(layer) for layer in found.layers]
    summary = found.summary
    total = dict.fromkeys(COLUMNS, "")
    low, high = (None, None) if summary["energy"].value is None else summary["energy"].bounds
    total |= {
        "layer": "all",
        ">MACs": kilo(summary["macs"].value),
        ">cycles": short(summary["cycles"]),
        ">used": f"{summary['utilisation'].value or 0:.1%}",
        ">external\nbytes": kilo(summary["bytes"].value),
        ">energy\nuJ": short(summary["energy"]),
        ">low": kilo(low),
        ">high": kilo(high),
    }
    terminal.table(
        columns,
        [[row[name] for name in columns] for row in rows],
        title=f"{found.model}, estimated",
        footer=[total[name] for name in columns],
    )


def _row(layer: LayerEstimate) -> dict[str, str]:
    figures = layer.figures
    name = layer.name if len(layer.name) <= LONGEST else "…" + layer.name[1 - LONGEST :]
    row = dict.fromkeys(COLUMNS, "-") | {"layer": name, "operator": layer.op}
    if layer.where != "array":
        return row | {"bound by": "host"}
    energy = figures["energy"]
    low, high = (None, None) if energy.value is None else energy.bounds
    return row | {
        ">MACs": kilo(figures["macs"].value),
        ">cycles": short(figures["cycles"]),
        ">used": f"{figures['utilisation'].value or 0:.1%}",
        "bound by": layer.bound,
        ">external\nbytes": kilo(figures["bytes"].value),
        ">energy\nuJ": short(energy),
        ">low": kilo(low),
        ">high": kilo(high),
    }
