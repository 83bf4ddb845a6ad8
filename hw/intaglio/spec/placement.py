"""Layout algebra: which worker holds which element of a tile, and in which of its slots.

A worker is what receives elements in parallel (a lane of a memory word), a slot is when it receives
them (the word's address). Source: the register-tile layouts of Tilus.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

import numpy as np

from intaglio.spec.formats import IntArray


@dataclass(frozen=True)
class Placement:
    """A tile of `shape` spread over workers and slots.

    The index of each axis is taken apart by the axis' own `modes`, the first one slowest. The
    digits named in `spatial`, in that order and the first one slowest, number the worker; those
    named in `local` number the slot. A digit is named by its position in the concatenation of
    all axes' modes. A negative entry -n of `spatial` is a digit of n workers that hold the same.

    Parameters
    ----------
    modes : tuple of tuple of int
        For each axis; their products are the shape.
    spatial, local : tuple of int
        Each digit in exactly one of them, once.

    Raises
    ------
    ValueError
        If a digit is missing, named twice or unknown.
    """

    modes: tuple[tuple[int, ...], ...]
    spatial: tuple[int, ...] = ()
    local: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        named = sorted(digit for digit in self.spatial + self.local if digit >= 0)
        if named != list(range(len(self.sizes))) or min(self.local, default=0) < 0:
            raise ValueError(
                f"digits {named} of spatial and local are not 0 to {len(self.sizes) - 1}, each once"
            )

    @property
    def sizes(self) -> tuple[int, ...]:
        """Size of each digit."""
        return tuple(size for axis in self.modes for size in axis)

    @property
    def shape(self) -> tuple[int, ...]:
        """Elements along each axis."""
        return tuple(prod(axis) for axis in self.modes)

    @property
    def workers(self) -> int:
        """Workers."""
        return prod(self.sizes[d] if d >= 0 else -d for d in self.spatial)

    @property
    def slots(self) -> int:
        """Slots of each worker."""
        return prod(self.sizes[d] for d in self.local)

    def order(self) -> IntArray:
        """Return the element, as a flat index (last axis fastest), of [worker, slot]."""
        copies = [-digit for digit in self.spatial if digit < 0]
        count = len(self.sizes)
        elements = np.arange(prod(self.sizes)).reshape(self.sizes + (1,) * len(copies))
        replicas = iter(range(count, count + len(copies)))
        axes = [digit if digit >= 0 else next(replicas) for digit in self.spatial + self.local]
        spread = np.broadcast_to(elements, (*self.sizes, *copies)).transpose(axes)
        return spread.reshape(self.workers, self.slots)

    def __matmul__(self, inner: Placement) -> Placement:
        """Return the composition: each element of this tile is a whole tile of `inner`.

        index = index_self * inner.shape + index_inner, axis by axis; worker and slot likewise.
        Associative, not commutative; both have the same number of axes.
        """
        modes: list[tuple[int, ...]] = []
        mine: list[int] = []
        theirs: list[int] = []
        for a, b in zip(self.modes, inner.modes, strict=True):
            at = sum(len(axis) for axis in modes)
            mine += range(at, at + len(a))
            theirs += range(at + len(a), at + len(a) + len(b))
            modes.append(a + b)

        def renamed(digits: tuple[int, ...], names: list[int]) -> tuple[int, ...]:
            return tuple(names[d] if d >= 0 else d for d in digits)

        return Placement(
            tuple(modes),
            renamed(self.spatial, mine) + renamed(inner.spatial, theirs),
            renamed(self.local, mine) + renamed(inner.local, theirs),
        )

    def reduced(self, axis: int) -> Placement:
        """Return the placement of what remains when `axis` is summed away: its workers replicate.

        The axis keeps its place with one element.
        """
        at = sum(map(len, self.modes[:axis]))
        gone = range(at, at + len(self.modes[axis]))

        def renamed(digit: int) -> int:
            return digit - len(gone) if digit >= gone.stop else digit

        spatial = tuple(-self.sizes[d] if d in gone else renamed(d) for d in self.spatial)
        local = tuple(renamed(d) for d in self.local if d not in gone)
        return Placement((*self.modes[:axis], (), *self.modes[axis + 1 :]), spatial, local)


def over_workers(*shape: int) -> Placement:
    """Return the placement of one element a worker, workers numbered with the last axis fastest."""
    return Placement(tuple((size,) for size in shape), tuple(range(len(shape))))


def over_slots(*shape: int) -> Placement:
    """Return the placement of all elements in one worker's slots, the last axis fastest."""
    return Placement(tuple((size,) for size in shape), (), tuple(range(len(shape))))
