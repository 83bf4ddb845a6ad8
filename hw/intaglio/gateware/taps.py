"""Taps of a window: three nested loops and the offsets that belong to them."""

from __future__ import annotations

from amaranth import Cat, Module, Mux, Signal
from amaranth.lib import data
from amaranth.lib.wiring import In, Member, Out

from intaglio.gateware.component import Component
from intaglio.gateware.layout import command_fields, field_shape, layout
from intaglio.gateware.words import act_address
from intaglio.spec.commands import COMPUTE, TAP
from intaglio.spec.config import ArrayConfig


def list_ports(config: ArrayConfig) -> dict[str, Member]:
    """Return the read side of the list of taps, where there is one."""
    if not config.tap_list:
        return {}
    return {
        "list_address": Out(field_shape(config, "list_start")),
        "list_data": In(config.depth * TAP.bits),
    }


class TapLoop(Component):
    """Step through tap rows, tap columns and input blocks, the blocks innermost.

    A wide request takes D neighbouring columns of taps at once, as far as the row goes.

    Parameters
    ----------
    config : ArrayConfig
        Gives D.

    Members
    -------
    command : In(COMPUTE)
    wide : In(1)
        D columns a step, not one.
    advance : In(1)
        To the next request; after the last one, to the first.
    first, last, last_block, last_column : Out(1)
        Of all requests; of this tap's blocks; of this row's columns.
    present : Out(D)
        Which of the columns there are.
    y, x : Out
        Rows and columns from the first tap to the first one of this request.
    jump : Out
        Words from the first tap, block 0, to the first one of this request.

    list_address, list_data, listed
        With lists of taps: read side of their memory; Out(D of TAP): the taps of this request, of
        a listed command.

    Timing
    ------
    A tap a cycle. A list's first taps are there 2 cycles after the command is.

    Golden: three nested loops.
    """

    def __init__(self, config: ArrayConfig) -> None:
        self.config = config
        ports = list_ports(config)
        if ports:
            ports["listed"] = Out(data.ArrayLayout(layout(TAP), config.depth))
        super().__init__(
            {
                **ports,
                "command": In(command_fields(COMPUTE, config)),
                "wide": In(1),
                "advance": In(1),
                "first": Out(1),
                "last": Out(1),
                "last_block": Out(1),
                "last_column": Out(1),
                "present": Out(config.depth),
                "y": Out(field_shape(config, "in_h")),
                "x": Out(field_shape(config, "in_w")),
                "jump": Out(act_address(config)),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        command = self.command
        block, column, row = (
            Signal(field_shape(self.config, name), name=name)
            for name in ("in_blocks", "kernel_w", "kernel_h")
        )
        depth = self.config.depth
        columns = Mux(self.wide, depth, 1)
        last_column, last_row = self.last_column, Signal()
        m.d.comb += [
            self.last_block.eq(block + 1 == command.in_blocks),
            last_column.eq(column + columns >= command.kernel_w),
            *(
                self.present[d].eq((self.wide | (d == 0)) & (column + d < command.kernel_w))
                for d in range(depth)
            ),
            last_row.eq(row + 1 == command.kernel_h),
            self.first.eq((block == 0) & (column == 0) & (row == 0)),
            self.last.eq(self.last_block & last_column & last_row),
        ]
        if self.config.tap_list:
            # The word of the next request is read a cycle ahead.
            word, after = Signal.like(command.list_start), Signal.like(command.list_start)
            m.d.comb += after.eq(Mux(self.advance, Mux(self.last, 0, word + 1), word))
            m.d.sync += word.eq(after)
            m.d.comb += [
                self.list_address.eq(command.list_start + after),
                self.listed.eq(self.list_data),
            ]

        # Words to the first block of this tap, and to the first tap of this row.
        tap_jump, row_jump = Signal.like(self.jump), Signal.like(self.jump)
        next_column, next_row = Signal.like(self.jump), Signal.like(self.jump)
        m.d.comb += [
            next_column.eq(tap_jump + Mux(self.wide, depth * command.tap_x, command.tap_x)),
            next_row.eq(row_jump + command.tap_y),
        ]
        with m.If(self.advance):
            with m.If(~self.last_block):
                m.d.sync += [block.eq(block + 1), self.jump.eq(self.jump + command.in_block)]
            with m.Elif(~last_column):
                m.d.sync += [
                    block.eq(0),
                    column.eq(column + columns),
                    self.x.eq(
                        self.x + Mux(self.wide, depth * command.dilation_x, command.dilation_x)
                    ),
                    Cat(tap_jump, self.jump).eq(next_column.replicate(2)),
                ]
            with m.Elif(~last_row):
                m.d.sync += [
                    Cat(block, column, self.x).eq(0),
                    row.eq(row + 1),
                    self.y.eq(self.y + command.dilation_y),
                    Cat(row_jump, tap_jump, self.jump).eq(next_row.replicate(3)),
                ]
            with m.Else():
                m.d.sync += [
                    Cat(block, column, row, self.y, self.x).eq(0),
                    Cat(row_jump, tap_jump, self.jump).eq(0),
                ]
        return m
