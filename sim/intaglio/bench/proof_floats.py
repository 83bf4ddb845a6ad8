"""IEEE addition from its definition: the exact sum of two numbers, rounded once to nearest even."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from intaglio.bench.late_z3 import z3
from intaglio.bench.proof_terms import constant, extended
from intaglio.spec.ieee import IeeeFormat

EXPONENT_BITS = 14
NEAR = 3  # bits beyond the smaller number from which on only its sign counts


@dataclass(frozen=True)
class Exact:
    """The number (-1)**negative * size * 2**exponent, `exponent` signed."""

    negative: Any
    size: Any
    exponent: Any


def exact(code: Any, form: IeeeFormat) -> Exact:
    """Return the number that a finite code stands for."""
    mantissa = z3.Extract(form.mantissa_bits - 1, 0, code)
    field = z3.Extract(form.bits - 2, form.mantissa_bits, code)
    hidden = z3.If(field == 0, constant(0, 1), constant(1, 1))
    place = extended(z3.If(field == 0, constant(1, field.size()), field), EXPONENT_BITS, False)
    return Exact(
        z3.Extract(form.bits - 1, form.bits - 1, code),
        z3.Concat(hidden, mantissa),
        place + (form.quantum - 1),
    )


def is_finite(code: Any, form: IeeeFormat) -> Any:
    """Return whether a code is neither infinite nor NaN."""
    return z3.Extract(form.bits - 2, form.mantissa_bits, code) != (1 << form.exponent_bits) - 1


def rounded(number: Exact, form: IeeeFormat) -> Any:
    """Return the code of a number, not 0, rounded to nearest even: overflow is infinity.

    With its top bit at 2**t the last place of the result is u = max(t - p + 1, quantum), and the
    code counts the numbers of the format: (u - quantum) * 2**(p - 1) + size / 2**u.
    """
    size, p = number.size, form.precision
    top = constant(0, EXPONENT_BITS)
    for bit in range(size.size()):
        top = z3.If(z3.Extract(bit, bit, size) == 1, constant(bit, EXPONENT_BITS), top)
    place = top + number.exponent - (p - 1)
    place = z3.If(place < form.quantum, constant(form.quantum, EXPONENT_BITS), place)
    # Zeros below, so that places finer than the number's own are shifts to the right too; and
    # above, so that half of a place far beyond the number still has its bit.
    wide = z3.Concat(constant(0, 2), size, constant(0, p))
    amount = extended(place - number.exponent + p, wide.size())
    most = constant(wide.size() - 1, wide.size())
    far = z3.If(amount > most, most, amount)
    whole = z3.LShR(wide, far)
    rest = wide - (whole << far)
    half = z3.LShR(constant(1, wide.size()) << far, 1)
    odd = z3.Extract(0, 0, whole) == 1
    tie = z3.And(rest == half, rest != 0, odd)
    up = z3.If(z3.Or(z3.UGT(rest, half), tie), constant(1, p + 1), constant(0, p + 1))
    bits = EXPONENT_BITS + p + 1
    count = (extended(place - form.quantum, bits) << (p - 1)) + extended(
        extended(whole, p + 1, False) + up, bits, False
    )
    kept = z3.If(count >= form.infinity, constant(form.infinity, bits), count)
    return z3.Concat(number.negative, z3.Extract(form.bits - 2, 0, kept))


def sums(x: Exact, y: Exact, form: IeeeFormat) -> Iterator[tuple[str, Any, Any]]:
    """Yield (name, case, code of x + y): every distance of the exponents is a case.

    In each the smaller exponent is that of the exact sum, so that no case shifts by a variable.
    Where the numbers lie further apart than their widths and :data:`NEAR` bits, any number less
    than an eighth of the last place stands for the smaller one.
    """
    wx, wy = x.size.size(), y.size.size()
    distance = x.exponent - y.exponent
    for d in range(-(wx + NEAR), wy + NEAR + 1):
        width = max(wx + max(d, 0), wy + max(-d, 0)) + 2
        a = extended(x.size, width, False) << max(d, 0)
        b = extended(y.size, width, False) << max(-d, 0)
        exponent = y.exponent if d >= 0 else x.exponent
        yield f"exponents {d} apart", distance == d, _signed_sum(x, a, y, b, exponent, form)
    for name, case, big, small in (
        ("the first far above", distance > wy + NEAR, x, y),
        ("the second far above", distance < -(wx + NEAR), y, x),
    ):
        width = big.size.size() + NEAR + 2
        a = extended(big.size, width, False) << NEAR
        b = z3.If(small.size == 0, constant(0, width), constant(1, width))
        code = _signed_sum(big, a, small, b, big.exponent - NEAR, form)
        yield name, z3.And(case, big.size != 0), code
        # A number far above in exponent that is 0 leaves the other one, rounded.
        alone = z3.If(small.size == 0, _zero(big, small, form), rounded(small, form))
        yield f"{name}, but 0", z3.And(case, big.size == 0), alone


def _signed_sum(x: Exact, a: Any, y: Exact, b: Any, exponent: Any, form: IeeeFormat) -> Any:
    total = z3.If(x.negative == 1, -a, a) + z3.If(y.negative == 1, -b, b)
    below = z3.Extract(total.size() - 1, total.size() - 1, total)
    size = z3.If(below == 1, -total, total)
    code = rounded(Exact(below, size, exponent), form)
    return z3.If(total == 0, _zero(x, y, form), code)


def _zero(x: Exact, y: Exact, form: IeeeFormat) -> Any:
    """Return the code of a sum that is 0: minus only where both are."""
    return z3.Concat(x.negative & y.negative, constant(0, form.bits - 1))
