"""``intaglio evaluate``: accuracy on labelled data."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from intaglio.cli.common import Allocation, Bits, Config, Convert, Reference, chosen_bits
from intaglio.cli.terminal import Terminal
from intaglio.spec.errors import Finding, UsageError

if TYPE_CHECKING:
    from intaglio.api.evaluation import Evaluation

NOT_GOOD = 1
DEVICES = ("golden", "sim")
SHOWN = 20  # classes of a confusion matrix that a terminal takes


def evaluate(
    context: typer.Context,
    model: Annotated[
        Path, typer.Argument(metavar="MODEL", help="A quantised .tflite or .onnx classifier.")
    ],
    data: Annotated[
        Path,
        typer.Option("--data", metavar="X.npz", help="Inputs, and labels counted from 0."),
    ],
    config: Config = "default",
    device: Annotated[
        str,
        typer.Option(
            "--device", metavar="golden|sim", help="sim: a sample runs in simulated gates too."
        ),
    ] = "golden",
    sample: Annotated[
        int, typer.Option("--sample", metavar="N", min=1, help="How many of them, with sim.")
    ] = 8,
    labels: Annotated[
        str, typer.Option("--labels", metavar="NAME", help="Array of the labels.")
    ] = "",
    real: Annotated[
        bool, typer.Option("--real", help="Integers are real numbers, not codes or pixels.")
    ] = False,
    reference: Reference = "litert",
    convert: Convert = False,
    bits: Bits = 0,
    allocation: Allocation = None,
) -> int:
    """Run labelled data through golden operators, with a sample in gates; exit 1 if they differ.

    Example: intaglio evaluate resnet8.tflite --data cifar.npz --device sim --sample 4
    """
    from intaglio import api

    terminal: Terminal = context.obj
    if device not in DEVICES:
        need = " or ".join(DEVICES)
        raise UsageError(
            Finding("E101", f"--device is {device}", "--device", device, need, f"choose {need}")
        )
    width = chosen_bits(bits, allocation)
    plan = api.open_plan(model, config, reference=reference, convert=convert, bits=width)
    with terminal.waiting() as progress:
        settings = api.Settings(device=device, progress=progress) if device == "sim" else None
        found = api.evaluate(
            plan, data, labels=labels, real=real, settings=settings, sample=sample, tell=progress
        )
    _show(terminal, found)
    terminal.result({**payload(found), "file": str(model), "config": plan.config.name})
    return NOT_GOOD if found.sample is not None and found.sample.mismatches else 0


def payload(found: Evaluation) -> dict[str, Any]:
    """Return the JSON object of an evaluation."""
    return {
        "model": found.model,
        "samples": found.count,
        "right": found.right,
        "accuracy": found.accuracy,
        "top5": found.top5,
        "confusion": found.confusion.tolist(),
        "classes": [asdict(figures) for figures in found.classes],
        "gates": None if found.sample is None else asdict(found.sample),
    }


def _show(terminal: Terminal, found: Evaluation) -> None:
    size = len(found.confusion)
    if size <= SHOWN:
        terminal.table(
            ("label", *(f">{label}" for label in range(size))),
            [(str(i), *map(str, row)) for i, row in enumerate(found.confusion.tolist())],
            title="rows: labels; columns: predictions",
        )
    terminal.table(
        ("class", ">samples", ">predicted", ">right", ">precision", ">recall", ">F1"),
        [
            (
                *map(str, (c.label, c.support, c.predicted, c.right)),
                *map(_share, (c.precision, c.recall, c.f1)),
            )
            for c in found.classes
            if c.support or c.predicted
        ],
    )
    top5 = "" if found.top5 is None else f", top 5 {_share(found.top5)}"
    terminal.say(
        f"{found.model}: {found.right} of {found.count} right, {_share(found.accuracy)}{top5}"
    )
    if found.sample is not None:
        ran = found.sample
        terminal.say(
            f"in gates: {ran.right} of {ran.count} right, {ran.elements} elements compared with "
            f"golden: {ran.mismatches} mismatches, {ran.cycles} cycles",
            style="bold red" if ran.mismatches else "bold green",
        )


def _share(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.1f} %"
