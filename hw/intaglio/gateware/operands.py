"""Operands of one pixel: which activation each processing element multiplies."""

from __future__ import annotations

from amaranth import Array, Cat, Module, Mux, Signal
from amaranth.lib.wiring import In, Out

from intaglio.gateware.layout import shape
from intaglio.gateware.shared import SharedComponent
from intaglio.spec.commands import COMPUTE
from intaglio.spec.config import ArrayConfig

_FIELD = {field.name: field.format for field in COMPUTE.fields}


def index_bits(config: ArrayConfig) -> tuple[int, int]:
    """Return the widths of a tap index and of a channel index."""
    return max((config.depth - 1).bit_length(), 1), (config.channels - 1).bit_length()


class OperandSelect(SharedComponent):
    """Choose D activations for each of K elements out of the D words of a pixel's taps.

    Operand d of element k is, where `depthwise`, channel k of word d; else channel
    ``(k & -group) | (channel[d] & (group - 1))`` of word ``tap[d]``: with group = K every element
    sees the same channel, with a smaller group those of its own group.

    Parameters
    ----------
    config : ArrayConfig
        Gives K and D; without `grouped` there are gates for group = K alone.

    Members
    -------
    words : In(D words)
    depthwise, group : In
        Fields of COMPUTE, still while words are in flight.
    tap, channel : In(D indices each)
        Of the step.
    act : Out(D * K activations)
        Operand d of element k is at d * K + k.

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
        self.module_name = f"intaglio_operands_k{config.channels}_d{config.depth}_{kind}"
        word_bits = config.channels * config.act.bits
        super().__init__(
            {
                "words": In(config.depth * word_bits),
                "depthwise": In(1),
                "group": In(shape(_FIELD["group"])),
                "tap": In(config.depth * self.tap_bits),
                "channel": In(config.depth * self.channel_bits),
                "act": Out(config.depth * word_bits),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        config = self.config
        word_bits = config.channels * config.act.bits
        words = [self.words.word_select(d, word_bits) for d in range(config.depth)]
        for d in range(config.depth):
            word = Signal(word_bits, name=f"word_{d}", reset_less=True)
            channel = Signal(self.channel_bits, name=f"channel_{d}", reset_less=True)
            tap = Mux(self.depthwise, d, self.tap.word_select(d, self.tap_bits))
            m.d.sync += [
                word.eq(Array(words)[tap] if config.depth > 1 else words[0]),
                channel.eq(self.channel.word_select(d, self.channel_bits)),
            ]
            act = Signal(word_bits, name=f"act_{d}", reset_less=True)
            m.d.sync += act.eq(self._choose(m, d, word, channel))
            m.d.comb += self.act.word_select(d, word_bits).eq(act)
        return m

    def _choose(self, m: Module, d: int, word: Signal, channel: Signal) -> Signal:
        """Return the chosen channel for each element."""
        config = self.config
        lanes = [word.word_select(k, config.act.bits) for k in range(config.channels)]
        chosen = Signal(len(word), name=f"chosen_{d}")
        if not config.grouped:
            one = word.word_select(channel, config.act.bits)
            m.d.comb += chosen.eq(Mux(self.depthwise, word, one.replicate(config.channels)))
            return chosen
        # A butterfly: level l sets bit l of the channel index where the group is that large.
        for level in range(self.channel_bits):
            bit = channel[level]
            inside = Signal(name=f"inside_{d}_{level}")
            m.d.comb += inside.eq(~self.depthwise & (self.group > (1 << level)))
            moved = []
            for k in range(config.channels):
                other = lanes[k ^ (1 << level)]
                differs = ~bit if k >> level & 1 else bit
                moved.append(Mux(inside & differs, other, lanes[k]))
            stage = Signal(len(word), name=f"level_{d}_{level}")
            m.d.comb += stage.eq(Cat(*moved))
            lanes = [stage.word_select(k, config.act.bits) for k in range(config.channels)]
        m.d.comb += chosen.eq(Cat(*lanes))
        return chosen
