"""Sums of pairs of 16-bit products, with each way of handling overflow."""

from __future__ import annotations

from collections.abc import Sequence

from intaglio.golden.ieee import Number, add, decode, encode
from intaglio.spec.codes_dfp import WIDE_BITS, Overflow
from intaglio.spec.formats import INT32, IntFormat, signed
from intaglio.spec.ieee import FP32

Beat = tuple[Sequence[int], Sequence[int]]


def pair_sum(
    beats: Sequence[Beat], mode: Overflow, bits: int, chain: int, start: int = 0
) -> tuple[int, bool]:
    """Return (accumulator, overflow) after the pairs of products of `beats`.

    The accumulator is an integer, or an FP32 code in mode SPILL, which adds the integer sum of
    every `chain` products (or fewer at the end) to the FP32 sum, rounded to nearest even. An
    integer sum that leaves its format wraps and sets the flag, which stays set.

    Parameters
    ----------
    beats : sequence of ((a0, a1), (w0, w1))
    bits : int
        Operand width.
    chain : int
        Even; products between two spills.
    start : int
        What the integer accumulator holds at first.
    """
    form = signed(WIDE_BITS) if mode is Overflow.WIDE else INT32
    acc, single, overflow = start, 0, False
    for n, (act, wgt) in enumerate(beats):
        if mode is Overflow.PRESHIFT:
            pairs = zip(_halved(act, bits), _halved(wgt, bits), strict=True)
        else:
            pairs = zip(act, wgt, strict=True)
        total = acc + sum(a * w for a, w in pairs)
        overflow |= not form.min <= total <= form.max
        acc = _wrapped(total, form)
        if mode is Overflow.SPILL and ((n + 1) * 2 % chain == 0 or n == len(beats) - 1):
            exact = Number(acc < 0, abs(acc), 0)
            single, acc = encode(add(decode(single, FP32), exact), FP32), 0
    return (single if mode is Overflow.SPILL else acc), overflow


def _halved(values: Sequence[int], bits: int) -> list[int]:
    """Return half of each value, ties to even, within the symmetric range of one bit less."""
    limit = (1 << (bits - 2)) - 1
    halves = ((value >> 1) + (value & (value >> 1) & 1) for value in values)
    return [min(max(half, -limit), limit) for half in halves]


def _wrapped(value: int, form: IntFormat) -> int:
    return (value - form.min) % (1 << form.bits) + form.min
