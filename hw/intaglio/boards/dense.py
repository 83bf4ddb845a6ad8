"""Netlists that congest: how they are spread over the part before they are routed.

A placer draws cells together as closely as they go. Where most words may come from most memories,
as in the gather of an accelerator, the middle of the part then needs more wires than it has, while
its borders are empty. Look-up tables without a function, fixed in every second row of tiles, leave
the cells the other rows and the router the wires of both.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

MOST = 0.8  # of the look-up tables that are left, so that the placer still finds places


@dataclass(frozen=True)
class Tiles:
    """Where a part has look-up tables, in nextpnr's coordinates.

    Parameters
    ----------
    columns, rows : range, tuple of int
        Tiles with look-up tables; rows of memories and multipliers are left out.
    places : tuple of str
        nextpnr's names of the look-up tables of a tile.
    """

    columns: range
    rows: tuple[int, ...]
    places: tuple[str, ...]

    @property
    def luts(self) -> int:
        """Look-up tables of the part."""
        return len(self.columns) * len(self.rows) * len(self.places)

    @property
    def emptied(self) -> list[int]:
        """Every second row: those of even number."""
        return [y for y in self.rows if y % 2 == 0]

    @property
    def most(self) -> int:
        """The most look-up tables that a netlist may have and still be spread."""
        left = len(self.rows) - len(self.emptied)
        return int(MOST * left * len(self.columns) * len(self.places))

    def every_second_row(self) -> Iterator[str]:
        """Yield the names of the look-up tables in the rows of :attr:`emptied`."""
        for y in self.emptied:
            for x in self.columns:
                yield from (f"X{x}/Y{y}/{place}" for place in self.places)


@dataclass(frozen=True)
class Dense:
    """How large netlists are placed and routed, where the usual way congests.

    Parameters
    ----------
    luteq : int
        Netlists of more than this many.
    arguments : tuple of str
        Further arguments of the program.
    tiles : mapping
        Where parts have look-up tables, by name of the device; others are not spread.
    """

    luteq: int
    arguments: tuple[str, ...]
    tiles: Mapping[str, Tiles]

    def kept_empty(self, device: str, luteq: float) -> list[str]:
        """Return the look-up tables that no cell may have; none where they are all needed."""
        tiles = self.tiles.get(device)
        if tiles is None or luteq > tiles.most:
            return []
        return list(tiles.every_second_row())


def filled(netlist: bytes, top: str, places: list[str]) -> bytes:
    """Return a netlist in Yosys' JSON with a cell that does nothing in each of `places`."""
    design = json.loads(netlist)
    cells = design["modules"][top]["cells"]
    cells |= {f"empty_{n}": nothing(place) for n, place in enumerate(places)}
    return json.dumps(design).encode()


def nothing(place: str) -> dict[str, Any]:
    """Return a look-up table that is joined to nothing, at `place`, as Yosys' JSON has it."""
    return {
        "hide_name": 0,
        "type": "LUT4",
        "parameters": {"INIT": "0" * 16},
        "attributes": {"BEL": place},
        "port_directions": {},
        "connections": {},
    }


# The rows between these hold memories or multipliers. Names and numbers: nextpnr's chip database.
_LFE5U_85F = Tiles(
    columns=range(2, 125),
    rows=tuple(y for y in range(2, 94) if y % 12 != 10),
    places=tuple(f"SLICE{s}.K{k}" for s in "ABCD" for k in (0, 1)),
)

# Of 30,000 cells the analytic placer makes wires 1.4 times as long as the electrostatic one, and
# the first router does not end.
ECP5_DENSE = Dense(
    luteq=20_000,
    arguments=("--placer", "static", "--router", "router2"),
    tiles={"LFE5U-85F": _LFE5U_85F},
)
