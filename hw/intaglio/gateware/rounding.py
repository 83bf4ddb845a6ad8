"""Pieces of rounding: shifts with guard and sticky bits, leading zeros."""

from __future__ import annotations

from dataclasses import dataclass

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


@dataclass
class ShiftOut:
    """A shift to the right of which only the low bits are wanted, in steps.

    Each step shifts by one power of two, the greatest first, and drops the bits that no later step
    can bring into the result: half of the multiplexers of a shifter that keeps them all.

    Parameters
    ----------
    bits : Value
        The guard bit, and what stands above it. :meth:`of` begins with 0 as guard.
    sticky : Value
        A bit below the guard is 1.
    over : Value
        A bit above those kept is 1.
    """

    bits: Value
    sticky: Value
    over: Value

    @classmethod
    def of(cls, value: Value) -> ShiftOut:
        """Return `value` before any step."""
        return cls(Cat(Const(0, 1), value), Const(0, 1), Const(0, 1))

    def step(self, m: Module, level: int, by: Value, width: int, name: str) -> None:
        """Shift by ``2**level`` where `by` is 1; `width` bits are wanted of the result."""
        step = 1 << level
        kept = width + step  # the guard, the result, and what lower steps may bring down
        value = self.bits
        padded = Cat(value, Const(0, max(kept + step - len(value), 0)))
        out = Signal(kept, name=f"{name}_{level}")
        m.d.comb += out.eq(Mux(by, padded[step : step + kept], padded[:kept]))
        self.sticky = self.sticky | (by & value[:step].any())
        if len(value) > kept:
            beyond = value[kept + step :].any() if len(value) > kept + step else Const(0, 1)
            self.over = self.over | Mux(by, beyond, value[kept:].any())
        self.bits = out
