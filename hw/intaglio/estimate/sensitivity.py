"""Which coefficient moves the energy most: one at a time to its low and high value."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from intaglio.estimate.energy import Setting
from intaglio.spec.figure import Figure

SRAM = "sram.nm45"


@dataclass(frozen=True)
class Swing:
    """Energy in uJ with one coefficient at its low and at its high value."""

    name: str
    kind: str
    low: float
    high: float


def part_sums(layers: Iterable[Mapping[str, Figure]]) -> dict[str, float]:
    """Return the nominal energy of each part over all layers, where it is known."""
    sums: dict[str, float] = {}
    for parts in layers:
        for name, figure in parts.items():
            if figure.value is not None:
                sums[name] = sums.get(name, 0.0) + figure.value
    return sums


def swings(setting: Setting, sums: Mapping[str, float]) -> list[Swing]:
    """Return the swing of each coefficient, the widest first.

    Energy is linear in each of them, so a part's nominal energy scales with its coefficient.
    """
    nominal = sum(sums.values())
    names = setting.names()
    found = []
    for row in setting.used():
        parts = [part for part, name in names.items() if name == row.name]
        if row.name == "activity.logic":
            parts = ["logic"]
        share = sum(sums.get(part, 0.0) for part in parts)
        if share:
            low = nominal + share * (row.low / row.value - 1)
            high = nominal + share * (row.high / row.value - 1)
            found.append(Swing(row.name, row.label, low, high))
    return sorted(found, key=lambda swing: swing.low - swing.high)
