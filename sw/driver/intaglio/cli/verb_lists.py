"""``intaglio presets`` and ``intaglio targets``: what can be chosen."""

from __future__ import annotations

import typer

from intaglio.cli.terminal import Terminal


def presets(context: typer.Context) -> None:
    """List the named configurations that --config takes."""
    from intaglio import api

    terminal: Terminal = context.obj
    found = api.presets()
    terminal.table(
        ("preset", "P x K x D", ">INT8 MACs a cycle", ">buffers KiB", "target"),
        [
            (
                preset["name"],
                " x ".join(str(size) for size in preset["shape"].values()),
                str(preset["macs"]["int8"]),
                str(preset["buffers_kib"]),
                preset["target"],
            )
            for preset in found
        ],
    )
    terminal.result({"presets": found})


def targets(context: typer.Context) -> None:
    """List the targets that Verilog and constraints are written for."""
    from intaglio import api

    terminal: Terminal = context.obj
    found = api.targets()
    terminal.table(
        ("target", "family", "device", "clock", "description"),
        [
            (
                target["name"],
                target["family"],
                target["device"] or "-",
                f"{target['clock_mhz']:g} MHz" if target["clock_mhz"] else "-",
                target["description"],
            )
            for target in found
        ],
        flexible=4,
    )
    terminal.result({"targets": found})
