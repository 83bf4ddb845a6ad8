"""IEEE 754 arithmetic from its definition, in Python integers."""

from __future__ import annotations

from dataclasses import dataclass

from intaglio.spec.ieee import IeeeFormat


@dataclass(frozen=True)
class Number:
    """(-1)**negative * magnitude * 2**exponent, or infinity, or NaN.

    Parameters
    ----------
    negative : bool
        Sign, of zero too.
    magnitude : int
        0 or more.
    exponent : int
        Power of two of the magnitude's lowest bit.
    infinite, nan : bool
        If set, the magnitude says nothing.
    """

    negative: bool
    magnitude: int
    exponent: int
    infinite: bool = False
    nan: bool = False


def decode(code: int, form: IeeeFormat) -> Number:
    """Return the number that `code` stands for."""
    negative = bool(code >> (form.bits - 1) & 1)
    exponent = code >> form.mantissa_bits & ((1 << form.exponent_bits) - 1)
    mantissa = code & ((1 << form.mantissa_bits) - 1)
    if exponent == (1 << form.exponent_bits) - 1:
        return Number(negative, 0, 0, infinite=not mantissa, nan=bool(mantissa))
    if exponent:
        mantissa |= 1 << form.mantissa_bits
    return Number(negative, mantissa, max(exponent, 1) - 1 + form.quantum)


def encode(number: Number, form: IeeeFormat) -> int:
    """Return the code nearest to `number`, ties to even; overflow becomes infinity."""
    if number.nan:
        return form.nan
    sign = int(number.negative) << (form.bits - 1)
    if number.infinite:
        return sign | form.infinity
    if not number.magnitude:
        return sign
    length = number.magnitude.bit_length()
    lowest = max(number.exponent + length - form.precision, form.quantum)
    shift = lowest - number.exponent
    if shift <= 0:
        kept = number.magnitude << -shift
    else:
        kept, rest = divmod(number.magnitude, 1 << shift)
        half = 1 << (shift - 1)
        kept += rest > half or (rest == half and kept & 1)
    # A subnormal has exponent field 0 and no hidden bit; a carry moves on to the next field.
    code = ((lowest - form.quantum) << form.mantissa_bits) + kept
    return sign | min(code, form.infinity)


def add(x: Number, y: Number) -> Number:
    """Return the exact sum; an exact zero is positive unless both operands are negative."""
    if x.nan or y.nan or (x.infinite and y.infinite and x.negative != y.negative):
        return Number(False, 0, 0, nan=True)
    if x.infinite or y.infinite:
        return x if x.infinite else y
    exponent = min(x.exponent, y.exponent)
    total = _signed(x, exponent) + _signed(y, exponent)
    negative = total < 0 or (total == 0 and x.negative and y.negative)
    return Number(negative, abs(total), exponent)


def multiply(x: Number, y: Number) -> Number:
    """Return the exact product."""
    negative = x.negative != y.negative
    if x.nan or y.nan or (x.infinite and _is_zero(y)) or (y.infinite and _is_zero(x)):
        return Number(False, 0, 0, nan=True)
    if x.infinite or y.infinite:
        return Number(negative, 0, 0, infinite=True)
    return Number(negative, x.magnitude * y.magnitude, x.exponent + y.exponent)


def fp_add(x: int, y: int, form: IeeeFormat) -> int:
    """Return the code of the rounded sum of two codes."""
    return encode(add(decode(x, form), decode(y, form)), form)


def fp_multiply(x: int, y: int, form: IeeeFormat) -> int:
    """Return the code of the rounded product of two codes."""
    return encode(multiply(decode(x, form), decode(y, form)), form)


def _is_zero(number: Number) -> bool:
    return not (number.infinite or number.nan or number.magnitude)


def _signed(number: Number, exponent: int) -> int:
    value = number.magnitude << (number.exponent - exponent)
    return -value if number.negative else value
