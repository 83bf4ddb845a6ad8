"""``intaglio verify``: components of the gates against their golden rows."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from intaglio.cli.terminal import Terminal

NOT_GOOD = 1


def verify(
    context: typer.Context,
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="[ROW]...", help="Names or beginnings of names; default: all."),
    ] = None,
    rows: Annotated[
        list[str] | None,
        typer.Option("--rows", metavar="PATTERN", help="Like ROW, with * and ?; may be repeated."),
    ] = None,
    seed: Annotated[
        int, typer.Option("--seed", metavar="N", help="Seed of stimulus and stalls.")
    ] = 1,
    waves: Annotated[bool, typer.Option("--waves", help="Keep a VCD file of every row.")] = False,
    waves_on_fail: Annotated[
        bool, typer.Option("--waves-on-fail", help="Run failing rows again and keep a VCD file.")
    ] = False,
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="DIR", help="Folder for logs and waves.")
    ] = Path("build/verify"),
    formal: Annotated[
        bool, typer.Option("--formal", help="Prove the arithmetic units instead.")
    ] = False,
    units: Annotated[
        list[str] | None,
        typer.Option(
            "--units",
            metavar="NAME",
            help="With --formal, --sweep, --mutants: a unit; may be repeated.",
        ),
    ] = None,
    sweep: Annotated[
        bool, typer.Option("--sweep", help="Run a million vectors of each unit instead.")
    ] = False,
    vectors: Annotated[
        int | None,
        typer.Option("--vectors", metavar="N", min=1, help="With --sweep: vectors of each."),
    ] = None,
    every: Annotated[
        bool, typer.Option("--every", help="With --sweep: every row, not one a unit and format.")
    ] = False,
    mutants: Annotated[
        bool, typer.Option("--mutants", help="Break each unit and count who notices instead.")
    ] = False,
    count: Annotated[
        int | None,
        typer.Option(
            "--count",
            metavar="N",
            min=1,
            max=5000,
            help="With --mutants: mutants of each. With a random suite: its layers.",
        ),
    ] = None,
    suite: Annotated[
        str | None,
        typer.Option(
            "--suite",
            metavar="cmsis-nn|onnx-nodes|litert-random|ort-random",
            help="Run an external suite instead.",
        ),
    ] = None,
    device: Annotated[
        str, typer.Option("--device", metavar="golden|sim", help="With --suite: where it runs.")
    ] = "golden",
    data: Annotated[
        Path | None,
        typer.Option(
            "--data",
            metavar="DIR",
            help="With --suite: reference data; default: INTAGLIO_SHARED, else ../shared.",
        ),
    ] = None,
) -> int:
    """Run the component benches (cocotb on Verilator); exit with 1 if one fails.

    Example: intaglio verify --rows 'requantise*' --seed 7 --waves-on-fail

    With --formal, prove every arithmetic unit equal to its definition for all inputs; exit with 1
    if a proof stays open. What did not change is not proved again.

    Example: intaglio verify --formal --units mac --units minifloat

    With --sweep, run at least a million payloads of each unit and format in Verilator, corners
    and near-ties among them. With --mutants, make 500 mutants of each unit, run its vectors, and
    classify what nobody noticed; exit with 1 if a family notices less than 95 %.

    Example: intaglio verify --mutants --units multiply --count 100

    With --suite, run published or random cases against what their authors or engines give; exit
    with 1 if one fails, each with its reason.

    Example: intaglio verify --suite cmsis-nn --device sim --json
    """
    from intaglio import api

    terminal: Terminal = context.obj
    chosen = [*(units or []), *(names or []), *(rows or [])]
    if suite is not None:
        from intaglio.cli import verify_suite

        return verify_suite.suite(terminal, suite, device=device, data=data, seed=seed, count=count)
    if formal:
        return _prove(terminal, chosen)
    if sweep or mutants:
        from intaglio.cli import verify_long

        if mutants:
            return verify_long.mutants(terminal, chosen, count=count, seed=seed)
        return verify_long.sweep(terminal, chosen, vectors=vectors, seed=seed, every=every)
    with terminal.waiting() as progress:
        results = api.verify(
            [*(names or []), *(rows or [])],
            seed=seed,
            waves=waves,
            waves_on_fail=waves_on_fail,
            output=output,
            progress=lambda name: progress(f"verify {name}"),
        )
    terminal.table(
        ("row", ">compared", ">cycles", ">latency", ">seconds", "result"),
        [
            (
                result.name,
                str(result.payloads),
                str(result.cycles),
                "-" if result.latency_cycles is None else str(result.latency_cycles),
                f"{result.seconds:.1f}",
                "equal" if result.ok else "DIFFERENT",
            )
            for result in results
        ],
    )
    for result in results:
        for fault in result.faults:
            terminal.say(f"{result.name}: {fault}")
        if result.faults:
            terminal.say(f"  repeat: intaglio verify {result.name} --seed {seed} --waves")
        if result.folder:
            terminal.say(f"  kept in {result.folder}")
    failed = sum(not result.ok for result in results)
    terminal.say(f"{len(results)} rows, {failed} failed, seed {seed}")
    terminal.result({"seed": seed, "failed": failed, "rows": [_row(result) for result in results]})
    return NOT_GOOD if failed else 0


def _prove(terminal: Terminal, units: list[str]) -> int:
    """Prove units and show what became of each."""
    from intaglio import api

    with terminal.waiting() as progress:
        results = api.prove(units, progress=progress)
    terminal.table(
        ("unit", "state", ">combinations", ">seconds", "engine"),
        [
            (
                result.name,
                result.state,
                str(result.combinations or "all"),
                "kept" if result.cached else f"{result.seconds:.1f}",
                result.engine,
            )
            for result in results
        ],
    )
    still_open = [result for result in results if result.faults]
    for result in still_open:
        for fault in result.faults:
            terminal.say(f"{result.name}: {fault}")
    terminal.say(f"{len(results)} proofs, {len(still_open)} open")
    keys = ("name", "unit", "state", "engine", "combinations", "seconds", "cached")
    terminal.result(
        {
            "open": len(still_open),
            "units": [
                {
                    **{key: getattr(result, key) for key in keys},
                    "format": result.form,
                    "faults": list(result.faults),
                }
                for result in results
            ],
        }
    )
    return NOT_GOOD if still_open else 0


def _row(result: Any) -> dict[str, Any]:
    """Return a result as plain values."""
    return {
        "name": result.name,
        "ok": result.ok,
        "compared": result.payloads,
        "cycles": result.cycles,
        "latency_cycles": result.latency_cycles,
        "seconds": round(result.seconds, 3),
        "faults": list(result.faults),
        "folder": str(result.folder) if result.folder else None,
        "waves": str(result.waves) if result.waves else None,
    }
