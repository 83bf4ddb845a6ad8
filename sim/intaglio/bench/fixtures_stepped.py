"""Components with plain ports as rows of the bench table: a clock edge a payload."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from amaranth import EnableInserter, Module, Mux, Signal
from amaranth.lib import data, stream
from amaranth.lib.wiring import In, Out

from intaglio.bench.row import Row, Values
from intaglio.gateware.component import Component


class Stepped(Component):
    """A component with plain ports that stands still but for one clock edge a payload.

    A payload of `i` holds all inputs for a cycle, one of `o` all outputs of that cycle.

    Parameters
    ----------
    dut : Component
        Without memories of ``add_ram``.
    skip : int
        Payloads of `o` left out at the start, while the outputs say nothing yet.
    when : str
        An output; while it is 0 the others show 0.
    """

    def __init__(self, dut: Component, *, skip: int = 0, when: str = "") -> None:
        self.dut, self.skip, self.when = dut, skip, when
        members = dut.signature.members
        self.ins, self.outs = (
            {name: member.shape for name, member in members.items() if member.flow == flow}
            for flow in (In, Out)
        )
        super().__init__(
            {
                "i": In(stream.Signature(data.StructLayout(self.ins))),
                "o": Out(stream.Signature(data.StructLayout(self.outs))),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        room, step = Signal(), Signal()
        m.submodules.dut = EnableInserter(step)(self.dut)
        early = Signal(range(self.skip + 1), init=self.skip)
        m.d.comb += [
            room.eq(~self.o.valid | self.o.ready),
            self.i.ready.eq(room),
            step.eq(room & self.i.valid),
            *(getattr(self.dut, name).eq(self.i.payload[name]) for name in self.ins),
        ]
        with m.If(room):
            m.d.sync += self.o.valid.eq(step & (early == 0))
        with m.If(step):
            m.d.sync += early.eq(Mux(early == 0, 0, early - 1))
            for name in self.outs:
                value = getattr(self.dut, name)
                m.d.sync += self.o.payload[name].eq(value)
                if self.when and name != self.when:
                    with m.If(~getattr(self.dut, self.when)):
                        m.d.sync += self.o.payload[name].eq(0)
        return m


def stepped_row(
    name: str,
    build: Callable[[], Component],
    inputs: Callable[[np.random.Generator], Values],
    golden: Callable[[Values], Values],
    *,
    skip: int = 0,
    when: str = "",
) -> Row:
    """Return the row of a :class:`Stepped` component."""
    return Row(
        name=name,
        build=lambda: Stepped(build(), skip=skip, when=when),
        inputs=inputs,
        golden=golden,
        latency=None,
    )
