"""``intaglio bench``: cycles of every layer beside those of another accelerator."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from intaglio.cli.common import Bits, Config
from intaglio.cli.terminal import Terminal
from intaglio.spec.errors import Finding, UsageError

if TYPE_CHECKING:
    from intaglio.api import BenchLayer, BenchResult

NOT_GOOD = 1
RUNS = Path("build/bench")
COLUMNS = (
    *("layer", "operator", ">MACs", ">cycles", ">used", "bound", ">reference", ">ratio"),
    *(">of\nformula", ">streamed\ncycles", ">streamed\nratio", ">mis-\nmatches"),
)


def bench(
    context: typer.Context,
    source: Annotated[
        Path | None,
        typer.Argument(
            metavar="[LAYERS.csv|MODEL]",
            help="A layer table or a quantised .tflite; none with --shapes.",
        ),
    ] = None,
    config: Config = "bench256",
    device: Annotated[
        str, typer.Option("--device", metavar="sim|model", help="Simulated gates or cycle model.")
    ] = "sim",
    against: Annotated[
        str | None,
        typer.Option(
            "--against",
            metavar="FILE[:COLUMN]",
            help="CSV with the other accelerator's cycles by layer; default: the table's own "
            "vela_u55_256_npu_cycles.",
        ),
    ] = None,
    memory: Annotated[
        str | None,
        typer.Option(
            "--memory",
            metavar="SETTINGS",
            help="Some of width=16,latency=20,bytes_per_cycle=3.2 (bytes, cycles).",
        ),
    ] = None,
    streamed: Annotated[
        bool,
        typer.Option(
            "--streamed/--no-streamed",
            help="Measure also with 384 KiB of buffers, and everything from memory.",
        ),
    ] = True,
    seed: Annotated[
        int, typer.Option("--seed", metavar="N", help="Seed of weights and inputs.")
    ] = 1,
    bits: Bits = 0,
    workers: Annotated[
        int, typer.Option("--workers", metavar="N", min=1, help="Processes that simulate.")
    ] = 2,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="DIR", help="Folder; default: a fresh one."),
    ] = None,
    shapes: Annotated[
        int,
        typer.Option(
            "--shapes",
            metavar="N",
            min=0,
            help="Instead: errors of the cycle model over N random shapes of every operator.",
        ),
    ] = 0,
    stalls: Annotated[
        float,
        typer.Option(
            "--stalls",
            metavar="P",
            min=0.0,
            max=0.95,
            help="With --shapes: how often a channel of the memory rests, 0 to 0.95.",
        ),
    ] = 0.0,
) -> int:
    """Measure layers or a network, outputs compared with numpy; exit with 1 if any differs.

    Example: intaglio bench layers.csv --config bench256 --against layers.csv:other_cycles

    Example: intaglio bench --shapes 40 --config tiny --stalls 0.3
    """
    if bool(shapes) == (source is not None):
        raise UsageError(
            Finding(
                "E101",
                "bench takes either a file or --shapes",
                where="arguments of bench",
                have="both" if shapes else "neither",
                need="LAYERS.csv, a model, or --shapes N",
                help="intaglio bench --shapes 40 --config tiny",
            )
        )
    if source is None:
        from intaglio.cli.bench_shapes import show_errors

        return show_errors(
            context.obj, config, shapes=shapes, stalls=stalls, seed=seed, workers=workers
        )
    from intaglio import api
    from intaglio.api.bench_chart import chart
    from intaglio.api.bench_markdown import markdown
    from intaglio.api.files import fresh_folder, write_folder

    terminal: Terminal = context.obj
    with terminal.waiting() as progress:
        result = api.bench(
            source,
            config,
            device=device,
            against=against,
            memory=api.parse_memory(memory) if memory else None,
            streamed=streamed,
            seed=seed,
            workers=workers,
            bits=bits,
            progress=progress,
        )
    folder = output or fresh_folder(RUNS, source.stem)
    found = result.as_dict()
    contents = {
        "bench.json": json.dumps(found, indent=1) + "\n",
        "bench.csv": result.to_csv(),
        "bench.md": markdown(result),
        "bench.svg": chart(result),
    }
    write_folder(folder, contents)
    show(terminal, result)
    terminal.say(f"written: {folder}")
    terminal.result(found | {"output": str(folder)})
    return NOT_GOOD if result.mismatches else 0


def show(terminal: Terminal, result: BenchResult) -> None:
    """Print the table and the verdict."""
    table = [_row(layer) for layer in result.layers]
    memory = ", ".join(f"{key} {value:g}" for key, value in result.memory.items())
    terminal.table(
        COLUMNS,
        table,
        title=f"{result.source} on {result.config} ({result.device}), memory: {memory}",
        footer=_row(result.total) if result.total else None,
    )
    for layer in result.layers:
        if layer.unsupported and layer.cycles is None and not result.total:
            terminal.say(f"{layer.name}: not supported: {layer.unsupported}")
    worst = result.worst
    if worst is not None and result.geomean is not None:
        terminal.say(
            f"reference / cycles: geometric mean {result.geomean:.3f}, "
            f"worst {worst.ratio:.3f} ({worst.name})"
        )
    if result.streamed_geomean is not None:
        terminal.say(
            f"the same streamed, with {result.streamed_buffers_kib} KiB of buffers: "
            f"geometric mean {result.streamed_geomean:.3f}"
        )
    if result.device == "sim":
        style = "bold red" if result.mismatches else "bold green"
        terminal.say(f"{result.mismatches} mismatches, seed {result.seed}", style=style)


def _row(layer: BenchLayer) -> tuple[str, ...]:
    wrong = None if layer.mismatches is None else layer.mismatches
    if layer.streamed_mismatches is not None:
        wrong = (wrong or 0) + layer.streamed_mismatches
    return (
        layer.name,
        layer.op,
        _count(layer.macs or None),
        _count(layer.cycles),
        _share(layer.utilisation),
        layer.bound or ("not supported" if layer.unsupported else ""),
        _count(layer.reference_cycles),
        _ratio(layer.ratio),
        _share(layer.of_formula),
        _count(layer.streamed_cycles),
        _ratio(layer.streamed_ratio),
        _count(wrong),
    )


def _count(value: float | None) -> str:
    return "-" if value is None else f"{value:,.0f}"


def _share(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.1f} %"


def _ratio(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"
