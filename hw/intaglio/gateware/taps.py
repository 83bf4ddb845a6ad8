"""Taps of a window: three nested loops and the offsets that belong to them."""

from __future__ import annotations

from amaranth import Cat, Module, Signal
from amaranth.lib.wiring import In, Out

from intaglio.gateware.component import Component
from intaglio.gateware.layout import fields, shape
from intaglio.spec.commands import COMPUTE

_FIELD = {field.name: field.format for field in COMPUTE.fields}


class TapLoop(Component):
    """Step through tap rows, tap columns and input blocks, the blocks innermost.

    Members
    -------
    command : In(COMPUTE)
    advance : In(1)
        To the next tap; after the last one, to the first.
    first, last, last_block : Out(1)
        Of all taps; of this tap's blocks.
    y, x : Out
        Rows and columns from the first tap to this one.
    jump : Out
        Words from the first tap, block 0, to this one.

    Timing
    ------
    A tap a cycle.

    Golden: three nested loops.
    """

    def __init__(self) -> None:
        super().__init__(
            {
                "command": In(fields(COMPUTE)),
                "advance": In(1),
                "first": Out(1),
                "last": Out(1),
                "last_block": Out(1),
                "y": Out(shape(_FIELD["in_h"])),
                "x": Out(shape(_FIELD["in_w"])),
                "jump": Out(shape(_FIELD["tap_x"])),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        command = self.command
        block, column, row = (
            Signal(shape(_FIELD[name]), name=name) for name in ("in_blocks", "kernel_w", "kernel_h")
        )
        last_column, last_row = Signal(), Signal()
        m.d.comb += [
            self.last_block.eq(block + 1 == command.in_blocks),
            last_column.eq(column + 1 == command.kernel_w),
            last_row.eq(row + 1 == command.kernel_h),
            self.first.eq((block == 0) & (column == 0) & (row == 0)),
            self.last.eq(self.last_block & last_column & last_row),
        ]
        # Words to the first block of this tap, and to the first tap of this row.
        tap_jump, row_jump = Signal.like(self.jump), Signal.like(self.jump)
        next_column, next_row = Signal.like(self.jump), Signal.like(self.jump)
        m.d.comb += [
            next_column.eq(tap_jump + command.tap_x),
            next_row.eq(row_jump + command.tap_y),
        ]
        with m.If(self.advance):
            with m.If(~self.last_block):
                m.d.sync += [block.eq(block + 1), self.jump.eq(self.jump + command.in_block)]
            with m.Elif(~last_column):
                m.d.sync += [
                    block.eq(0),
                    column.eq(column + 1),
                    self.x.eq(self.x + command.dilation_x),
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
