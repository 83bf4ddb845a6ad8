"""Weights that are sums of signed powers of two: products need shifts and adds only."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from intaglio.spec.codes import Format
from intaglio.spec.errors import Finding, ModelError
from intaglio.spec.formats import IntArray

Term = tuple[int | None, ...]


@dataclass(frozen=True)
class ShiftFormat(Format):
    """value = (-1)**sign * sum over terms of 2**-exponent, or 0 for an exponent of None.

    The sign is the top bit, if there is one; below it each term has a field that selects one of its
    exponents, the first term lowest. Product rule: the activation is shifted left by `point` minus
    the exponent, once a term, and negated; this is exact. Alignment: all products have the unit
    2**-`point`. Accumulator: :func:`intaglio.spec.codes.accumulator_format`.

    Parameters
    ----------
    terms : tuple of tuple of (int or None)
        Exponents, 0 or more, of each term by code; as many as a power of two.
    signed : bool
        Whether the top bit is a sign.
    """

    terms: tuple[Term, ...]
    signed: bool = True

    @property
    def point(self) -> int:
        """Greatest exponent."""
        return max(e for term in self.terms for e in term if e is not None)

    @property
    def fields(self) -> tuple[tuple[int, int], ...]:
        """Lowest bit and width of each term's field."""
        widths = [(len(term) - 1).bit_length() for term in self.terms]
        return tuple((sum(widths[:n]), width) for n, width in enumerate(widths))

    def integer(self, code: int) -> int:
        """Return value * 2**`point` of `code`."""
        total = 0
        for term, (at, width) in zip(self.terms, self.fields, strict=True):
            exponent = term[code >> at & ((1 << width) - 1)]
            total += 0 if exponent is None else 1 << (self.point - exponent)
        return -total if self.signed and code >> (self.bits - 1) else total

    def nearest(self, values: npt.ArrayLike) -> IntArray:
        """Return the codes of the values nearest to real `values`; ties go towards zero.

        Of several codes for one value the least is taken, so that zero is never negative.

        Raises
        ------
        ModelError
            E306: a value is not finite.
        """
        real = np.asarray(values, np.float64) * 2.0**self.point
        if not np.isfinite(real).all():
            raise ModelError(
                Finding(
                    "E306",
                    f"a weight of {self.name} is not finite",
                    where="weights",
                    have="infinity or NaN",
                    need="finite numbers",
                    help="look at the network's float weights",
                )
            )
        known, codes = np.unique(self.table(), return_index=True)
        upper = np.clip(np.searchsorted(known, real), 1, len(known) - 1)
        low, high = known[upper - 1], known[upper]
        below, above = real - low, high - real
        towards_low = np.where(low >= 0, below <= above, below < above)
        return np.asarray(codes[np.where(towards_low, upper - 1, upper)], np.int64)

    def logarithmic(self, values: npt.ArrayLike) -> IntArray:
        """Return one-term codes by rounding log2|w|, ties to even, clipped to the exponents.

        The published rule of shift networks; a value of 0 and those that round below the least
        power become 0. Differs from :meth:`nearest` between 2**(-e - 0.5) and 0.75 * 2**-e.

        Raises
        ------
        ValueError
            If the format has more terms than one.

        Source: DeepShift, get_shift_and_sign.
        """
        if len(self.terms) != 1:
            raise ValueError(f"{self.name} has {len(self.terms)} terms")
        real = np.asarray(values, np.float64)
        magnitude = np.abs(real)
        logs = np.log2(magnitude, out=np.full(real.shape, -np.inf), where=magnitude > 0)
        exponents = np.maximum(-np.round(logs), 0)
        powers = np.where(exponents <= self.point, 2.0 ** -np.minimum(exponents, self.point), 0)
        return self.nearest(np.sign(real) * powers)


def _one_term(bits: int) -> ShiftFormat:
    """Return sign * 2**-p or 0, p from 0 to 2**(bits - 1) - 2, as in DeepShift."""
    return ShiftFormat(f"pow2_{bits}", bits, ((*range((1 << (bits - 1)) - 1), None),))


def _sp2(first: int, second: int) -> ShiftFormat:
    """Return the two-term code with fields of `first` and `second` bits, each 0 or 2**-1 down."""
    terms = tuple((None, *range((1 << bits) - 1, 0, -1)) for bits in (first, second))
    return ShiftFormat(f"sp2_{1 + first + second}", 1 + first + second, terms)


FORMATS = (
    *(_one_term(bits) for bits in (2, 3, 4, 5)),
    # Source: Mix and Match (HPCA 2021): fields of ceil((b - 1) / 2) and floor((b - 1) / 2) bits.
    *(_sp2(first, second) for first, second in ((2, 1), (2, 2), (3, 2))),
    # Source: Additive Powers-of-Two (ICLR 2020), two base bits a term: 0, 1, 1/4, 1/16 and
    # 0, 1/2, 1/8, 1/32.
    ShiftFormat("apot_5", 5, ((None, 0, 2, 4), (None, 1, 3, 5))),
    ShiftFormat("mask", 1, ((None, 0),), signed=False),
)
