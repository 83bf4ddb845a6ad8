"""Combinational pieces of rounding: shift with guard and sticky bits, leading zeros."""

from __future__ import annotations

from amaranth import Cat, Const, Module, Mux, Signal, Value


def leading_zeros(m: Module, value: Value) -> Signal:
    """Return the number of zeros above the highest one of `value`; its width if `value` is 0.

    A binary search: each level looks whether the upper half is zero and keeps one half.
    """
    width = 1 << (len(value) - 1).bit_length()
    rest: Value = Cat(Const(0, width - len(value)), value) if width > len(value) else value
    count = []
    while width > 1:
        half = width // 2
        upper = rest[half:]
        empty = Signal()
        m.d.comb += empty.eq(~upper.any())
        rest = Mux(empty, rest[:half], upper)
        count.append(empty)
        width = half
    zeros = Signal(range(len(value) + 1))
    # The search ends on one bit; where that is zero too, all are.
    m.d.comb += zeros.eq(Mux(rest, Cat(*reversed(count)), len(value)))
    return zeros


def shift_right(m: Module, value: Value, amount: Value) -> tuple[Value, Value, Value]:
    """Return (value >> amount, guard, sticky) for amount from 0 to the width of `value`.

    guard: the highest bit shifted out; sticky: any lower one was 1.
    """
    shifted = Signal(len(value) + 1)
    m.d.comb += shifted.eq(Cat(Const(0, 1), value) >> amount)
    mask = Signal(len(value))
    m.d.comb += mask.eq(((Const(1, 1) << amount) >> 1) - 1)
    sticky = Signal()
    m.d.comb += sticky.eq((value & mask).any() & (amount > 1))
    return shifted[1:], shifted[0], sticky
