"""Reads tables of an untrusted flatbuffer: every place is checked before it is read."""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from intaglio.compiler.load_schema import Field
from intaglio.spec.errors import Finding, ModelError

# Far above any model, and low enough that a damaged length cannot keep the importer busy.
MAX_TABLES = 1 << 16


@dataclass(frozen=True)
class Table:
    """One table of a flatbuffer.

    Parameters
    ----------
    data : bytes
        The whole file.
    position : int
        Where the table starts, in bytes.
    file, what : str
        Names for error messages: the file, and which table this is.

    Raises
    ------
    ModelError
        E302 from every method when what it should read lies outside `data`.
    """

    data: bytes
    position: int
    file: str
    what: str

    @staticmethod
    def root(data: bytes, file: str) -> Table:
        """Return the root table of the file."""
        table = Table(data, 0, file, "the root")
        return Table(data, table._number("I", 0), file, "the root")

    def has(self, field: Field) -> bool:
        """Tell whether the table holds the field."""
        return self._place(field) is not None

    def integer(self, field: Field) -> int:
        """Return an integer or boolean field, or its default."""
        return int(self.real(field))

    def real(self, field: Field) -> int | float:
        """Return a scalar field, or its default."""
        place = self._place(field)
        return field.default if place is None else self._number(field.code, place)

    def table(self, field: Field, what: str) -> Table | None:
        """Return the table that the field points to, or None."""
        place = self._place(field)
        if place is None:
            return None
        return Table(self.data, place + self._number("I", place), self.file, what)

    def tables(self, field: Field, what: str) -> list[Table]:
        """Return the tables of a vector; each is called ``what index``."""
        start, count = self._vector(field, 4)
        if count > MAX_TABLES:
            raise self.damaged(f"holds {count} of {what}", f"at most {MAX_TABLES}")
        return [
            Table(self.data, place + self._number("I", place), self.file, f"{what} {index}")
            for index, place in enumerate(range(start, start + 4 * count, 4))
        ]

    def count(self, field: Field, item_bytes: int) -> int:
        """Return the number of items of a vector, 0 when absent."""
        return self._vector(field, item_bytes)[1]

    def array(self, field: Field, dtype: str) -> npt.NDArray[np.generic]:
        """Return a vector of numbers as a read-only view of the file; empty when absent."""
        kind = np.dtype(dtype).newbyteorder("<")
        start, count = self._vector(field, kind.itemsize)
        return np.frombuffer(self.data, kind, count, start)

    def integers(self, field: Field, limit: int) -> tuple[int, ...]:
        """Return a vector of at most `limit` 32-bit integers; empty when absent."""
        if self.count(field, 4) > limit:
            raise self.damaged(f"holds {self.count(field, 4)} numbers", f"at most {limit}")
        return tuple(self.array(field, "int32").tolist())

    def text(self, field: Field) -> str:
        """Return a string field; bytes that are not UTF-8 are replaced."""
        start, count = self._vector(field, 1)
        return self.data[start : start + count].decode("utf-8", errors="replace")

    def damaged(self, have: str, need: str) -> ModelError:
        """Return the error for a fault in this table."""
        return ModelError(
            Finding(
                "E302",
                f"{self.file} is damaged: {self.what} {have}",
                where=f"{self.file}: {self.what}",
                have=have,
                need=need,
                help="copy the file again and compare its size and checksum with the original",
            )
        )

    def _number(self, code: str, place: int) -> int:
        size = struct.calcsize("<" + code)
        if not 0 <= place <= len(self.data) - size:
            raise self.damaged(
                f"needs {size} bytes at byte {place}", f"a place inside the {len(self.data)} bytes"
            )
        number: int = struct.unpack_from("<" + code, self.data, place)[0]
        return number

    def _place(self, field: Field) -> int | None:
        """Return where the field's bytes are, or None when the table leaves it out."""
        layout = self.position - self._number("i", self.position)
        slot = 4 + 2 * field.slot
        if slot + 2 > self._number("H", layout):
            return None
        offset = self._number("H", layout + slot)
        return self.position + offset if offset else None

    def _vector(self, field: Field, item_bytes: int) -> tuple[int, int]:
        """Return the first byte and the number of items of a vector that lies inside the file."""
        place = self._place(field)
        if place is None:
            return 0, 0
        place += self._number("I", place)
        count = self._number("I", place)
        if count * item_bytes > len(self.data) - place - 4:
            raise self.damaged(
                f"has a vector of {count} items of {item_bytes} bytes at byte {place + 4}",
                f"a vector inside the {len(self.data)} bytes",
            )
        return place + 4, count
