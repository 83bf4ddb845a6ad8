"""``intaglio allocate``: which bits each tensor gets, within a budget."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from intaglio.cli.common import Config
from intaglio.cli.terminal import Terminal
from intaglio.spec.errors import Finding, UsageError

if TYPE_CHECKING:
    from intaglio.api.allocations import Allocated

LONGEST_NAME = 40
TABLE = ".csv"
WORDS = {"8": "all of 8 bits", "allocated": "as allocated", "least": "all of the least width"}


def allocate(
    context: typer.Context,
    model: Annotated[
        Path,
        typer.Argument(
            metavar="MODEL|TABLE.csv",
            help="A quantised model; or layers with params, macs, hessian_trace_per_param and "
            "l2_perturb_intB, and NAME_intB for budgets of their own.",
        ),
    ],
    data: Annotated[
        Path | None,
        typer.Option("--data", metavar="X.npz", help="Inputs that losses are measured on."),
    ] = None,
    config: Config = "bench256",
    budget: Annotated[
        str,
        typer.Option(
            "--budget",
            metavar="cycles|energy|bytes|bops|NAME",
            help="What is limited; of a table bytes, bops or a column NAME_intB.",
        ),
    ] = "cycles",
    limit: Annotated[
        str,
        typer.Option(
            "--limit",
            metavar="N|P%",
            help="The most: a number, or a part of all tensors at the greatest width. Of a table "
            "P% of the way from the least cost to the greatest.",
        ),
    ] = "75%",
    widths: Annotated[
        str, typer.Option("--widths", metavar="B,B", help="Widths to choose from.")
    ] = "4,8",
    samples: Annotated[
        int, typer.Option("--samples", metavar="N", min=1, help="Use the first N inputs.")
    ] = 32,
    traces: Annotated[
        Path | None,
        typer.Option(
            "--hessian",
            metavar="FILE.csv",
            help="Columns layer and hessian_trace_per_param: losses of weights, not of outputs.",
        ),
    ] = None,
    accuracy: Annotated[
        bool,
        typer.Option(
            "--accuracy", help="Evaluate all samples, whose labels the data hold, at all widths."
        ),
    ] = False,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE.json", help="Default: MODEL.bits.json."),
    ] = None,
) -> int:
    """Choose the bits of each tensor by an integer program that is proved to have no better answer.

    Example: intaglio allocate resnet8.tflite --data x.npz --budget cycles --limit 77%
    """
    from intaglio import api

    terminal: Terminal = context.obj
    part, number = _limit(limit)
    if model.suffix == TABLE:
        _table(terminal, model, budget, part, number)
        return 0
    if data is None:
        need = "samples of the inputs"
        raise UsageError(
            Finding("E101", "--data is missing", "--data", "nothing", need, "add --data X.npz")
        )
    with terminal.waiting() as progress:
        found = api.allocate_model(
            model,
            data,
            config,
            budget=budget,
            limit=number,
            share=part,
            widths=_widths(widths),
            count=samples,
            traces=traces,
            tell=progress,
        )
        shares = api.accuracies(model, data, config, found, progress) if accuracy else {}
    path = output or Path(f"{model.stem}.bits.json")
    api.write_file(path, found.bits.to_json(model=model.name, config=config))
    _show(terminal, found)
    for name, share in shares.items():
        terminal.say(f"accuracy, {WORDS[name]}: {100 * share:.1f} %")
    terminal.say(f"written: {path}; use it with run, compile or evaluate --allocation {path}")
    terminal.result({**payload(found), "accuracy": shares, "output": str(path)})
    return 0


def _limit(text: str) -> tuple[float | None, float | None]:
    """Return (share, None) or (None, number)."""
    try:
        if text.endswith("%"):
            return float(text[:-1]) / 100, None
        return None, float(text)
    except ValueError as error:
        raise UsageError(
            Finding(
                "E101",
                f"--limit is {text}",
                "--limit",
                text,
                "a number, or a part such as 77%",
                "for instance --limit 77%",
            )
        ) from error


def _widths(text: str) -> tuple[int, ...]:
    parts = text.split(",")
    if not all(part.strip().isdigit() for part in parts):
        need = "widths such as 4,8"
        raise UsageError(
            Finding("E101", f"--widths is {text}", "--widths", text, need, "separate them by ,")
        )
    return tuple(int(part) for part in parts)


def payload(found: Allocated) -> dict[str, Any]:
    """Return the JSON object of an allocation."""
    return {
        "budget": found.budget,
        "limit": found.limit,
        "cost": found.cost,
        "all_wide": found.all_wide,
        "all_narrow": found.all_narrow,
        "loss": found.loss,
        "rounds": found.rounds,
        "groups": [
            {"tensors": list(names), "bits": bits, "losses": list(losses)}
            for names, bits, losses in found.groups
        ],
    }


def _show(terminal: Terminal, found: Allocated) -> None:
    terminal.table(
        ("tensors", ">bits", ">loss of each width"),
        [
            (
                ", ".join(name[-LONGEST_NAME:] for name in names),
                str(bits),
                " ".join(f"{loss:.2e}" for loss in losses),
            )
            for names, bits, losses in found.groups
        ],
    )
    share = found.cost / found.all_wide
    terminal.say(
        f"{found.budget}: {found.cost:,.6g} of at most {found.limit:,.6g}, {100 * share:.1f} % of "
        f"all wide ({found.all_wide:,.6g}); all narrow {found.all_narrow:,.6g}"
    )


def _table(
    terminal: Terminal, path: Path, budget: str, share: float | None, number: float | None
) -> None:
    from intaglio import api

    if share is None:
        need = "P% of the way from the least cost to the greatest"
        raise UsageError(
            Finding("E101", f"--limit is {number}", "--limit", str(number), need, "give a part")
        )
    with terminal.waiting() as progress:
        progress("integer program")
        found = api.allocate_table(path, budget, share)
    terminal.table(("layer", ">bits"), [(name, str(bits)) for name, bits in found.layers.items()])
    terminal.say(f"bits: {''.join(map(str, found.layers.values()))}")
    terminal.say(
        f"{budget}: {found.cost:.6g} of at most {found.limit:.6g}; loss {found.loss:.6f}, "
        f"{found.gain:.6f} against the least width everywhere"
    )
    terminal.result(found.as_dict())
