"""Channels of 4 bits, one to a byte."""

from __future__ import annotations

from amaranth import Cat, Module, Mux, Signal
from amaranth.lib.wiring import In, Out

from intaglio.gateware.component import Component
from intaglio.gateware.words import words_layout
from intaglio.spec.config import ArrayConfig
from intaglio.spec.formats import BYTE


class Narrow(Component):
    """Give each byte the signed number in one half of it, or leave the words as they are.

    Parameters
    ----------
    config : ArrayConfig
        Gives P, K and D.

    Members
    -------
    i : In(words), o : Out(words)
    halves : In(1)
        Take halves: the low ones, or those that the words' `high` names.

    Timing
    ------
    Combinational.

    Golden: :func:`intaglio.golden.machine_lane.low_half`, and a shift right.
    """

    def __init__(self, config: ArrayConfig) -> None:
        self.config = config
        super().__init__(
            {
                "i": In(words_layout(config)),
                "halves": In(1),
                "o": Out(words_layout(config)),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.d.comb += self.o.tap.eq(self.i.tap)
        for n in range(self.config.banks):
            word = self.i.word[n]
            numbers = []
            for k in range(self.config.act_bytes):
                byte = word.word_select(k, BYTE)
                half = Signal(BYTE // 2, name=f"half_{n}_{k}")
                m.d.comb += half.eq(Mux(self.i.tap.high, byte[BYTE // 2 :], byte))
                sign = half[-1].replicate(BYTE // 2)
                numbers.append(Mux(self.halves, Cat(half, sign), byte))
            m.d.comb += self.o.word[n].eq(Cat(*numbers))
        return m
