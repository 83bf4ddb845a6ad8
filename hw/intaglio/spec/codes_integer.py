"""Integers of 1 to 16 bits as number formats."""

from __future__ import annotations

from dataclasses import dataclass

from intaglio.spec.codes import Format
from intaglio.spec.formats import IntFormat


@dataclass(frozen=True)
class IntegerFormat(Format):
    """A two's-complement or unsigned integer: ``int8``, ``uint4``.

    value(code) = code, minus 2**bits if signed and the top bit is set. Products are integers and
    need no alignment.

    Parameters
    ----------
    signed : bool
        Whether the top bit is a sign.
    """

    signed: bool = True

    @property
    def form(self) -> IntFormat:
        """The format as the rest of the arithmetic knows it."""
        return IntFormat(self.bits, self.signed)

    def integer(self, code: int) -> int:
        """Return the number that `code` stands for."""
        return code - (1 << self.bits if code > self.form.max else 0)


def integer_format(form: IntFormat) -> IntegerFormat:
    """Return `form` as a number format."""
    return IntegerFormat(str(form), form.bits, form.signed)


FORMATS = tuple(
    integer_format(IntFormat(bits, signed)) for signed in (True, False) for bits in range(1, 17)
)
