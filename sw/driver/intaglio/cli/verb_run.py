"""``intaglio run``: a network on a device, compared element by element."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from intaglio.cli.common import Allocation, Bits, Config, Convert, Reference, chosen_bits
from intaglio.cli.run_view import payload, show
from intaglio.cli.terminal import Terminal

if TYPE_CHECKING:
    from intaglio.api.checking import Checked
    from intaglio.api.inputs import Array
    from intaglio.api.plan import Plan

NOT_GOOD = 1
FUSED = (None, "golden")  # checks that do not need every operator's output
RUNS = Path("build/run")

Memory = Annotated[
    str | None,
    typer.Option(
        "--memory",
        metavar="SETTINGS",
        help="Some of width=16,latency=20,bytes_per_cycle=3.2 (bytes, cycles).",
    ),
]
Check = Annotated[
    str | None,
    typer.Option(
        "--check",
        metavar="golden|FILE.npz",
        help="Compare every tensor written: with the golden device, or with arrays tNNN.",
    ),
]
Waves = Annotated[
    str | None,
    typer.Option("--waves", metavar="FIRST:LAST|all", help="Write these cycles to dump.vcd."),
]


def run(
    context: typer.Context,
    model: Annotated[
        Path,
        typer.Argument(
            metavar="MODEL", help="A quantised .tflite or .onnx file or a saved program."
        ),
    ],
    inputs: Annotated[
        list[Path] | None,
        typer.Option(
            "--input",
            metavar="FILE",
            help="A .npy or .npz file or an image, once for each input; the first axis of an "
            "array may be a batch. Default: seeded random data.",
        ),
    ] = None,
    config: Config = "default",
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="DIR", help="Folder; default: a fresh one."),
    ] = None,
    device: Annotated[
        str, typer.Option("--device", metavar="golden|sim", help="Numpy, or simulated gates.")
    ] = "golden",
    check: Check = None,
    stalls: Annotated[
        float,
        typer.Option("--stalls", metavar="P", help="Probability that an AXI channel rests."),
    ] = 0.0,
    seed: Annotated[
        int, typer.Option("--seed", metavar="N", help="Seed of the stalls and of random data.")
    ] = 1,
    memory: Memory = None,
    reference: Reference = "litert",
    convert: Convert = False,
    bits: Bits = 0,
    allocation: Allocation = None,
    waves: Waves = None,
) -> int:
    """Run a model or a saved program; with --check, exit with 1 if anything differs.

    Example: intaglio run model.tflite --input photo.png --device sim --check golden
    """
    from intaglio import api
    from intaglio.api.files import fresh_folder

    terminal: Terminal = context.obj
    folder = output or fresh_folder(RUNS, model.stem)
    settings = api.Settings(
        device=device,
        memory=api.parse_memory(memory) if memory else None,
        stalls=stalls,
        seed=seed,
    )
    plan = api.open_plan(
        model,
        config,
        reference=reference,
        keep_all=check not in FUSED,
        convert=convert,
        bits=chosen_bits(bits, allocation),
    )
    x, source = _inputs(plan, inputs or [], check, seed)
    terminal.say(f"input: {source}")
    with terminal.waiting() as progress, api.wave_file(folder, waves) as traced:
        settings = replace(settings, waves=traced, progress=progress)
        done = api.check(plan, x, settings, check)
    repeat = _repeat(model, context.params, plan, done)
    found = {**payload(done, settings, plan.config.digest), "file": str(model)}
    found |= {"input": source, "repeat": repeat if done.first else None, "output": str(folder)}
    found["outputs"] = api.save_run(folder, plan, done.run, x, found)
    show(terminal, done, repeat)
    terminal.say(f"written: {folder}")
    terminal.result(found)
    return NOT_GOOD if done.mismatches else 0


def _inputs(
    plan: Plan, paths: Sequence[Path], check: str | None, seed: int
) -> tuple[Mapping[str, Array], str]:
    """Return the inputs and where they come from."""
    from intaglio import api

    if paths:
        return api.read_inputs(paths, plan.program), ", ".join(map(str, paths))
    if check not in FUSED:
        found = api.reference_inputs(plan, Path(str(check)))
        if found is not None:
            return found, f"the reference file {check}"
    return api.random_inputs(plan.program, seed), f"seeded random data (seed {seed})"


def _repeat(model: Path, given: Mapping[str, Any], plan: Plan, done: Checked) -> str:
    """Return the command that runs the same again, with waves around the first mismatch."""
    words = ["intaglio", "run", str(model)]
    for path in given["inputs"] or []:
        words += ["--input", str(path)]
    defaults = {"config": "default", "reference": "litert", "stalls": 0.0, "memory": None}
    for name, default in defaults.items():
        if given[name] != default:
            words += [f"--{name}", str(given[name])]
    words += ["--device", given["device"], "--seed", str(given["seed"])]
    words += ["--check", str(given["check"])] if given["check"] else []
    if given["device"] == "sim":
        words += ["--waves", _window(plan, done)]
    return shlex.join(words)


def _window(plan: Plan, done: Checked) -> str:
    """Return the cycles of the layer of the first mismatch, with some before and after."""
    first = done.first
    if first is None or done.run.cycles is None:
        return "all"
    cycles = [(layer.cycles or 0) // done.run.batch for layer in done.run.layers]
    begin = first.batch * (done.run.cycles // done.run.batch) + sum(cycles[: first.index])
    slack = 1000 + begin // 100  # register accesses between jobs, and a batch's uneven stalls
    return f"{max(begin - slack, 0)}:{begin + cycles[first.index] + slack}"
