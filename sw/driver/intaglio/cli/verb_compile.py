"""``intaglio compile``: a model becomes one program file."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from intaglio.cli.common import Allocation, Bits, Config, Convert, Reference, chosen_bits
from intaglio.cli.terminal import Terminal


def compile_model(
    context: typer.Context,
    model: Annotated[
        Path, typer.Argument(metavar="MODEL", help="A quantised .tflite or .onnx file.")
    ],
    config: Config = "default",
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="FILE", help="Program file; default: MODEL with .program."
        ),
    ] = None,
    reference: Reference = "litert",
    convert: Convert = False,
    bits: Bits = 0,
    allocation: Allocation = None,
    objective: Annotated[
        str,
        typer.Option(
            "--objective",
            metavar="latency|energy|area",
            help="What is to be least: cycles, bytes on the bus, or memory.",
        ),
    ] = "latency",
    solver: Annotated[
        str,
        typer.Option(
            "--solver",
            metavar="enum|cpsat",
            help="With --objective area: enumeration, or CP-SAT for what that does not prove.",
        ),
    ] = "enum",
    keep_all: Annotated[
        bool, typer.Option("--keep-all", help="Write every operator's output to memory.")
    ] = False,
) -> None:
    """Compile a model for one configuration and save the program.

    Example: intaglio compile model.tflite --config default -o model.program
    """
    from intaglio import api
    from intaglio.api.rewriting import memory_use

    terminal: Terminal = context.obj
    with terminal.waiting() as progress:
        progress(f"compiling {model}")
        plan = api.compile(
            api.load(model),
            config,
            reference=reference,
            keep_all=keep_all,
            convert=convert,
            bits=chosen_bits(bits, allocation),
            objective=objective,
            solver=solver,
        )
        path = plan.save(output or Path(model.with_suffix(".program").name))
    program = plan.program
    terminal.table(
        ("layer", "operator", "where", ">MACs", "why"),
        [
            (layer.name, layer.op, layer.where, str(layer.macs), layer.reason)
            for layer in program.layers
        ],
    )
    sizes = {
        "commands": plan.command_count,
        "constants_bytes": len(program.constants),
        "tensor_bytes": program.tensor_bytes,
    }
    terminal.say(
        f"{program.model} for {program.config_name}: {plan.macs} MACs, {sizes['commands']} "
        f"commands, {sizes['constants_bytes']} bytes of constants, {sizes['tensor_bytes']} bytes "
        "of tensors"
    )
    for entry in plan.log:
        terminal.say(f"pass {entry.name}: {entry.changed} operators, {entry.text}")
    moved, peak = memory_use(plan)
    terminal.say(
        f"on the bus: {moved.tensors_read} bytes of tensors in, {moved.written} out, "
        f"{moved.constants_read} of constants, {moved.commands_read} of commands"
    )
    if peak is not None:
        terminal.say(f"at most {peak.size} bytes of tensors live at once, at {peak.layer}")
    terminal.say(f"written: {path}")
    terminal.result(
        {
            "model": program.model,
            "config": {"name": program.config_name, "digest": program.config_digest},
            "output": str(path),
            "bytes": path.stat().st_size,
            "macs": plan.macs,
            **sizes,
            "objective": objective,
            "solver": solver,
            "passes": [entry.as_dict() for entry in plan.log],
            "traffic_bytes": asdict(moved) | {"total": moved.total},
            "peak": None if peak is None else asdict(peak),
            "layers": [
                {
                    "name": layer.name,
                    "op": layer.op,
                    "where": layer.where,
                    "macs": layer.macs,
                    "reason": layer.reason,
                }
                for layer in program.layers
            ],
        }
    )
