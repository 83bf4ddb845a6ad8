"""What lies where: tensors in memory and on chip, and constants in their on-chip memories."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, replace

from intaglio.compiler.layer import Area, Image


@dataclass(frozen=True)
class Home:
    """Where a tensor lives.

    Parameters
    ----------
    image : (int, int, int)
        H, W, C.
    offset : int
        Byte offset in the tensor region, -1 if it is never stored.
    address : int
        Word address in the activation buffer, -1 if it does not stay there.
    """

    image: Image
    offset: int = -1
    address: int = -1


@dataclass(frozen=True)
class View:
    """A part of a tensor in the activation buffer.

    Pixel (y, x) of block b, counted from the view's first block, is word
    ``base + b * block + (y - y0) * width + x - x0``.
    """

    base: int
    height: int
    width: int
    y0: int
    x0: int
    block: int

    @classmethod
    def of_slot(cls, address: int, area: Area) -> View:
        """Return the view of `area` alone, packed at `address`."""
        height, width = area.y1 - area.y0, area.x1 - area.x0
        return cls(address, height, width, area.y0, area.x0, height * width)

    @classmethod
    def of_home(cls, home: Home, first_block: int) -> View:
        """Return the view of a whole tensor in the buffer, from `first_block` on."""
        height, width, _ = home.image
        plane = height * width
        return cls(home.address + first_block * plane, height, width, 0, 0, plane)

    def from_plane(self, plane: int) -> View:
        """Return the view whose first plane is number `plane`."""
        return replace(self, base=self.base + plane * self.block)

    def narrowed(self, area: Area) -> View:
        """Return the view of the columns of `area` alone, where there is one row."""
        if self.height != 1:
            return self
        first, end = max(area.x0, self.x0), min(area.x1, self.x0 + self.width)
        if first >= end:
            return self
        return replace(self, base=self.at(self.y0, first), x0=first, width=end - first)

    def at(self, y: int, x: int) -> int:
        """Return the word of pixel (y, x) of the first block."""
        return self.base + (y - self.y0) * self.width + x - self.x0


def transfers(
    home: Home, area: Area, blocks: tuple[int, int], view: View, word_bytes: int
) -> list[dict[str, int]]:
    """Return the fields of the LOAD or STORE commands that move a part of a tensor.

    Parameters
    ----------
    home : Home
        The tensor in memory.
    area : Area
        Pixels to be moved.
    blocks : (int, int)
        First channel block and the one past the last; `view` starts at the first.
    view : View
        Where the part lies on chip.
    word_bytes : int
        K.
    """
    height, width, _ = home.image
    plane, count = height * width, blocks[1] - blocks[0]
    rows, columns = area.y1 - area.y0, area.x1 - area.x0
    offset = home.offset + (blocks[0] * plane + area.y0 * width + area.x0) * word_bytes
    address = view.at(area.y0, area.x0)

    def rows_of(beats: int, number: int, stride: int, jump: int, block: int = 0) -> dict[str, int]:
        return {
            "offset": offset + block * plane * word_bytes,
            "row_beats": beats,
            "rows": number,
            "row_stride": stride * word_bytes if number > 1 else 0,
            "address": address + block * view.block,
            "address_stride": jump if number > 1 else 0,
        }

    run = rows * columns
    if rows == 1 or columns == width == view.width:
        if run == plane == view.block:
            return [rows_of(count * run, 1, 0, 0)]
        return [rows_of(run, count, plane, view.block)]
    return [rows_of(columns, rows, width, view.width, block) for block in range(count)]


class Ring:
    """Contents of an on-chip memory that is filled round and round.

    Parameters
    ----------
    words : int
        Size of the memory.
    """

    def __init__(self, words: int) -> None:
        self._words = words
        self._next = 0
        self._start = 0
        self._before = (0, 0)
        self._held: dict[Hashable, tuple[int, int]] = {}

    def reserve(self, words: int) -> None:
        """Start from word 0 if `words` more would not fit behind the last content."""
        if self._next + words > self._words:
            self._start = self._next = 0

    def find(self, key: Hashable) -> int | None:
        """Return the address of `key`, None if it is not there."""
        held = self._held.get(key)
        return None if held is None else held[0]

    def place(self, key: Hashable, words: int) -> int:
        """Return the address at which `key` may be loaded; what lay there is forgotten.

        Contents of more than half of the memory lie at its start and at its end in turn, so that
        a part of each can be loaded while the one before it is used.
        """
        self._before = (self._start, self._next)
        if self._next + words > self._words:
            self._next = 0 if self._start else self._words - words
        start, end = self._next, self._next + words
        self._held = {k: v for k, v in self._held.items() if v[1] <= start or v[0] >= end}
        self._held[key] = (start, end)
        self._start, self._next = start, end
        return start

    def parts(self) -> list[tuple[int, int]]:
        """Return (first, end) of the parts of the last content, that which waits longest last.

        A part that lies where the content before it lay has to wait until that is used.
        """
        start, end = self._start, self._next
        first, last = max(start, self._before[0]), min(end, self._before[1])
        if first >= last:
            return [(start, end)]
        found = [(start, first), (last, end), (first, last)]
        return [(a, b) for a, b in found if a < b]
