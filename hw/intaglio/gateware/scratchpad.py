"""Weight and parameter memories: written by loads, read by the array or the drain."""

from __future__ import annotations

from amaranth import Module
from amaranth.lib import data, stream
from amaranth.lib.wiring import In, Out

from intaglio.gateware.component import Component
from intaglio.gateware.layout import shape
from intaglio.gateware.ram import add_ram
from intaglio.spec.commands import WORDS


def word_layout(word_bits: int) -> data.StructLayout:
    """Return a word and its address."""
    return data.StructLayout({"address": shape(WORDS), "data": word_bits})


class Scratchpad(Component):
    """A memory with one write and one read port.

    Parameters
    ----------
    word_bits, words : int
        Width and depth.

    Members
    -------
    i : In(stream of words with address, always ready)
    address : In, data : Out(word)
        Read port: data one cycle after the address.

    Golden: an array of words.
    """

    def __init__(self, word_bits: int, words: int) -> None:
        self.words = words
        self.word_bits = word_bits
        super().__init__(
            {
                "i": In(stream.Signature(word_layout(word_bits), always_ready=True)),
                "address": In(shape(WORDS)),
                "data": Out(word_bits),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        memory = add_ram(m, "memory", width=self.word_bits, depth=self.words)
        m.d.comb += [
            memory.write_address.eq(self.i.payload.address),
            memory.write_data.eq(self.i.payload.data),
            memory.write_enable.eq(self.i.valid),
            memory.read_address.eq(self.address),
            memory.read_enable.eq(1),
            self.data.eq(memory.read_data),
        ]
        return m
