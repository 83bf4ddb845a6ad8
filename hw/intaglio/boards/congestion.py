"""Routers that do not get on: wires that are used more than once stop becoming fewer."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from intaglio.spec.errors import Finding, FitError
from intaglio.spec.target import Target

ROUND = re.compile(r"iter=\d+ wires=\d+ overused=(\d+)")  # a line of router2
PATIENCE = 20  # rounds without a new least; a run that got on took 11


@dataclass(frozen=True)
class Crowding:
    """What the log of nextpnr's second router says of its rounds so far.

    Parameters
    ----------
    log : Path
        May not be there yet.
    """

    log: Path

    @property
    def overused(self) -> list[int]:
        """Wires used more than once after each round."""
        text = self.log.read_text(errors="replace") if self.log.is_file() else ""
        return [int(count) for count in ROUND.findall(text)]

    def stuck(self) -> bool:
        """Tell whether the last :data:`PATIENCE` rounds brought no new least."""
        counts = self.overused
        return bool(counts) and len(counts) - 1 - counts.index(min(counts)) >= PATIENCE

    def error(self, target: Target) -> FitError:
        """Return E406, which says how near the router came."""
        counts = self.overused
        return FitError(
            Finding(
                "E406",
                f"the design does not fit {target.name}: its wires are too crowded, "
                f"{min(counts)} are used twice after {counts.index(min(counts)) + 1} rounds "
                f"and no fewer after {len(counts)}",
                where=target.name,
                have=f"{min(counts)} wires used twice",
                need="0",
                help="choose a smaller configuration, a larger target or another seed",
            )
        )
