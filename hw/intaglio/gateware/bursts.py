"""From rows in memory to AXI bursts."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Cat, Const, Module, Mux, Shape, Signal
from amaranth.lib import data, stream
from amaranth.lib.wiring import In, Out

from intaglio.gateware.axi import LENGTH_BITS
from intaglio.gateware.component import Component
from intaglio.gateware.layout import shape
from intaglio.spec.commands import ADDRESS, COUNT, WORDS
from intaglio.spec.config import ArrayConfig
from intaglio.spec.widths import byte_address, longest_burst

ROWS = data.StructLayout(
    {
        "address": shape(ADDRESS),
        "row_beats": shape(WORDS),
        "rows": shape(COUNT),
        "row_stride": shape(ADDRESS),
    }
)
REGIONS = 4
BASES = data.ArrayLayout(shape(ADDRESS), REGIONS)  # byte address of each region
BURST = data.StructLayout({"addr": shape(ADDRESS), "len": LENGTH_BITS, "last": 1})


def bases_layout(config: ArrayConfig) -> data.ArrayLayout:
    """Return the byte address of each region, as wide as the bus."""
    return data.ArrayLayout(shape(byte_address(config)), REGIONS)


class Bursts(Component):
    """Cut `rows` rows of `row_beats` beats, `row_stride` bytes apart, into bursts.

    A burst ends at its row's end or at a multiple of `limit` beats of the address, whichever comes
    first: so it is at most `limit` beats long and never crosses a 4 KiB boundary.

    Parameters
    ----------
    config : ArrayConfig
        `limit` = min(burst_beats, 4096 / K).

    Members
    -------
    i : In(stream.Signature(ROWS))
        Address in bytes, a multiple of K; both counts 1 or more.
    o : Out(stream.Signature(BURST))
        Bursts: address, beats - 1, and whether it is the last of these rows; withdrawn by `flush`.
    flush : In(1)
        Forget the rest; nothing is taken.
    busy : Out(1)
        Bursts are still to come, or to be taken.

    Timing
    ------
    Latency 2 cycles; one burst a cycle, one cycle without a burst between two inputs. Bursts leave
    from a register: who takes them does not wait for their arithmetic.
    """

    def __init__(self, config: ArrayConfig) -> None:
        self.bus_bytes = config.bus_bytes
        self.limit = longest_burst(config)
        super().__init__(
            {
                "i": In(stream.Signature(ROWS)),
                "o": Out(stream.Signature(BURST)),
                "flush": In(1),
                "busy": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        rows: Any = Signal(ROWS, reset_less=True)
        row_address = Signal.like(rows.row_stride, reset_less=True)
        left = Signal.like(rows.row_beats, reset_less=True)
        address = rows.address

        # Beats from here to the next multiple of `limit`, and whether the row ends before.
        low = (self.bus_bytes - 1).bit_length()
        high = low + (self.limit - 1).bit_length()
        room = Signal(range(self.limit + 1))
        ends = Signal()
        last = Signal()
        cutting = Signal()
        step = Signal()
        burst: Any = Signal(BURST, reset_less=True)
        m.d.comb += [
            room.eq(self.limit - address[low:high]),
            ends.eq(left <= room),
            last.eq(ends & (rows.rows == 1)),
            step.eq(cutting & (~self.o.valid | self.o.ready)),
            self.i.ready.eq(~cutting & ~self.flush),
            self.o.payload.eq(burst),
            self.busy.eq(cutting | self.o.valid),
        ]
        with m.If(~self.o.valid | self.o.ready):
            m.d.sync += [
                self.o.valid.eq(cutting),
                burst.addr.eq(address),
                burst.len.eq(Mux(ends, left, room) - 1),
                burst.last.eq(last),
            ]

        with m.If(self.i.valid & self.i.ready):
            m.d.sync += [
                rows.eq(self.i.payload),
                row_address.eq(self.i.payload.address + self.i.payload.row_stride),
                left.eq(self.i.payload.row_beats),
                cutting.eq(1),
            ]
        with m.If(step):
            # A burst that does not end its row ends at a multiple of `limit`.
            block = address[high:] + 1
            m.d.sync += [
                address.eq(Cat(Const(0, Shape(high)), block[: len(address) - high])),
                left.eq(left - room),
            ]
            with m.If(ends):
                m.d.sync += [
                    address.eq(row_address),
                    row_address.eq(row_address + rows.row_stride),
                    left.eq(rows.row_beats),
                    rows.rows.eq(rows.rows - 1),
                    cutting.eq(~last),
                ]
        with m.If(self.flush):
            m.d.sync += [cutting.eq(0), self.o.valid.eq(0)]
        return m
