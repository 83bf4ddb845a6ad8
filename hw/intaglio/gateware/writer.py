"""Output words: Q codes at a time into a word, and the address it goes to."""

from __future__ import annotations

from amaranth import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib import stream
from amaranth.lib.wiring import In, Out

from intaglio.gateware.component import Component
from intaglio.gateware.layout import command_fields, field_shape, word_shape
from intaglio.gateware.words import write_layout
from intaglio.spec.commands import COMPUTE
from intaglio.spec.config import ArrayConfig
from intaglio.spec.formats import BYTE
from intaglio.spec.lane import Precision


class Writer(Component):
    """Collect the codes of a window and address them.

    Window (i, j) of output block b goes to word ``out_start + b*out_block + i*out_row
    + j*(1 + out_skip)``; of 16 bits to the two words from ``j*(2 + out_skip)`` on, of 4 bits to
    half b % 2 of the bytes of block b // 2. With ``spread`` = m, code k is byte
    ``m * (k % (K / m)) + k // (K / m)`` of its word.

    Parameters
    ----------
    config : ArrayConfig
        Gives K, Q and the formats.

    Members
    -------
    command : In(COMPUTE)
        Still from `clear` until `done`.
    clear : In(1)
        Begin a command.
    i : In(stream of Q bytes, always ready)
        Channels in order, windows in order, output blocks in order; of 4 bits in both halves.
    o : Out(stream of write, always ready)
    done : Out(1)
        `o` carries the last word of the command.

    Timing
    ------
    A word leaves `latency_cycles` after its last codes came.

    Golden: an array of words.
    """

    latency_cycles = 1

    def __init__(self, config: ArrayConfig) -> None:
        self.config = config
        super().__init__(
            {
                "command": In(command_fields(COMPUTE, config)),
                "clear": In(1),
                "i": In(stream.Signature(8 * config.requant_lanes, always_ready=True)),
                "o": Out(stream.Signature(write_layout(config), always_ready=True)),
                "done": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        config, command = self.config, self.command

        # The word fills from the top: after K / Q payloads its first codes are at the bottom.
        step = Signal(range(max(config.drain_steps, 2)))
        last_step = Signal()
        word = Signal(8 * config.act_bytes, reset_less=True)
        filled = Signal.like(word)
        out_bits = len(self.i.payload)
        m.d.comb += [
            last_step.eq(step == config.drain_steps - 1),
            filled.eq((word >> out_bits) | (self.i.payload << len(word) - out_bits)),
        ]

        # Words of a row and of a block; of 4 bits, whether a block is the second of its words.
        widths = config.lanes.widths
        double = command.out_precision == Precision.BITS16 if 16 in widths else Const(0)
        narrow = command.out_precision == Precision.BITS4 if 4 in widths else Const(0)
        high = Signal()

        # Address: column within the row, rows within the block, blocks.
        column = Signal(len(command.out_w) + 1)
        place = Signal(word_shape(config))  # words from the first output of the row
        left = Signal(len(command.pixels) + 1)
        blocks_left = Signal(field_shape(config, "out_blocks"))
        row, block = Signal(word_shape(config)), Signal(word_shape(config))
        words, row_words = command.pixels << double, command.out_w << double
        last_column = column + 1 == row_words
        last_window = left == 1
        with m.If(self.clear):
            m.d.sync += [
                step.eq(0),
                Cat(column, place).eq(0),
                left.eq(words),
                blocks_left.eq(command.out_blocks),
                high.eq(0),
                row.eq(command.out_start),
                block.eq(command.out_start),
            ]
        with m.Elif(self.i.valid):
            m.d.sync += [word.eq(filled), step.eq(Mux(last_step, 0, step + 1))]
            with m.If(last_step):
                m.d.sync += left.eq(left - 1)
                with m.If(last_window):
                    next_block = block + Mux(narrow & ~high, 0, command.out_block)
                    m.d.sync += [
                        high.eq(narrow & ~high),
                        Cat(column, place).eq(0),
                        left.eq(words),
                        blocks_left.eq(blocks_left - 1),
                        row.eq(next_block),
                        block.eq(next_block),
                    ]
                with m.Elif(last_column):
                    m.d.sync += [Cat(column, place).eq(0), row.eq(row + command.out_row)]
                with m.Else():
                    skip = Mux(double & ~column[0], 0, command.out_skip)
                    m.d.sync += [column.eq(column + 1), place.eq(place + skip + 1)]

        complete = self.i.valid & last_step
        m.d.sync += [
            self.o.valid.eq(complete),
            self.o.payload.address.eq(row + place),
            self.o.payload.data.eq(self._ordered(filled)),
            self.done.eq(complete & last_window & (blocks_left == 1)),
        ]
        if 4 in widths:
            m.d.sync += self.o.payload.halves.eq(Mux(narrow, Cat(~high, high), 0b11))
        return m

    def _ordered(self, word: Value) -> Value:
        """Return a word with the channels of spread lanes in their order."""
        config = self.config
        lanes = [word.word_select(k, BYTE) for k in range(config.channels)]
        ordered: Value = word
        for spread in config.spreads:
            part = config.channels // spread
            places = ((k % spread) * part + k // spread for k in range(config.channels))
            chosen = Cat(lanes[place] for place in places)
            ordered = Mux(self.command.spread == spread, chosen, ordered)
        return ordered
