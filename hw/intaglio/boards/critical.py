"""The slowest path of a placement, in the names of the design."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from intaglio.boards.names import DERIVED
from intaglio.boards.wrapper import CORE

WRAPPER = "scan wrapper"
_INTERNAL = re.compile(r"\$flatten\\|\\")
_AUTO = re.compile(r"\$(?:abc|auto|techmap|procdff|ibuf|nextpnr|PACKER)\S*")


@dataclass(frozen=True)
class Step:
    """One leg of a path.

    Parameters
    ----------
    kind : str
        ``clk-to-q``, ``logic``, ``routing`` or ``setup``.
    start, end : str
        Registers and nets as the design calls them: instances joined by dots.
    delay_ns : float
        What it takes.
    """

    kind: str
    start: str
    end: str
    delay_ns: float


def steps(path: Iterable[Mapping[str, Any]]) -> list[Step]:
    """Return a path of nextpnr's report in the names of the design."""
    return [
        Step(
            leg["type"],
            name_of(leg["from"]["cell"]),
            name_of(leg.get("net") or leg["to"]["cell"]),
            round(float(leg["delay"]), 3),
        )
        for leg in path
    ]


def name_of(cell: str) -> str:
    """Return what the design calls the net that drives or names `cell`."""
    name = _INTERNAL.sub("", cell)
    if not name.startswith(f"{CORE}."):
        return WRAPPER
    name = DERIVED.sub("", name.removeprefix(f"{CORE}."))
    plain = _AUTO.sub("", name).strip(".")
    return plain or "logic"
