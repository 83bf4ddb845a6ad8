"""Window generator: im2col as counting. Nothing is copied; padding is a comparison."""

from __future__ import annotations

from typing import Any

from amaranth import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib import stream
from amaranth.lib.wiring import In, Out

from intaglio.gateware.component import Component, fields_of
from intaglio.gateware.lane_place import LanePlaces
from intaglio.gateware.layout import command_fields, field_shape
from intaglio.gateware.taps import TapLoop, list_ports
from intaglio.gateware.words import act_address, request_layout
from intaglio.spec.commands import COMPUTE, Operation
from intaglio.spec.config import ArrayConfig
from intaglio.spec.lane import Precision


class WindowGenerator(Component):
    """Emit the taps of every tile of a COMPUTE command.

    For each output block, each tile of P windows (one window for MAX and ADD), each tap row, tap
    column and input block, in that order: the word addresses of the tile's windows and whether
    each is inside the image, as :class:`intaglio.spec.window.Window` defines them. A request holds
    D neighbouring taps of a row, but for CONV that is not paired, where it holds one.

    Parameters
    ----------
    config : ArrayConfig
        Gives P.

    Members
    -------
    command : In(COMPUTE)
        Still from `start` until `busy` falls.
    start : In(1)
        Begin; only while not busy.
    busy : Out(1)
    o : Out(stream of requests)
    list_address, list_data
        With lists of taps: read side of their memory.

    Timing
    ------
    P + 2 cycles before the first request of a command, then one a cycle.

    Golden: the two formulas of :class:`intaglio.spec.window.Window`.
    """

    def __init__(self, config: ArrayConfig) -> None:
        self.config = config
        super().__init__(
            {
                "command": In(command_fields(COMPUTE, config)),
                "start": In(1),
                "busy": Out(1),
                "o": Out(stream.Signature(request_layout(config))),
                **list_ports(config),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        config, command = self.config, self.command
        m.submodules.places = places = LanePlaces(config)
        m.submodules.taps = taps = TapLoop(config)

        convolves = command.operation == Operation.CONV
        local = ~convolves | command.local
        request = fields_of(request_layout(config))
        # Words of 4 bits hold two blocks: channels that are kept apart come from each half in turn.
        on_array = (command.operation == Operation.CONV) | (
            command.operation == Operation.DEPTHWISE
        )
        tile = Mux(on_array, config.pixels, 1)

        # Outer loops: windows left in the output block, and the block.
        left = Signal(field_shape(config, "pixels"))
        out_block = Signal(field_shape(config, "out_blocks"))
        base = Signal(act_address(config))  # of the output block, for the local operations
        narrow = self._narrow(m, request, out_block)
        last_tile, last_out = Signal(), Signal()
        m.d.comb += [
            last_tile.eq(left <= tile),
            last_out.eq(out_block + 1 == command.out_blocks),
        ]

        # A request: the places of the lanes, each moved by the tap.
        take = Signal()
        m.d.comb += [
            request.tap.first.eq(taps.first),
            request.tap.last.eq(taps.last),
            request.tap.end.eq(last_tile),
            request.tap.steps.eq(
                Mux(
                    Mux(command.paired, taps.last_column, taps.last_block),
                    command.last_steps,
                    command.steps,
                )
            ),
            request.tap.count.eq(Mux(last_tile, left, tile)),
        ]
        self._lanes(m, request, places, taps, base)
        if config.tap_list:
            m.d.comb += self.list_address.eq(taps.list_address)
            m.d.comb += taps.list_data.eq(self.list_data)

        # One register between the adders and the banks.
        room = ~self.o.valid | self.o.ready
        with m.If(room):
            m.d.sync += [self.o.valid.eq(take), self.o.payload.eq(request)]

        m.d.comb += [
            Cat(places.command, taps.command).eq(Cat(command, command)),
            places.next_tile.eq(take & taps.last & ~last_tile),
            places.first_tile.eq(take & taps.last & last_tile),
            taps.wide.eq(~convolves | command.paired),
            taps.advance.eq(take),
        ]
        with m.FSM() as fsm:
            m.d.comb += self.busy.eq(~fsm.ongoing("IDLE"))
            with m.State("IDLE"):
                m.d.sync += [out_block.eq(0), base.eq(0)]
                with m.If(self.start):
                    m.next = "PLACE"
            with m.State("PLACE"):
                m.d.comb += places.restart.eq(1)
                m.d.sync += left.eq(command.pixels)
                m.next = "FILL"
            with m.State("FILL"), m.If(places.ready):
                m.next = "TAPS"
            with m.State("TAPS"):
                m.d.comb += take.eq(room)
                with m.If(take & taps.last):
                    m.d.sync += left.eq(Mux(last_tile, command.pixels, left - tile))
                    with m.If(last_tile):
                        m.d.sync += out_block.eq(out_block + 1)
                        with m.If(local & (~narrow | out_block[0])):
                            m.d.sync += base.eq(base + command.in_block)
                        with m.If(last_out):
                            m.next = "DRAIN"
            with m.State("DRAIN"), m.If(self.o.valid & self.o.ready):
                m.next = "IDLE"
        return m

    def _narrow(self, m: Module, request: Any, out_block: Signal) -> Value:
        """Name the half that an output block reads, and return whether there are halves."""
        if 4 not in self.config.lanes.widths:
            return Const(0)
        m.d.comb += request.tap.high.eq(out_block[0])
        return self.command.precision == Precision.BITS4

    def _lanes(self, m: Module, request: Any, places: Any, taps: Any, base: Signal) -> None:
        """Add what each tap of the request adds to the place of each window."""
        config, command = self.config, self.command
        for d in range(config.depth):
            # What tap d of the request adds to the place of a window.
            tap_x, jump = (
                Signal(field_shape(config, "x0"), name=f"tap_x_{d}"),
                Signal(act_address(config), name=f"jump_{d}"),
            )
            m.d.comb += [
                tap_x.eq(taps.x + d * command.dilation_x),
                jump.eq(taps.jump + d * command.tap_x + base),
            ]
            tap_y = taps.y
            if config.tap_list:
                tap, tap_y = taps.listed[d], Signal.like(taps.y, name=f"tap_y_{d}")
                m.d.comb += tap_y.eq(Mux(command.listed, tap.y, taps.y))
                with m.If(command.listed):
                    m.d.comb += [tap_x.eq(tap.x), jump.eq(tap.jump + base)]
            for p in range(config.pixels):
                y = Signal(field_shape(config, "y0"), name=f"y_{p}_{d}")
                x = Signal(field_shape(config, "x0"), name=f"x_{p}_{d}")
                rows_fit = (y >= 0) & (y < command.in_h)
                columns_fit = (x >= 0) & (x < command.in_w)
                lane = p * config.depth + d
                m.d.comb += [
                    y.eq(places.y[p] + tap_y),
                    x.eq(places.x[p] + tap_x),
                    request.address[lane].eq(places.word[p] + jump),
                    request.inside[lane].eq(
                        (p < request.tap.count) & taps.present[d] & rows_fit & columns_fit
                    ),
                ]
