"""``intaglio boards``: what can be built for, and how far it was tested."""

from __future__ import annotations

import typer

from intaglio.cli.terminal import Terminal


def boards(context: typer.Context) -> None:
    """List boards with their part, its resources, clock, memory, tools and state.

    State: tested-in-ci (the tests place and route on it), builds, untested. DSP counts multipliers
    and BRAM blocks of RAM, as the part has them.

    Example: intaglio build default --target ulx3s-85f
    """
    from intaglio import api

    terminal: Terminal = context.obj
    found = api.boards()
    columns = ("target", "part", ">clock", ">LUT", ">FF", ">DSP", ">BRAM", ">KiB", "state")
    terminal.table(columns, [_row(board) for board in found], flexible=1)
    for board in found:
        memories = "; ".join(board["memories"]) or "no memory beside it"
        terminal.say(f"{board['name']}: {board['description']}; {memories}; {_tools(board)}")
    terminal.result({"boards": found})


def _row(board: dict[str, object]) -> list[str]:
    has = board["resources"]
    keys = ("luts", "flip_flops", "multipliers", "ram_blocks", "ram_kib")
    counts = [str(has[key]) for key in keys] if isinstance(has, dict) else ["-"] * len(keys)
    clock = board["clock_mhz"]
    part = " ".join(str(board[key]) for key in ("device", "package") if board[key])
    return [
        str(board["name"]),
        part or "-",
        f"{clock:g} MHz" if isinstance(clock, float | int) else "-",
        *counts,
        str(board["state"]),
    ]


def _tools(board: dict[str, object]) -> str:
    tools = board["tools"]
    return ", ".join(map(str, tools)) if isinstance(tools, tuple) else ""
