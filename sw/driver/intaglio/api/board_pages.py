"""The page of boards: what each part has, and what was placed on it with which command."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from intaglio.api.board_build import boards
from intaglio.spec.presets import DEFAULT, PRESETS

if TYPE_CHECKING:
    from intaglio.boards.reference import Reference

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
MACS128 = (
    "",
    "## 128 INT8 MACs",
    "",
    (
        "Whole accelerators on the ULX3S-85F: `default` and what one or more of its keys change. P "
        "pixels, K channels, D products of a lane in a cycle, Q lanes of the requantiser; `grouped`"
        " and the rounding modes are keys of a configuration. Again: "
        "`python -m intaglio.boards.limits NAME`, with `--synthesis` to place none."
    ),
    "",
    "| name | shape | Q | grouped | roundings | LUTeq | FF | DSP | BRAM | LUTeq a MAC | Fmax MHz |",
    "|---|---|---|---|---|---|---|---|---|---|---|",
)


def boards_markdown() -> str:
    """Return the page of boards and reference placements."""
    from intaglio.boards.limits import limits
    from intaglio.boards.reference import REFERENCES

    lines = [*HEAD, *(_board(board) for board in boards()), *PLACED]
    for tool, rows in limits().items():
        named = [
            (row, rows[row.name]) for row in REFERENCES if row.name in rows and not row.changes
        ]
        routers = sorted({cost["router"] for _, cost in named if "router" in cost})
        lines += [_placed(reference.command, cost) for reference, cost in named]
        lines += ["", f"With {', '.join([tool, *routers])}.", *MACS128]
        shapes = [
            row for row in REFERENCES if row.name in rows and (row.changes or row.preset == DEFAULT)
        ]
        lines += [_shape(reference, rows[reference.name]) for reference in shapes]
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


def _shape(reference: Reference, cost: dict[str, Any]) -> str:
    config = reference.config or PRESETS[DEFAULT]
    shape = (f"P{config.pixels} K{config.channels} D{config.depth}", str(config.requant_lanes))
    rounds = ", ".join(rounding.name.lower() for rounding in config.roundings)
    counts = (str(cost[key]) for key in ("luteq", "ff", "dsp", "bram"))
    clock = f"{cost['fmax_mhz']:.1f}" if "fmax_mhz" in cost else "-"
    each = f"{cost['luteq'] / config.macs:.0f}"
    cells = (f"`{reference.name}`", *shape, "yes" if config.grouped else "no", rounds)
    return f"| {' | '.join((*cells, *counts, each, clock))} |"


def _placed(command: str, cost: dict[str, Any]) -> str:
    counts = (str(cost[key]) for key in ("luteq", "ff", "dsp", "bram"))
    clock = f"{cost['fmax_mhz']:.1f}" if "fmax_mhz" in cost else "-"
    return f"| `{command}` | {' | '.join(counts)} | {clock} |"
