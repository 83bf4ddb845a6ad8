"""Fetch P * D words at any addresses: as many passes as the fullest bank needs, usually one."""

from __future__ import annotations

from functools import reduce
from operator import or_

from amaranth import Cat, Module, Mux, Signal
from amaranth.lib import data, stream
from amaranth.lib.wiring import In, Out

from intaglio.gateware.component import Component, fields_of
from intaglio.gateware.multiplier import part_of
from intaglio.gateware.mux import add_mux
from intaglio.gateware.words import act_address, request_layout, tap_layout, words_layout
from intaglio.spec.config import ArrayConfig


class BankSelect(Component):
    """Grant every bank the lowest lane that waits for it, and the lanes that want the same row.

    Parameters
    ----------
    config : ArrayConfig
        Gives P, D and the buffer's size.

    Members
    -------
    waiting : In(banks), address : In(a word address for each lane)
    grant : Out(banks)
        Lanes that are served.
    bank_used : Out(banks), bank_row : Out(a row for each bank)
        What each bank reads.

    Timing
    ------
    Combinational.

    Golden: within :class:`Gather`.
    """

    def __init__(self, config: ArrayConfig) -> None:
        self.config = config
        lanes = config.banks
        super().__init__(
            {
                "waiting": In(lanes),
                "address": In(data.ArrayLayout(act_address(config), lanes)),
                "grant": Out(lanes),
                "bank_used": Out(lanes),
                "bank_row": Out(data.ArrayLayout(range(config.act_words // lanes), lanes)),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        lanes = self.config.banks
        bank_bits = (lanes - 1).bit_length()
        row_bits = len(self.bank_row[0])
        bank = [self.address[p][:bank_bits] for p in range(lanes)]
        row = [self.address[p][bank_bits : bank_bits + row_bits] for p in range(lanes)]

        # The first lane of each bank; those behind it that want its row share it.
        first = Signal(lanes)
        for p in range(lanes):
            earlier = [self.waiting[q] & (bank[q] == bank[p]) for q in range(p)]
            others = [first[q] & (bank[q] == bank[p]) & (row[q] != row[p]) for q in range(p)]
            m.d.comb += [
                first[p].eq(self.waiting[p] & ~Cat(*earlier).any()),
                self.grant[p].eq(self.waiting[p] & ~Cat(*others).any()),
            ]
        for b in range(lanes):
            here = Signal(lanes, name=f"here_{b}")
            m.d.comb += [
                here.eq(Cat(first[p] & (bank[p] == b) for p in range(lanes))),
                self.bank_used[b].eq(here.any()),
                # One lane at most: no priority is left to decide.
                self.bank_row[b].eq(
                    reduce(or_, (row[p] & here[p].replicate(row_bits) for p in range(lanes)))
                ),
            ]
        return m


class Gather(Component):
    """Turn requests of P * D addresses into words; a lane outside the image gets the pad value.

    In a pass every bank serves one row: that of the lowest lane that still waits for it. Lanes that
    want the same word share it, so neighbouring taps of neighbouring windows need one pass.

    Parameters
    ----------
    config : ArrayConfig
        Gives P, K, D and the buffer's size.

    Members
    -------
    i : In(stream of requests)
    pad_value : In(act)
        Field of COMPUTE; still while requests are in flight.
    bank_enable, bank_row, bank_data
        Read side of :class:`~intaglio.gateware.buffer.ActBuffer`, seen from here.
    o : Out(stream of words)
        In the order of `i`.
    busy : Out(1)
        Words of a request are shown or on their way.

    Timing
    ------
    Latency 2 cycles, one request a cycle where no bank has two rows to read, else as many cycles
    as the fullest one. Holds two words of each lane.

    Golden: indexing an array of words.
    """

    latency_cycles = 2
    slots = 2  # one shown while the next is on its way

    def __init__(self, config: ArrayConfig) -> None:
        self.config = config
        rows = config.act_words // config.banks
        super().__init__(
            {
                "i": In(stream.Signature(request_layout(config))),
                "pad_value": In(config.act.bits),
                "bank_enable": Out(config.banks),
                "bank_row": Out(data.ArrayLayout(range(rows), config.banks)),
                "bank_data": In(data.ArrayLayout(config.act_bytes * 8, config.banks)),
                "o": Out(stream.Signature(words_layout(config))),
                "busy": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        lanes = self.config.banks
        bank_bits = (lanes - 1).bit_length()
        request = self.i.payload
        bank = [request.address[p][:bank_bits] for p in range(lanes)]

        # Slots: `used` are full or reserved by a request whose words are on their way.
        used = Signal(range(self.slots + 1))
        started = Signal()  # the request at hand has its slot
        pop = Signal()
        active = Signal()
        m.d.comb += [
            self.busy.eq(used != 0),
            pop.eq(self.o.valid & self.o.ready),
            active.eq(self.i.valid & (started | (used < self.slots) | pop)),
        ]

        # A pass: each bank serves one lane.
        m.submodules.select = select = BankSelect(self.config)
        served = Signal(lanes)  # in earlier passes
        waiting = Signal(lanes)
        grant = select.grant
        m.d.comb += [
            waiting.eq(request.inside & ~served),
            select.waiting.eq(waiting),
            select.address.eq(request.address),
            self.bank_enable.eq(Mux(active, select.bank_used, 0)),
            self.bank_row.eq(select.bank_row),
        ]

        done = Signal()
        m.d.comb += [done.eq((waiting & ~grant) == 0), self.i.ready.eq(active & done)]
        with m.If(active):
            m.d.sync += [
                served.eq(Mux(done, 0, served | grant)),
                started.eq(~done),
            ]
        opens = Signal()
        m.d.comb += opens.eq(active & ~started)
        m.d.sync += used.eq(used + opens - pop)

        # The words of the pass arrive one cycle later.
        arrived = Signal(lanes)
        outside = Signal(lanes)
        complete = Signal()
        tap = fields_of(tap_layout(self.config), reset_less=True)
        m.d.sync += [
            arrived.eq(Mux(active, grant, 0)),
            outside.eq(Mux(active, ~request.inside, 0)),
            complete.eq(active & done),
            tap.eq(request.tap),
        ]
        slot = [
            fields_of(words_layout(self.config), reset_less=True, name=f"slot_{n}") for n in (0, 1)
        ]
        write, read = Signal(), Signal()
        words = [self.bank_data[b] for b in range(lanes)]
        padded = [Signal(lanes, name=f"padded_{n}") for n in (0, 1)]
        for p in range(lanes):
            came_from = Signal(range(lanes), name=f"came_from_{p}", reset_less=True)
            m.d.sync += came_from.eq(bank[p])
            word = add_mux(m, f"word_{p}", words, came_from, part_of(self.config))
            for n in (0, 1):
                # A word of zeros: the pad value is put over it at the output.
                with m.If((write == n) & arrived[p]):
                    m.d.sync += [slot[n].word[p].eq(word), padded[n][p].eq(0)]
                with m.If((write == n) & outside[p]):
                    m.d.sync += [slot[n].word[p].eq(0), padded[n][p].eq(1)]
        full = Signal(self.slots)
        with m.If(complete):
            m.d.sync += write.eq(~write)
        with m.If(pop):
            m.d.sync += read.eq(~read)
        for n in (0, 1):
            with m.If(complete & (write == n)):
                m.d.sync += [full[n].eq(1), slot[n].tap.eq(tap)]
            with m.Elif(pop & (read == n)):
                m.d.sync += full[n].eq(0)
        m.d.comb += [
            self.o.valid.eq(full.bit_select(read, 1)),
            self.o.payload.tap.eq(Mux(read, slot[1].tap, slot[0].tap)),
        ]
        for p in range(lanes):
            pad = Signal(self.config.act.bits, name=f"pad_{p}")
            m.d.comb += [
                pad.eq(Mux(Mux(read, padded[1][p], padded[0][p]), self.pad_value, 0)),
                self.o.payload.word[p].eq(
                    Mux(read, slot[1].word[p], slot[0].word[p])
                    | pad.replicate(self.config.channels)
                ),
            ]
        return m
