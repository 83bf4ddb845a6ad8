"""``intaglio compare-peers``: Vela and SCALE-Sim beside ours on the same network."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from intaglio.cli.common import Config
from intaglio.cli.figures import number
from intaglio.cli.terminal import Terminal


def compare_peers(
    context: typer.Context,
    model: Annotated[
        Path, typer.Argument(metavar="MODEL", help="A quantised .tflite or .onnx file.")
    ],
    config: Config = "default",
    peers: Annotated[
        str, typer.Option("--peers", metavar="NAMES", help="Some of vela, scale-sim.")
    ] = "vela,scale-sim",
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="DIR", help="Folder for all files.")
    ] = Path("build/peers"),
) -> int:
    """Run peers on a network with as many multipliers, and draw their cycles beside ours.

    The folder also gets our configuration and network as SCALE-Sim and ZigZag read them.
    Example: intaglio compare-peers model.tflite --config default
    """
    from intaglio import api

    terminal: Terminal = context.obj
    with terminal.waiting() as progress:
        found = api.compare_peers(
            model,
            config,
            peers=[name.strip() for name in peers.split(",") if name.strip()],
            progress=progress,
        )
    files = api.save_peers(found, output)
    ours = found.peers[0].cycles.value or 1
    rows = [
        (
            peer.name,
            str(peer.multipliers),
            number(peer.cycles.value),
            f"{peer.utilisation.value or 0:.1%}",
            f"{(peer.cycles.value or 0) / ours:.2f}",
            peer.covers,
        )
        for peer in found.peers
    ]
    heads = ("accelerator", ">multipliers", ">cycles", ">used", ">cycles\n/ ours", "covers")
    terminal.table(heads, rows, title=f"{found.model}: cycles for one input")
    for path in files:
        terminal.say(f"  {path}")
    terminal.result({**found.as_dict(), "files": [str(path) for path in files]})
    return 0
