"""The page of boards: what each part has, and what was placed on it with which command."""

from __future__ import annotations

from typing import Any

from intaglio.api.board_build import boards

HEAD = (
    "# Boards",
    "",
    (
        "State: `tested-in-ci`, the tests place and route a unit on it; `builds`, placed and "
        "routed by hand; `untested`, neither. DSP counts multipliers, BRAM blocks of RAM, as the "
        "part has them."
    ),
    "",
    "| target | board | part | clock MHz | LUT | FF | DSP | BRAM | KiB | memory | state |",
    "|---|---|---|---|---|---|---|---|---|---|---|",
)
PLACED = (
    "",
    "## Placed and routed",
    "",
    (
        "One placement each (seed 1), from `hw/intaglio/boards/limits.toml`; resources are tested "
        "for equality. Routed within the scan wrapper, the clock its only pin; `-`: it does not "
        "fit, was only synthesised, or no open place-and-route exists."
    ),
    "",
    "| command | LUTeq | FF | DSP | BRAM | Fmax MHz |",
    "|---|---|---|---|---|---|",
)


def boards_markdown() -> str:
    """Return the page of boards and reference placements."""
    from intaglio.boards.limits import limits
    from intaglio.boards.reference import REFERENCES

    lines = [*HEAD, *(_board(board) for board in boards()), *PLACED]
    for tool, rows in limits().items():
        named = [(row, rows[row.name]) for row in REFERENCES if row.name in rows]
        routers = sorted({cost["router"] for _, cost in named if "router" in cost})
        lines += [_placed(reference.command, cost) for reference, cost in named]
        lines += ["", f"With {', '.join([tool, *routers])}."]
    return "\n".join(lines) + "\n"


def _board(board: dict[str, Any]) -> str:
    has = board["resources"]
    keys = ("luts", "flip_flops", "multipliers", "ram_blocks", "ram_kib")
    counts = [str(has[key]) if has else "-" for key in keys]
    part = " ".join(board[key] for key in ("device", "package") if board[key])
    clock = f"{board['clock_mhz']:g}" if board["clock_mhz"] else "-"
    cells = (
        *(f"`{board['name']}`", board["description"], part or "-", clock, *counts),
        *("; ".join(board["memories"]) or "-", board["state"]),
    )
    return f"| {' | '.join(cells)} |"


def _placed(command: str, cost: dict[str, Any]) -> str:
    counts = (str(cost[key]) for key in ("luteq", "ff", "dsp", "bram"))
    clock = f"{cost['fmax_mhz']:.1f}" if "fmax_mhz" in cost else "-"
    return f"| `{command}` | {' | '.join(counts)} | {clock} |"
