"""Divisibility by a small constant, without a divider."""

from __future__ import annotations

from functools import reduce
from operator import add

from amaranth.hdl import Const, Value


def divides(divisor: int, value: Value) -> Value:
    """Return whether the constant `divisor` divides the unsigned `value`.

    The power of two in the divisor looks at the low bits. For the odd rest d, digits to a base
    2**n = 1 modulo d are summed, which keeps the remainder, until the sum has few values.

    Parameters
    ----------
    divisor : int
        1 to 10, or a power of two times one of these: the last step compares with all multiples.
    """
    low = (divisor & -divisor).bit_length() - 1
    odd = divisor >> low
    rest = value[low:]
    even = value[:low] == 0 if low else Const(1, 1)
    if odd == 1:
        return even
    digit = next(n for n in range(1, odd) if pow(2, n, odd) == 1)
    while len(rest) > 2 * digit:  # the sum of two digits need not be shorter than they are
        digits = [rest[at : at + digit] for at in range(0, len(rest), digit)]
        rest = reduce(add, digits)[: (len(digits) * ((1 << digit) - 1)).bit_length()]
    return even & rest.matches(*range(0, 1 << len(rest), odd))
