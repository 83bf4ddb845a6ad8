"""Number formats as values: what each code of a format stands for, exactly."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from importlib import import_module
from pathlib import Path

import numpy as np
import numpy.typing as npt

from intaglio.spec.errors import ConfigError, Finding
from intaglio.spec.formats import IntArray, IntFormat, signed


@dataclass(frozen=True)
class Format:
    """A number format: `bits` wide codes, each of which stands for one rational number.

    Every value times 2**`point` is an integer, given by :meth:`integer`; products of two formats
    are aligned at the sum of their points, so that sums of them are sums of integers.

    Parameters
    ----------
    name : str
        Lower case, as in ``int8``; unique.
    bits : int
        Width of a code, 1 to 16.
    """

    name: str
    bits: int

    @property
    def point(self) -> int:
        """Fraction bits: value * 2**point is an integer for every code."""
        return 0

    @property
    def scale_rule(self) -> str:
        """What a real number's scale belongs to: tensor, channel or group."""
        return "one scale per output channel (weights) or tensor (activations)"

    def integer(self, code: int) -> int:
        """Return value * 2**`point` of `code`, a bit pattern from 0 to 2**`bits` - 1."""
        raise NotImplementedError(f"{type(self).__name__} does not say what a code stands for")

    def value(self, code: int) -> Fraction:
        """Return the number that `code` stands for."""
        return Fraction(self.integer(code), 1 << self.point)

    def table(self) -> IntArray:
        """Return :meth:`integer` of every code, in order; not to be written to."""
        return _table(self)

    def decode(self, codes: npt.ArrayLike) -> IntArray:
        """Return :meth:`integer` of each bit pattern of `codes`."""
        return np.asarray(_table(self)[np.asarray(codes, np.int64)], np.int64)

    def __str__(self) -> str:
        return self.name


@cache
def _table(form: Format) -> IntArray:
    table = np.array([form.integer(code) for code in range(1 << form.bits)], np.int64)
    table.flags.writeable = False
    return table


def accumulator_format(wgt: Format, act: Format, terms: int) -> IntFormat:
    """Return the narrowest integer format that holds any sum of `terms` products exactly.

    Its unit is 2**-(wgt.point + act.point).
    """
    ends = [
        terms * int(w) * int(a)
        for w in (wgt.table().min(), wgt.table().max())
        for a in (act.table().min(), act.table().max())
    ]
    largest, least = max(*ends, 0), min(*ends, -1)
    return signed(max(largest.bit_length(), (-least - 1).bit_length()) + 1)


@cache
def number_formats() -> dict[str, Format]:
    """Return every format by name: ``FORMATS`` of each module ``codes_*`` of this package.

    Raises
    ------
    ValueError
        If two formats have one name.
    """
    found: dict[str, Format] = {}
    for path in sorted(Path(__file__).parent.glob("codes_*.py")):
        for form in import_module(f"{__package__}.{path.stem}").FORMATS:
            if form.name in found:
                raise ValueError(f"two number formats are called {form.name}")
            found[form.name] = form
    return found


def number_format(name: str) -> Format:
    """Return the format called `name`.

    Raises
    ------
    ConfigError
        E206, with the nearest name.
    """
    known = number_formats()
    if name not in known:
        near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
        raise ConfigError(
            Finding(
                "E206",
                f"no number format is called {name!r}",
                where="format",
                have=name,
                need=", ".join(known),
                help=f"did you mean {near[0]}?" if near else "intaglio units lists the formats",
            )
        )
    return known[name]
