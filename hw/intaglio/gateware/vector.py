"""Vector unit: maximum over a window, and addition of two rescaled operands."""

from __future__ import annotations

from amaranth import Module, Mux, Signal
from amaranth.lib import data, stream
from amaranth.lib.wiring import In, Out

from intaglio.gateware.component import Component, fields_of
from intaglio.gateware.layout import layout, shape
from intaglio.gateware.ram import add_ram
from intaglio.gateware.words import accs_layout, words_layout
from intaglio.spec.commands import TABLE
from intaglio.spec.config import CODES, ArrayConfig


def entry_layout() -> data.StructLayout:
    """Return a table entry and its address."""
    return data.StructLayout({"address": range(CODES), "data": layout(TABLE)})


class VectorUnit(Component):
    """Reduce the words of one window at a time to K accumulators.

    Maximum: acc[k] is the largest code of channel k over the taps. Addition:
    ``table_a[first[k]] + table_b[last[k]]`` of the window's two taps, where the tables hold the
    rescaled value of every code (decision 6).

    Parameters
    ----------
    config : ArrayConfig
        Gives K, Q and the formats.

    Members
    -------
    i : In(stream of words)
        Taps of one window, D in a request: those of pixel 0 are read.
    adds : In(1)
        Addition, not maximum; still while words are in flight.
    entry : In(stream of table entries, always ready)
        Fills the tables.
    o : Out(stream of Q accumulators, always ready)
        K / Q payloads a window, channels in order.
    stepping : Out(1)
        A word is taken.

    Timing
    ------
    One request a cycle; a window's first accumulators leave `latency_cycles` after its last one.
    The next window's last request waits until K / Q cycles after this one's.

    Golden: numpy maximum; two look-ups and a sum.
    """

    latency_cycles = 3  # the window's registers, table look-up, sum

    def __init__(self, config: ArrayConfig) -> None:
        self.config = config
        super().__init__(
            {
                "i": In(stream.Signature(words_layout(config))),
                "adds": In(1),
                "entry": In(stream.Signature(entry_layout(), always_ready=True)),
                "o": Out(stream.Signature(accs_layout(config), always_ready=True)),
                "stepping": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        config = self.config
        codes = data.ArrayLayout(shape(config.act), config.channels)
        words = [codes(self.i.payload.word[d]) for d in range(config.depth)]
        tap = self.i.payload.tap

        # The window so far: its first word, or the maximum. A request of D taps reduces at once.
        so_far = fields_of(codes, reset_less=True)
        reduced = fields_of(codes)
        for k in range(config.channels):
            most = words[0][k]
            for word in words[1:]:
                most = Mux(word[k] > most, word[k], most)
            m.d.comb += reduced[k].eq(Mux(tap.first | (most > so_far[k]), most, so_far[k]))
        with m.If(self.stepping):
            m.d.sync += so_far.eq(Mux(self.adds, words[0], reduced))

        # The operands of an addition are the first two taps of a window, in one request or in two.
        pair = (words[0], words[1]) if config.depth > 1 else (so_far, words[0])

        # A finished window leaves Q channels a cycle; `left` counts what is still to go.
        left = Signal(range(config.drain_steps + 1))
        one, two = fields_of(codes, reset_less=True), fields_of(codes, reset_less=True)
        taken = Signal()
        m.d.comb += [
            self.stepping.eq(self.i.valid & (~tap.last | (left <= 1))),
            self.i.ready.eq(self.stepping),
            taken.eq(self.stepping & tap.last),
        ]
        out_bits = config.requant_lanes * config.act.bits
        with m.If(taken):
            m.d.sync += [
                one.eq(pair[0]),
                two.eq(Mux(self.adds, pair[1], reduced)),
                left.eq(config.drain_steps),
            ]
        with m.Elif(left != 0):
            m.d.sync += [
                left.eq(left - 1),
                one.as_value().eq(one.as_value() >> out_bits),
                two.as_value().eq(two.as_value() >> out_bits),
            ]

        # Look-up, then sum; a maximum takes the same way.
        looked_up, summed = Signal(), Signal()
        m.d.sync += [looked_up.eq(left != 0), summed.eq(looked_up)]
        entry_bits = TABLE.fields[0].format.bits
        values = fields_of(accs_layout(config), reset_less=True)
        for q in range(config.requant_lanes):
            code = Signal(shape(config.act), name=f"code_{q}", reset_less=True)
            m.d.sync += code.eq(two[q])
            terms = []
            for name, operand in (("a", one), ("b", two)):
                table = add_ram(m, f"table_{name}_{q}", width=entry_bits, depth=CODES)
                m.d.comb += [
                    table.write_address.eq(self.entry.payload.address),
                    table.write_data.eq(self.entry.payload.data[name]),
                    table.write_enable.eq(self.entry.valid),
                    # Entry 0 is code -128: offset binary, the sign bit inverted.
                    table.read_address.eq(operand[q].as_unsigned() ^ (CODES // 2)),
                    table.read_enable.eq(1),
                ]
                terms.append(table.read_data.as_signed())
            m.d.sync += values[q].eq(Mux(self.adds, terms[0] + terms[1], code))
        m.d.comb += [self.o.valid.eq(summed), self.o.payload.eq(values)]
        return m
