"""Sums of groups with integer scales: the scales come with the weights, multipliers are shared."""

from __future__ import annotations

from amaranth import Cat, Module, Mux, Signal
from amaranth.lib import data, stream
from amaranth.lib.wiring import In, Out

from intaglio.gateware.component import Component, fields_of
from intaglio.gateware.ram import add_ram
from intaglio.gateware.words import accs_layout
from intaglio.spec.config import ArrayConfig

SCALE_NAMES = ("scale", "again", "more", "last")


class ScaleWords(Component):
    """Collect the scales of a group from its weight words and offer those of the draining group.

    Parameters
    ----------
    config : ArrayConfig
        Gives K, Q and the lane.

    Members
    -------
    side : In, valid : In(1)
        Side bits of a weight word, and whether there is one.
    complete : In(1)
        A cycle after the last word of a group.
    capture : In(1)
        The group begins to drain, a cycle after `complete` or later.
    shift : In(1)
        Q accumulators leave.
    scale : Out(Q scales)
        Of the accumulators that leave.

    Golden: :class:`intaglio.spec.lane.Lane`; within the rows of the array.
    """

    def __init__(self, config: ArrayConfig) -> None:
        self.config = config
        lane = config.lanes
        super().__init__(
            {
                "side": In(lane.side_bits),
                "valid": In(1),
                "complete": In(1),
                "capture": In(1),
                "shift": In(1),
                "scale": Out(config.requant_lanes * lane.scale_bits),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        lane = self.config.lanes
        used = self.config.channels * lane.scale_bits
        words = Signal(lane.group_steps * lane.side_bits, reset_less=True)
        group = Signal(used, reset_less=True)
        draining = Signal(used, reset_less=True)
        with m.If(self.valid):
            m.d.sync += words.eq(Cat(words[lane.side_bits :], self.side))
        with m.If(self.complete):
            m.d.sync += group.eq(words)
        with m.If(self.capture):
            m.d.sync += draining.eq(group)
        with m.Elif(self.shift):
            m.d.sync += draining.eq(draining.rotate_right(len(self.scale)))
        m.d.comb += self.scale.eq(draining)
        return m


class ScaleAccumulators(Component):
    """Multiply the sums of groups by their scales and add them up for each output.

    o = sum over the groups of a tile of acc * scale; where a tile has no groups, o = acc.

    Parameters
    ----------
    config : ArrayConfig
        Gives P, K, Q, the lane and the formats.

    Members
    -------
    i : In(stream of Q accumulators, always ready)
        K / Q payloads a window.
    scale : In(Q scales)
        Of the payload.
    scaled : In(1)
        The tile has groups.
    again, more : In(1)
        Groups of the tile went before; groups of the tile follow.
    last : In(1)
        The payload is the last of its group.
    o : Out(stream of Q accumulators, always ready)

    Timing
    ------
    Latency `latency_cycles`; groups are at least three cycles apart.

    Golden: :func:`intaglio.golden.accumulate.scale_group_sum` without dropped bits.
    """

    latency_cycles = 2

    def __init__(self, config: ArrayConfig) -> None:
        self.config = config
        super().__init__(
            {
                "i": In(stream.Signature(accs_layout(config), always_ready=True)),
                "scale": In(config.requant_lanes * config.lanes.scale_bits),
                "scaled": In(1),
                "again": In(1),
                "more": In(1),
                "last": In(1),
                "o": Out(stream.Signature(accs_layout(config), always_ready=True)),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        config = self.config
        places = config.pixels * config.drain_steps
        bits = config.acc.bits
        memory = add_ram(m, "sums", width=config.requant_lanes * bits, depth=max(places, 2))

        # 1: the products, while the sums so far are read.
        place, at = Signal(range(max(places, 2))), Signal(range(max(places, 2)))
        flags = fields_of(data.StructLayout({"valid": 1, "again": 1, "more": 1}))
        products = fields_of(accs_layout(config), reset_less=True)
        m.d.comb += [memory.read_address.eq(place), memory.read_enable.eq(self.i.valid)]
        m.d.sync += [
            flags.valid.eq(self.i.valid),
            flags.again.eq(self.again & self.scaled),
            flags.more.eq(self.more & self.scaled),
            at.eq(place),
        ]
        with m.If(self.i.valid):
            m.d.sync += place.eq(Mux(self.last, 0, place + 1))
        for q in range(config.requant_lanes):
            factor = self.scale.word_select(q, config.lanes.scale_bits)
            acc = self.i.payload[q]
            m.d.sync += products[q].eq(Mux(self.scaled, acc * factor, acc))

        # 2: added to them.
        sums = fields_of(accs_layout(config))
        for q in range(config.requant_lanes):
            before = memory.read_data.word_select(q, bits).as_signed()
            m.d.comb += sums[q].eq(products[q] + Mux(flags.again, before, 0))
        m.d.comb += [
            memory.write_address.eq(at),
            memory.write_data.eq(sums),
            memory.write_enable.eq(flags.valid & flags.more),
        ]
        m.d.sync += [self.o.valid.eq(flags.valid & ~flags.more), self.o.payload.eq(sums)]
        return m
