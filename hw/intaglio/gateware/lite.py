"""AXI4-Lite slave: from five channels to one access at a time."""

from __future__ import annotations

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib.wiring import In, Out

from intaglio.gateware.axi import LITE_ADDRESS, LITE_WRITE, OKAY, SLAVE_ERROR, AxiLite
from intaglio.gateware.component import Component
from intaglio.spec.registers import REGISTER_BITS


class LiteSlave(Component):
    """Turn AXI4-Lite into a write strobe and a read of fixed latency.

    Address and data of a write may come in any order. An access that the register file does not
    know is answered with SLVERR.

    Members
    -------
    bus : In(AxiLite())
        The control port.
    write : Out(1)
        For one cycle: write `write_word` to `write_address`.
    write_address : Out(LITE_ADDRESS), write_word : Out(LITE_WRITE)
        Byte address; data and byte strobes.
    write_known : In(1)
        Whether there is something at `write_address`.
    read_address : Out(LITE_ADDRESS)
        Byte address of a read.
    read_data : In(32), read_known : In(1)
        What stands there, 1 cycle after `read_address`, and whether there is something.

    Timing
    ------
    A write every 2 cycles, a read every 3; the response is valid 1 cycle after a write strobe, 2
    cycles after a read address.
    """

    def __init__(self) -> None:
        super().__init__(
            {
                "bus": In(AxiLite()),
                "write": Out(1),
                "write_address": Out(LITE_ADDRESS),
                "write_word": Out(LITE_WRITE),
                "write_known": In(1),
                "read_address": Out(LITE_ADDRESS),
                "read_data": In(REGISTER_BITS),
                "read_known": In(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        aw, w, b, ar, r = (getattr(self.bus, name) for name in ("aw", "w", "b", "ar", "r"))

        # Write: each half waits in its register for the other.
        has_address = Signal()
        has_word = Signal()
        m.d.comb += [
            aw.ready.eq(~has_address),
            w.ready.eq(~has_word),
            self.write.eq(has_address & has_word & ~b.valid),
        ]
        with m.If(aw.valid & aw.ready):
            m.d.sync += [self.write_address.eq(aw.payload), has_address.eq(1)]
        with m.If(w.valid & w.ready):
            m.d.sync += [self.write_word.eq(w.payload), has_word.eq(1)]
        with m.If(self.write):
            m.d.sync += [
                has_address.eq(0),
                has_word.eq(0),
                b.valid.eq(1),
                b.payload.eq(Mux(self.write_known, OKAY, SLAVE_ERROR)),
            ]
        with m.Elif(b.ready):
            m.d.sync += b.valid.eq(0)

        # Read: one at a time; the register file answers a cycle later.
        asked = Signal(2)
        m.d.comb += ar.ready.eq(~asked.any() & ~r.valid)
        m.d.sync += asked.eq(asked << 1 | (ar.valid & ar.ready))
        with m.If(ar.valid & ar.ready):
            m.d.sync += self.read_address.eq(ar.payload)
        with m.If(asked[1]):
            m.d.sync += [
                r.valid.eq(1),
                r.payload.data.eq(self.read_data),
                r.payload.resp.eq(Mux(self.read_known, OKAY, SLAVE_ERROR)),
            ]
        with m.Elif(r.ready):
            m.d.sync += r.valid.eq(0)
        return m
