"""``intaglio build``: resources and clock of a design on a board's part."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from intaglio.cli.common import require_unit
from intaglio.cli.terminal import Terminal

if TYPE_CHECKING:
    from intaglio.api import Built

MOST_SEEDS = 64


def build(
    context: typer.Context,
    config: Annotated[
        str, typer.Argument(metavar="CONFIG", help="A preset or a TOML file; none with --unit.")
    ] = "default",
    target: Annotated[
        str | None,
        typer.Option("--target", metavar="NAME", help="A board; default: the configuration's."),
    ] = None,
    unit: Annotated[
        str, typer.Option("--unit", metavar="NAME", help="One arithmetic unit of `intaglio units`.")
    ] = "",
    form: Annotated[
        str, typer.Option("--format", metavar="NAME", help="The unit's number format.")
    ] = "",
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="A setting of the unit; repeatable."),
    ] = None,
    seeds: Annotated[
        str, typer.Option("--seeds", metavar="LIST", help="Seeds of the placer: 3, 1,4 or 1..8.")
    ] = "1",
    depth: Annotated[
        int, typer.Option("--depth", metavar="N", min=0, help="Levels of instances to show.")
    ] = 2,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="Write the JSON object here too."),
    ] = None,
) -> None:
    """Synthesise, place and route on the board's part; exit with 4 if it does not fit.

    A scan wrapper surrounds the design: the clock is its only pin, every path is register to
    register. The first run of each tool compiles it; what was built before comes from the cache.

    Example: intaglio build tiny --target ulx3s-85f --seeds 1..4
    """
    from intaglio import api
    from intaglio.api.files import write_file

    terminal: Terminal = context.obj
    _check_unit(unit, form, settings)
    chosen = parse_seeds(seeds)
    with terminal.waiting() as progress:
        built = api.build(
            config,
            target,
            unit=unit,
            form=form,
            settings=settings or [],
            seeds=chosen,
            progress=progress,
        )
    payload = built.as_dict()
    show(terminal, built, depth)
    if output:
        write_file(output, json.dumps(payload, indent=1) + "\n")
        terminal.say(f"written to {output}")
    terminal.result(payload)


def show(terminal: Terminal, built: Built, depth: int) -> None:
    """Print resources, hierarchy, clock and critical path."""
    costs = built.netlist.flow.costs
    part = f" ({built.target.device})" if built.target.device else ""
    terminal.say(f"{built.name} on {built.target.name}{part}")
    rows = []
    for branch in built.hierarchy:
        if branch.depth <= depth:
            name = branch.path.rpartition(".")[2] if branch.path else "whole"
            counts = (branch.luteq, branch.ff, branch.dsp, branch.bram)
            rows.append(("  " * branch.depth + name, *map(str, counts)))
    shares = [f"{built.share[key].value:.0%}" if key in built.share else "-" for key in _KEYS]
    terminal.table(
        ("instance", ">LUTeq", ">FF", ">DSP", ">BRAM"), rows, footer=("of the part", *shares)
    )
    terminal.say(f"LUTeq: {costs.formula}; DSP: {costs.multiplier}; BRAM: {costs.block}")
    fmax = built.summary["fmax"]
    if fmax.value is None:
        terminal.say(f"Fmax: {fmax.how}")
        return
    spread = f", worst {fmax.low:.1f} MHz" if len(built.routed) > 1 else ""
    terminal.say(f"Fmax {fmax.value:.1f} MHz{spread} ({fmax.how})")
    terminal.say("critical path:")
    for step in built.critical_path:
        place = f"to {step.end}" if step.kind == "routing" else step.start
        terminal.say(f"  {step.delay_ns:6.3f} ns  {step.kind:8}  {place}")


_KEYS = ("luteq", "ff", "dsp", "bram")


def parse_seeds(text: str) -> list[int]:
    """Return the seeds that `text` lists: ``3``, ``1,4`` or ``1..8``.

    Raises
    ------
    UsageError
        E101: it is none of these, or lists more than 64.
    """
    from intaglio.spec.errors import Finding, UsageError

    seeds: list[int] = []
    for part in text.split(","):
        first, dots, last = part.strip().partition("..")
        last = last if dots else first
        if first.isdecimal() and last.isdecimal() and int(last) - int(first) < MOST_SEEDS:
            seeds += range(int(first), int(last) + 1)
        else:
            seeds = []
            break
    if not seeds or len(seeds) > MOST_SEEDS:
        raise UsageError(
            Finding(
                "E101",
                f"--seeds is {text!r}",
                where="--seeds",
                have=text,
                need=f"whole numbers such as 3, 1,4 or 1..8, at most {MOST_SEEDS}",
                help="for example --seeds 1..4",
            )
        )
    return list(dict.fromkeys(seeds))


def _check_unit(unit: str, form: str, settings: list[str] | None) -> None:
    if unit or form or settings:
        require_unit(unit, form)
