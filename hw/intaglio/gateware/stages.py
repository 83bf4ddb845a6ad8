"""Stages of a straight pipeline inside one module: what crosses a cut moves together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from amaranth import Module, Signal, Value


class Stages:
    """Stages of one module, written in order: :meth:`step` ends one, :meth:`keep` crosses it.

    They advance in cycles in which `move` is 1; bubbles advance too.

    Parameters
    ----------
    m : Module
    valid : Value
        Whether the first stage holds a payload in this cycle.
    move : Value
        Advance.
    registered : bool
        False: no stage ends, everything happens in one cycle.
    """

    def __init__(self, m: Module, valid: Value, move: Value, registered: bool = True) -> None:
        self.m, self.valid, self.move, self.registered = m, valid, move, registered
        self.cycles = 0

    def step(self) -> None:
        """End the stage; :attr:`valid` is that of the next one."""
        if not self.registered:
            return
        self.cycles += 1
        valid = Signal(name="valid")
        with self.m.If(self.move):
            self.m.d.sync += valid.eq(self.valid)
        self.valid = valid

    def keep(self, *values: Value, names: Sequence[str] = ()) -> tuple[Value, ...]:
        """Return registers that take `values` of the stage that ended last, called `names`."""
        if not self.registered:
            return values
        called = names or [f"stage_{self.cycles}"] * len(values)
        return tuple(map(self._register, values, called))

    def cut(self, *values: Value) -> tuple[Value, ...]:
        """End the stage and return what of it is kept."""
        self.step()
        return self.keep(*values)

    def _register(self, value: Value, name: str) -> Signal:
        register = Signal(value.shape(), reset_less=True, name=name)
        with self.m.If(self.move):
            self.m.d.sync += register.eq(value)
        return register


def handshake(m: Module, component: Any) -> Signal:
    """Return `move` of a component with streams ``i`` and ``o``: the output is free or taken."""
    move = Signal()
    m.d.comb += [
        move.eq(~component.o.valid | component.o.ready),
        component.i.ready.eq(move),
    ]
    return move
