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


@dataclass(frozen=True)
class Apart:
    """Residues that an address may not have: `banks` words later the same bank is reached."""

    banks: int = 1
    residues: frozenset[int] = frozenset()

    def first(self, address: int) -> int:
        """Return the lowest allowed address, `address` or later."""
        if len(self.residues) >= self.banks:
            return address
        while address % self.banks in self.residues:
            address += 1
        return address


def first_fit(
    life: Life, placed: Iterable[Placed], capacity: int | None, apart: Apart | None = None
) -> int | None:
    """Return the lowest address at which `life` meets nothing, None if there is none.

    Parameters
    ----------
    placed : iterable of Placed
        What has got its address already.
    capacity : int or None
        Size of the space; None: as large as needed.
    apart : Apart, optional
        Addresses that are not allowed.
    """
    apart = apart or Apart()
    address = apart.first(0)
    for other in sorted((p for p in placed if p.life.meets(life)), key=lambda p: p.address):
        if address + life.size <= other.address:
            break
        address = apart.first(max(address, other.end))
    return address if capacity is None or address + life.size <= capacity else None


def shared_fit(
    life: Life, placed: Iterable[Placed], partners: Iterable[Placed], apart: Apart
) -> int | None:
    """Return the address of one of `partners` at which `life` meets nothing else, else None."""
    alive = [p for p in placed if p.life.meets(life)]
    for partner in (p for p in partners if p.life.size == life.size):
        first, end = partner.address, partner.end
        clear = all(p is partner or p.end <= first or end <= p.address for p in alive)
        if clear and apart.first(first) == first:
            return first
    return None


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
