"""Addresses for things that live for a while, in a space of stated size."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Life:
    """Something that needs `size` units of space from step `first` to step `last`, inclusive."""

    key: int
    size: int
    first: int
    last: int

    def meets(self, other: Life) -> bool:
        """Tell whether both live at the same time."""
        return self.first <= other.last and other.first <= self.last


@dataclass(frozen=True)
class Placed:
    """A :class:`Life` and the address that it has got."""

    life: Life
    address: int

    @property
    def end(self) -> int:
        """First unit past it."""
        return self.address + self.life.size


def first_fit(life: Life, placed: Iterable[Placed], capacity: int | None) -> int | None:
    """Return the lowest address at which `life` meets nothing, None if there is none.

    Parameters
    ----------
    placed : iterable of Placed
        What has got its address already.
    capacity : int or None
        Size of the space; None: as large as needed.
    """
    address = 0
    for other in sorted((p for p in placed if p.life.meets(life)), key=lambda p: p.address):
        if address + life.size <= other.address:
            break
        address = max(address, other.end)
    return address if capacity is None or address + life.size <= capacity else None


def gaps_at(step: int, placed: Iterable[Placed], capacity: int) -> tuple[tuple[int, int], ...]:
    """Return (first, end) of each free range at `step`, the largest first."""
    gaps, address = [], 0
    alive = (p for p in placed if p.life.first <= step <= p.life.last)
    for other in sorted(alive, key=lambda p: p.address):
        if other.address > address:
            gaps.append((address, other.address))
        address = max(address, other.end)
    if address < capacity:
        gaps.append((address, capacity))
    return tuple(sorted(gaps, key=lambda gap: (gap[0] - gap[1], gap[0])))
