"""Cause of a cycle: the counters that add up to all cycles."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Const, Module, Signal, Value
from amaranth.lib import data
from amaranth.lib.wiring import In, Out

from intaglio.gateware.component import Component
from intaglio.spec.registers import CAUSES

CAUSE = data.StructLayout({name.lower(): 1 for name, _ in CAUSES})
# What tells each cause but the last, in their order.
TOLD_BY = ("stepping", "vectoring", "starved", "computing", "resting", "constants")


class Causes(Component):
    """Name the one cause of every cycle: the first of :data:`intaglio.spec.registers.CAUSES`.

    Members
    -------
    i : In({stepping, vectoring, starved, computing, resting, constants})
        The array takes a step; the vector unit takes a word; a COMPUTE command waits for words;
        one runs; one may begin or no transfer runs; the load under way is one of constants.
    o : Out(CAUSE)
        Exactly one bit, from reset on.

    Timing
    ------
    Latency 1 cycle.

    Golden: the first condition that holds.
    """

    latency_cycles = 1

    def __init__(self) -> None:
        super().__init__(
            {
                "i": In(data.StructLayout({name: 1 for name in TOLD_BY})),
                "o": Out(CAUSE),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        nothing: Any = {"idle_cycles": 1}
        cause: Any = Signal(CAUSE, init=nothing)
        earlier: Value = Const(0)
        for (name, _), condition in zip(CAUSES, (*TOLD_BY, None), strict=True):
            holds = Const(1) if condition is None else self.i[condition]
            m.d.sync += cause[name.lower()].eq(holds & ~earlier)
            earlier = earlier | holds
        m.d.comb += self.o.eq(cause)
        return m
