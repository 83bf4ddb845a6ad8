"""Accumulators of sums over groups: scales that are powers of two, scales that are integers."""

from __future__ import annotations

from typing import Any

from amaranth import Module, Mux, Signal, Value
from amaranth.hdl import unsigned
from amaranth.lib import data, stream
from amaranth.lib.wiring import In, Out

from intaglio.gateware.component import Component
from intaglio.gateware.layout import shape
from intaglio.gateware.stages import handshake
from intaglio.spec.formats import IntFormat, signed
from intaglio.spec.groups import ScaleGroups, ShiftGroups, require_accumulator


class ShiftAccumulate(Component):
    """Sum values whose scales are powers of two, in whatever order their groups come.

    o = sum_j value_j << (count - 1 - index_j) over the payloads up to the one with `last`.

    Parameters
    ----------
    groups : ShiftGroups
        Gives the number of groups.
    value : IntFormat
        Of the values: products, or sums of products of one group.
    acc_bits : int
        Width of the result: 32, 40, 48, or any other that holds the longest sum.
    terms : int
        Payloads of the longest sum.
    split : bool
        False: values are shifted before one accumulator. True: each group has an accumulator of
        its own and these are shifted at the end: more registers, no shifter before the adder.
        The results are the same bits.

    Members
    -------
    i : In(stream of value, index, last)
    o : Out(stream of the sum)

    Timing
    ------
    One payload a cycle; a sum follows its last payload by `latency_cycles`: 1, or 2 if `split`.

    Raises
    ------
    ConfigError
        E402: the accumulator is narrower than the longest sum needs.

    Golden: :func:`intaglio.golden.accumulate.shift_group_sum`.
    """

    def __init__(
        self, groups: ShiftGroups, value: IntFormat, acc_bits: int, terms: int, split: bool = False
    ) -> None:
        bound = groups.sum_format(value, terms)
        require_accumulator(signed(acc_bits), bound, f"sums of {terms} values of {value}")
        self.groups, self.value, self.split, self.terms = groups, value, split, terms
        self.acc = signed(acc_bits)
        self.latency_cycles = 2 if split else 1
        payload = {"value": shape(value), "index": range(groups.count), "last": 1}
        super().__init__(
            {
                "i": In(stream.Signature(data.StructLayout(payload))),
                "o": Out(stream.Signature(shape(self.acc))),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        move = handshake(m, self)
        item = self.i.payload
        take = move & self.i.valid
        first = Signal(init=1)
        with m.If(take):
            m.d.sync += first.eq(item.last)
        done = Signal()
        with m.If(move):
            m.d.sync += done.eq(self.i.valid & item.last)

        top = self.groups.count - 1
        if not self.split:
            acc = Signal(shape(self.acc), reset_less=True)
            amount = Signal(range(self.groups.count))
            m.d.comb += amount.eq(top - item.index)
            with m.If(take):
                m.d.sync += acc.eq(Mux(first, 0, acc) + (item.value << amount))
            m.d.comb += [self.o.payload.eq(acc), self.o.valid.eq(done)]
            return m

        parts: list[Value] = []
        for g in range(self.groups.count):
            # A group may hold the whole sum; what it is shifted by later needs no bits here.
            own = Signal(
                shape(ShiftGroups(1).sum_format(self.value, self.terms)),
                reset_less=True,
                name=f"group_{g}",
            )
            with m.If(take):
                m.d.sync += own.eq(Mux(first, 0, own) + Mux(item.index == g, item.value, 0))
            parts.append(own << (top - g))
        acc = Signal(shape(self.acc), reset_less=True)
        valid = Signal()
        with m.If(move):
            m.d.sync += [acc.eq(add_pairs(parts)), valid.eq(done)]
        m.d.comb += [self.o.payload.eq(acc), self.o.valid.eq(valid)]
        return m


class ScaleAccumulate(Component):
    """Sum values within groups, scale each group's sum by an integer, and sum those.

    o = sum_g floor((scale_g * sum_{j in g} value_j + half) / 2**drop), half = 2**(drop - 1).

    Parameters
    ----------
    groups : ScaleGroups
        Size of a group, width of a scale, bits to drop.
    value : IntFormat
        Of the values.
    acc_bits : int
        Width of the result.
    longest : int
        Groups of the longest sum.

    Members
    -------
    i : In(stream of value, scale, end, last)
        `end` with the last value of a group, with which its scale counts; `last` with the last
        value of all, which is an end. Groups of fewer values are allowed.
    o : Out(stream of the sum)

    Timing
    ------
    One payload a cycle; a sum follows its last payload by `latency_cycles`.

    Raises
    ------
    ConfigError
        E402: the accumulator is narrower than the longest sum needs.

    Golden: :func:`intaglio.golden.accumulate.scale_group_sum`.
    """

    latency_cycles = 3

    def __init__(self, groups: ScaleGroups, value: IntFormat, acc_bits: int, longest: int) -> None:
        bound = groups.sum_format(value, longest)
        require_accumulator(signed(acc_bits), bound, f"sums of {longest} groups of {value}")
        self.groups, self.value, self.acc = groups, value, signed(acc_bits)
        payload = {
            "value": shape(value),
            "scale": unsigned(groups.scale_bits),
            "end": 1,
            "last": 1,
        }
        super().__init__(
            {
                "i": In(stream.Signature(data.StructLayout(payload))),
                "o": Out(stream.Signature(shape(self.acc))),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        move = handshake(m, self)
        item = self.i.payload
        ends = self.i.valid & (item.end | item.last)

        # 1: the sum within the group.
        inner = Signal(shape(self.groups.inner_format(self.value)), reset_less=True)
        scale = Signal(self.groups.scale_bits, reset_less=True)
        fresh = Signal(init=1)
        ended = Signal()
        last = Signal()
        with m.If(move):
            m.d.sync += [ended.eq(ends), last.eq(item.last), scale.eq(item.scale)]
            with m.If(self.i.valid):
                m.d.sync += [
                    inner.eq(Mux(fresh, 0, inner) + item.value),
                    fresh.eq(item.end | item.last),
                ]

        # 2: scaled.
        scaled = Signal(
            shape(signed(inner.shape().width + self.groups.scale_bits)), reset_less=True
        )
        scaled_valid = Signal()
        scaled_last = Signal()
        with m.If(move):
            m.d.sync += [
                scaled.eq(inner * scale),
                scaled_valid.eq(ended),
                scaled_last.eq(last),
            ]

        # 3: rounded and added.
        acc = Signal(shape(self.acc), reset_less=True)
        first = Signal(init=1)
        done = Signal()
        half = (1 << self.groups.drop) >> 1
        with m.If(move):
            m.d.sync += done.eq(scaled_valid & scaled_last)
            with m.If(scaled_valid):
                rounded = (scaled + half) >> self.groups.drop
                m.d.sync += [acc.eq(Mux(first, 0, acc) + rounded), first.eq(scaled_last)]
        m.d.comb += [self.o.payload.eq(acc), self.o.valid.eq(done)]
        return m


def add_pairs(values: list[Any]) -> Any:
    """Return the sum of `values`, added in pairs."""
    while len(values) > 1:
        pairs = [a + b for a, b in zip(values[::2], values[1::2], strict=False)]
        values = pairs + values[len(pairs) * 2 :]
    return values[0]
