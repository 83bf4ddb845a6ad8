"""Banked activation buffer: P * D words a cycle for the array, one for each other user."""

from __future__ import annotations

from amaranth import Cat, Module, Mux, Signal
from amaranth.lib import data, stream
from amaranth.lib.wiring import In, Out

from intaglio.gateware.component import Component, fields_of
from intaglio.gateware.layout import word_shape
from intaglio.gateware.multiplier import part_of
from intaglio.gateware.mux import add_mux
from intaglio.gateware.ram import add_ram
from intaglio.gateware.words import write_layout
from intaglio.spec.config import ArrayConfig


class ActBuffer(Component):
    """Words of K bytes, word `a` in row ``a // banks`` of bank ``a % banks``, P * D banks.

    Each bank has one read and one write port. The array's reads and the drain's writes always win;
    a transfer to or from memory waits for its bank.

    Parameters
    ----------
    config : ArrayConfig
        Gives P, K, D and the size.

    Members
    -------
    bank_enable, bank_row : In, bank_data : Out (one for each bank)
        The array's reads: data one cycle after the enable.
    result : In(stream of write, always ready)
        The drain's writes.
    load : In(stream of write)
        Writes from memory.
    fetch : In(stream of word address), fetched : Out(stream of words)
        Reads for memory, in order.

    Timing
    ------
    A `fetched` word follows its `fetch` by one cycle; one a cycle while banks are free.

    Golden: an array of words.
    """

    def __init__(self, config: ArrayConfig) -> None:
        self.config = config
        rows = config.act_words // config.banks
        super().__init__(
            {
                "bank_enable": In(config.banks),
                "bank_row": In(data.ArrayLayout(range(rows), config.banks)),
                "bank_data": Out(data.ArrayLayout(config.act_bytes * 8, config.banks)),
                "result": In(stream.Signature(write_layout(config), always_ready=True)),
                "load": In(stream.Signature(write_layout(config))),
                "fetch": In(stream.Signature(word_shape(config))),
                "fetched": Out(stream.Signature(config.act_bytes * 8)),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        config = self.config
        banks = config.banks
        bank_bits = (banks - 1).bit_length()
        rows = config.act_words // banks

        load_bank = self.load.payload.address[:bank_bits]
        result_bank = self.result.payload.address[:bank_bits]
        fetch_bank = self.fetch.payload[:bank_bits]

        # A fetch needs room for its word: the last one has left, or leaves now.
        room = Signal()
        fetching = Signal()
        from_bank = Signal(range(banks), reset_less=True)
        m.d.comb += [
            room.eq(~self.fetched.valid | self.fetched.ready),
            self.fetch.ready.eq(room & ~self.bank_enable.bit_select(fetch_bank, 1)),
            fetching.eq(self.fetch.valid & self.fetch.ready),
            self.load.ready.eq(~(self.result.valid & (result_bank == load_bank))),
        ]
        with m.If(room):
            m.d.sync += self.fetched.valid.eq(fetching)
        with m.If(fetching):
            m.d.sync += from_bank.eq(fetch_bank)

        # A word that waits is kept here, since the array may read its bank meanwhile.
        fresh = Signal()
        kept = Signal(config.act_bytes * 8, reset_less=True)
        words = [self.bank_data[b] for b in range(banks)]
        word = add_mux(m, "fetched_word", words, from_bank, part_of(config))
        m.d.sync += fresh.eq(fetching)
        m.d.comb += self.fetched.payload.eq(kept)
        with m.If(fresh):
            m.d.sync += kept.eq(word)
            m.d.comb += self.fetched.payload.eq(word)

        for b in range(banks):
            result_here = self.result.valid & (result_bank == b)
            load_here = self.load.valid & (load_bank == b)
            payload = fields_of(write_layout(config), name=f"write_{b}")
            m.d.comb += payload.eq(Mux(result_here, self.result.payload, self.load.payload))
            reads = self.bank_enable[b] | (fetching & (fetch_bank == b))
            row = Mux(self.bank_enable[b], self.bank_row[b], self.fetch.payload >> bank_bits)
            # The halves of bytes of 4-bit channels are written apart: a memory for each.
            parts = self._parts()
            for n, bits in enumerate(parts):
                bank = add_ram(m, f"bank_{b}_{n}", width=len(bits), depth=rows)
                chosen = payload.halves[n] if len(parts) > 1 else 1
                m.d.comb += [
                    bank.write_address.eq(payload.address >> bank_bits),
                    bank.write_data.eq(Cat(payload.data[bit] for bit in bits)),
                    bank.write_enable.eq((result_here | load_here) & chosen),
                    bank.read_address.eq(row),
                    bank.read_enable.eq(reads),
                    Cat(self.bank_data[b][bit] for bit in bits).eq(bank.read_data),
                ]
        return m

    def _parts(self) -> list[list[int]]:
        """Return the bits of a word that one memory holds, for each memory of a bank."""
        every = range(self.config.act_bytes * 8)
        if 4 not in self.config.lanes.widths:
            return [list(every)]
        return [[bit for bit in every if bit // 4 % 2 == half] for half in (0, 1)]
