"""``intaglio flow``: check, estimate, compile, verify, build, report, one after the other."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from intaglio.cli.common import Config
from intaglio.cli.terminal import Terminal
from intaglio.cli.verb_estimate import Clock, Target

FOLDER = Path("build/flow")


def flow(
    context: typer.Context,
    model: Annotated[
        Path, typer.Argument(metavar="MODEL", help="A quantised .tflite or .onnx file.")
    ],
    config: Config = "default",
    target: Target = None,
    first: Annotated[
        str, typer.Option("--from", metavar="STEP", help="First step; those before are there.")
    ] = "check",
    last: Annotated[str, typer.Option("--to", metavar="STEP", help="Last step.")] = "report",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print which steps would run, and why.")
    ] = False,
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="DIR", help="Results; the same one goes on.")
    ] = FOLDER,
    clock: Clock = None,
) -> int:
    """Run check, estimate, compile, verify, build and report; what is done is not done again.

    Each step writes STEP.json. After Ctrl-C or an error the same command goes on where it was.
    Example: intaglio flow model.tflite --target ulx3s-85f --to verify
    """
    from intaglio.api.flow_steps import Flow
    from intaglio.api.flows import plan_flow, run_flow
    from intaglio.explore.costing import choose

    terminal: Terminal = context.obj
    done: list[dict[str, Any]] = []
    with terminal.waiting() as progress:
        whole = Flow(
            model,
            choose(config, target, clock_mhz=clock),
            output,
            shlex.join(["intaglio", *sys.argv[1:]]),
            progress,
        )
        steps = plan_flow(whole, first, last)
        if dry_run:
            for step in steps:
                terminal.say(f"[{step.number}/6] {step.name}: {step.reason}")
            terminal.result({"steps": [vars(step) for step in steps], "dry_run": True})
            return 0
        for step, result, seconds in run_flow(whole, steps):
            said = f"{seconds:.1f} s" if seconds else "reused"
            terminal.say(f"[{step.number}/6] {step.name}: {_words(step.name, result)}  {said}")
            done.append({**vars(step), "seconds": round(seconds, 3)})
    terminal.say(f"results: {output}")
    terminal.result({"steps": done, "folder": str(output)})
    return 0


def _words(name: str, result: dict[str, Any]) -> str:
    """Return the outcome of a step in a few words."""
    if name == "check":
        return f"{result['layers']} layers, {result['macs']:,} MACs, nothing in the way"
    if name == "estimate":
        fits = "fits" if result["fits"] else "does not fit: " + result["findings"][0]["message"]
        return f"{result['summary']['cycles']['value']:,} cycles, {fits}"
    if name == "compile":
        return f"{result['commands']:,} commands, {result['file']}"
    if name == "verify":
        run = result["run"]
        network = f"network {run['mismatches']} mismatches" if run else result["why"]
        return f"gates {result['golden']}; {network}"
    if name == "build":
        fmax = result["summary"]["fmax"]["value"]
        clock = f"{fmax:.1f} MHz" if fmax else "not placed"
        return f"{result['summary']['luteq']['value']:,} LUT equivalents, {clock}"
    return str(result["files"][0])
