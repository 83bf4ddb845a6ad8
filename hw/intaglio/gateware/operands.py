"""Operands of one pixel: which activation each processing element multiplies."""

from __future__ import annotations

from amaranth import Array, Cat, Module, Mux, Signal, Value
from amaranth.lib.wiring import In, Out

from intaglio.gateware.lane_product import lane_name, operand_bits
from intaglio.gateware.layout import field_shape
from intaglio.gateware.multiplier import part_of
from intaglio.gateware.mux import add_mux
from intaglio.gateware.shared import SharedComponent
from intaglio.spec.config import ArrayConfig
from intaglio.spec.formats import BYTE
from intaglio.spec.lane import Precision


def index_bits(config: ArrayConfig) -> tuple[int, int]:
    """Return the widths of a tap index and of a channel index."""
    return max((config.depth - 1).bit_length(), 1), (config.channels - 1).bit_length()


class OperandSelect(SharedComponent):
    """Choose the activations of each of K elements out of the D words of a pixel's taps.

    Byte d of element k is, where `depthwise`, byte k of word d, or with `spread` byte
    ``spread_channel + k % (K / spread)``; else byte
    ``(k & -group) | (channel[d] & (group - 1))`` of word ``tap[d]``: with group = K every element
    sees the same byte, with a smaller group those of its own group. Channels of 16 bits that are
    kept apart lie in pairs of words: element k has both bytes of channel k of a pair.

    Parameters
    ----------
    config : ArrayConfig
        Gives K, D and the lane; without `grouped` there are gates for group = K and no spread
        alone.

    Members
    -------
    words : In(D words)
    depthwise, group, spread, spread_channel, precision : In
        Fields of COMPUTE, still while words are in flight.
    tap, channel : In(D indices each)
        Of the step.
    amount : In
        By how many places each operand is shifted left, where the lane has such scales; a cycle
        after `tap` and `channel`.
    act : Out(K times the operands)
        Those of element 0 in the lowest bits.

    Timing
    ------
    Latency `latency_cycles`: a register behind the choice of the word, and one behind the choice
    of the channel.

    Golden: indexing; within the rows of the array.
    """

    latency_cycles = 2

    def __init__(self, config: ArrayConfig) -> None:
        self.config = config
        self.tap_bits, self.channel_bits = index_bits(config)
        kind = "g" if config.grouped else "b"
        self.module_name = f"intaglio_operands_k{config.channels}_{kind}_{lane_name(config)}"
        lane = config.lanes
        self.amounts = lane.operands(lane.widths[0]) if lane.amount_bits else 0
        super().__init__(
            {
                "words": In(config.depth * config.act_bytes * BYTE),
                "depthwise": In(1),
                **{n: In(field_shape(config, n)) for n in ("group", "spread", "spread_channel")},
                "tap": In(config.depth * self.tap_bits),
                "channel": In(config.depth * self.channel_bits),
                "act": Out(config.channels * operand_bits(config)),
                **({"amount": In(self.amounts * lane.amount_bits)} if self.amounts else {}),
                **({"precision": In(Precision)} if 16 in lane.widths else {}),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        config = self.config
        word_bits = config.act_bytes * BYTE
        words = [self.words.word_select(d, word_bits) for d in range(config.depth)]
        held, chosen = [], []
        for d in range(config.depth):
            word = Signal(word_bits, name=f"word_{d}", reset_less=True)
            channel = Signal(self.channel_bits, name=f"channel_{d}", reset_less=True)
            tap = Mux(self.depthwise, d, self.tap.word_select(d, self.tap_bits))
            m.d.sync += [
                word.eq(Array(words)[tap] if config.depth > 1 else words[0]),
                channel.eq(self.channel.word_select(d, self.channel_bits)),
            ]
            held.append(word)
            chosen.append(self._choose(m, d, word, channel))
        act = Signal.like(self.act, reset_less=True, name="chosen")
        for k in range(config.channels):
            run: Value = Cat(word.word_select(k, BYTE) for word in chosen)
            if 16 in config.lanes.widths:
                pairs = self.depthwise & (self.precision == Precision.BITS16)
                run = Mux(pairs, self._paired(held, k), run)
            m.d.sync += act.word_select(k, operand_bits(config)).eq(self._shifted(run))
        m.d.comb += self.act.eq(act)
        return m

    def _paired(self, words: list[Signal], k: int) -> Value:
        """Return both bytes of channel k of each pair of words."""
        high, place = divmod(k, self.config.channels // 2)
        return Cat(word.word_select(place, 2 * BYTE) for word in words[high::2])

    def _shifted(self, run: Value) -> Value:
        """Return the operands, each shifted by its amount."""
        if not self.amounts:
            return run
        lane = self.config.lanes
        bits, form = lane.widths[0], lane.operand(lane.widths[0])
        parts = []
        for n in range(self.amounts):
            amount = self.amount.word_select(n, lane.amount_bits)
            parts.append((run.word_select(n, bits).as_signed() << amount)[: form.bits])
        return Cat(*parts)

    def _choose(self, m: Module, d: int, word: Signal, channel: Signal) -> Signal:
        """Return the chosen channel for each element."""
        config = self.config
        lanes: list[Value] = [word.word_select(k, BYTE) for k in range(config.channels)]
        chosen = Signal(len(word), name=f"chosen_{d}")
        if not config.grouped:
            one = word.word_select(channel, BYTE)
            m.d.comb += chosen.eq(Mux(self.depthwise, word, one.replicate(config.channels)))
            return chosen
        # A butterfly: level l sets bit l of the channel index where the group is that large, or the
        # part of the channels that are spread is that small.
        part = part_of(config)
        switch = []
        for level in range(self.channel_bits):
            spreads = self.spread >= config.channels >> level
            inside = Mux(self.depthwise, spreads, self.group > (1 << level))
            bit = Mux(self.depthwise, self.spread_channel[level], channel[level])
            sides = Signal(2, name=f"switch_{d}_{level}")
            m.d.comb += sides.eq(Cat(inside & bit, inside & ~bit))
            switch.append(sides)
        # Two levels are one multiplexer of four.
        for level in range(0, self.channel_bits, 2):
            levels = range(level, min(level + 2, self.channel_bits))
            moved: list[Value] = []
            for k in range(config.channels):
                offsets = [0]
                for n in levels:
                    offsets += [at ^ (1 << n) for at in offsets]
                select = Cat(switch[n][k >> n & 1] for n in levels)
                words = [lanes[k ^ at] for at in offsets]
                moved.append(add_mux(m, f"moved_{d}_{level}_{k}", words, select, part))
            lanes = moved
        m.d.comb += chosen.eq(Cat(*lanes))
        return chosen
