"""Window generator: im2col as counting. Nothing is copied; padding is a comparison."""

from __future__ import annotations

from amaranth import Cat, Module, Mux, Signal
from amaranth.lib import stream
from amaranth.lib.wiring import In, Out

from intaglio.gateware.component import Component
from intaglio.gateware.layout import fields, shape
from intaglio.gateware.lane_place import LanePlaces
from intaglio.gateware.words import request_layout
from intaglio.spec.commands import COMPUTE, WORDS, Operation
from intaglio.spec.config import ArrayConfig

_FIELD = {field.name: field.format for field in COMPUTE.fields}


class WindowGenerator(Component):
    """Emit the taps of every tile of a COMPUTE command.

    For each output block, each tile of P windows (one window for MAX and ADD), each tap row, tap
    column and input block, in that order: the word addresses of the tile's windows and whether
    each is inside the image, as :class:`intaglio.spec.window.Window` defines them.

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

    Timing
    ------
    P + 2 cycles before the first request of an output block, then one a cycle.

    Golden: the two formulas of :class:`intaglio.spec.window.Window`.
    """

    def __init__(self, config: ArrayConfig) -> None:
        self.config = config
        super().__init__(
            {
                "command": In(fields(COMPUTE)),
                "start": In(1),
                "busy": Out(1),
                "o": Out(stream.Signature(request_layout(config))),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        config, command = self.config, self.command
        m.submodules.places = places = LanePlaces(config)

        local = command.operation != Operation.CONV
        on_array = (command.operation == Operation.CONV) | (
            command.operation == Operation.DEPTHWISE
        )
        tile = Mux(on_array, config.pixels, 1)

        # Loop counters, innermost first; each is at its last value or steps.
        block, column, row = (
            Signal(shape(_FIELD[name]), name=name) for name in ("in_blocks", "kernel_w", "kernel_h")
        )
        left = Signal(shape(_FIELD["pixels"]))
        out_block = Signal(shape(_FIELD["out_blocks"]))
        last_block, last_column, last_row, last_tile, last_out = (
            Signal(name=f"last_{name}") for name in ("block", "column", "row", "tile", "out")
        )
        last_tap = last_block & last_column & last_row
        m.d.comb += [
            last_block.eq(block + 1 == command.in_blocks),
            last_column.eq(column + 1 == command.kernel_w),
            last_row.eq(row + 1 == command.kernel_h),
            last_tile.eq(left <= tile),
            last_out.eq(out_block + 1 == command.out_blocks),
        ]

        # What the tap adds to a lane's place: image coordinates and words.
        tap_y = Signal(shape(_FIELD["in_h"]))
        tap_x = Signal(shape(_FIELD["in_w"]))
        jump_row, jump_column, jump = (
            Signal(shape(_FIELD["tap_x"]), name=name)
            for name in ("jump_row", "jump_column", "jump")
        )
        base = Signal(shape(WORDS))  # of the output block, for the local operations

        take = Signal()
        request = Signal(request_layout(config))
        m.d.comb += [
            request.tap.first.eq((block == 0) & (column == 0) & (row == 0)),
            request.tap.last.eq(last_tap),
            request.tap.end.eq(last_tile),
            request.tap.steps.eq(Mux(last_block, command.last_steps, command.steps)),
            request.tap.count.eq(Mux(last_tile, left, tile)),
        ]
        for p in range(config.pixels):
            y, x = Signal(shape(_FIELD["y0"])), Signal(shape(_FIELD["x0"]))
            m.d.comb += [
                y.eq(places.y[p] + tap_y),
                x.eq(places.x[p] + tap_x),
                request.address[p].eq(places.word[p] + jump + base),
                request.inside[p].eq(
                    (p < request.tap.count)
                    & (y >= 0)
                    & (y < command.in_h)
                    & (x >= 0)
                    & (x < command.in_w)
                ),
            ]

        # One register between the adders and the banks.
        room = ~self.o.valid | self.o.ready
        with m.If(room):
            m.d.sync += [self.o.valid.eq(take), self.o.payload.eq(request)]

        m.d.comb += [
            places.command.eq(command),
            places.next_tile.eq(take & last_tap),
        ]
        with m.FSM():
            with m.State("IDLE"):
                m.d.sync += [out_block.eq(0), base.eq(0)]
                with m.If(self.start):
                    m.next = "PLACE"
            with m.State("PLACE"):
                m.d.comb += [self.busy.eq(1), places.restart.eq(1)]
                m.d.sync += [
                    Cat(block, column, row, tap_y, tap_x).eq(0),
                    Cat(jump_row, jump_column, jump).eq(0),
                    left.eq(command.pixels),
                ]
                m.next = "FILL"
            with m.State("FILL"):
                m.d.comb += self.busy.eq(1)
                with m.If(places.ready):
                    m.next = "TAPS"
            with m.State("TAPS"):
                m.d.comb += [self.busy.eq(1), take.eq(room)]
                with m.If(room):
                    self._next_tap(
                        m,
                        block,
                        last_block,
                        column,
                        last_column,
                        row,
                        last_row,
                        tap_y,
                        tap_x,
                        jump_row,
                        jump_column,
                        jump,
                    )
                    with m.If(last_tap):
                        m.d.sync += left.eq(left - tile)
                        with m.If(last_tile):
                            m.d.sync += out_block.eq(out_block + 1)
                            with m.If(local):
                                m.d.sync += base.eq(base + command.in_block)
                            with m.If(last_out):
                                m.next = "DRAIN"
                            with m.Else():
                                m.next = "PLACE"
            with m.State("DRAIN"):
                m.d.comb += self.busy.eq(1)
                with m.If(self.o.valid & self.o.ready):
                    m.next = "IDLE"
        return m

    def _next_tap(
        self,
        m: Module,
        block: Signal,
        last_block: Signal,
        column: Signal,
        last_column: Signal,
        row: Signal,
        last_row: Signal,
        tap_y: Signal,
        tap_x: Signal,
        jump_row: Signal,
        jump_column: Signal,
        jump: Signal,
    ) -> None:
        """Step the three tap loops and the offsets that belong to them."""
        command = self.command
        with m.If(~last_block):
            m.d.sync += [block.eq(block + 1), jump.eq(jump + command.in_block)]
        with m.Elif(~last_column):
            at = jump_column + command.tap_x
            m.d.sync += [
                block.eq(0),
                column.eq(column + 1),
                tap_x.eq(tap_x + command.dilation_x),
                jump_column.eq(at),
                jump.eq(at),
            ]
        with m.Elif(~last_row):
            at = jump_row + command.tap_y
            m.d.sync += [
                Cat(block, column, tap_x).eq(0),
                row.eq(row + 1),
                tap_y.eq(tap_y + command.dilation_y),
                jump_row.eq(at),
                jump_column.eq(at),
                jump.eq(at),
            ]
        with m.Else():
            m.d.sync += [
                Cat(block, column, row, tap_y, tap_x).eq(0),
                Cat(jump_row, jump_column, jump).eq(0),
            ]
