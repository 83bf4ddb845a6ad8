"""Places of a tile's windows: image coordinates and word address of each lane."""

from __future__ import annotations

from amaranth import Const, Module, Mux, Signal, Value
from amaranth.lib import data
from amaranth.lib.wiring import In, Out

from intaglio.gateware.component import Component, fields_of
from intaglio.gateware.layout import fields, shape
from intaglio.spec.commands import COMPUTE
from intaglio.spec.config import ArrayConfig

_FIELD = {field.name: field.format for field in COMPUTE.fields}


class LanePlaces(Component):
    """Keep, for each of P windows in a row, the place of its first tap.

    Windows are numbered row by row; lane p holds window ``tile * P + p``. A step is additions and
    one comparison: the command carries what P windows advance.

    Parameters
    ----------
    config : ArrayConfig
        Gives P.

    Members
    -------
    command : In(COMPUTE)
    restart : In(1)
        Begin at window 0; `ready` falls for P cycles.
    ready : Out(1)
    next_tile : In(1)
        Advance every lane by a tile; only while `ready`.
    y, x, word : Out(P of each)
        Row, column and word address of the first tap of each lane's window.

    Golden: :class:`intaglio.spec.window.Window`.
    """

    def __init__(self, config: ArrayConfig) -> None:
        self.config = config
        lanes = config.pixels
        super().__init__(
            {
                "command": In(fields(COMPUTE)),
                "restart": In(1),
                "ready": Out(1),
                "next_tile": In(1),
                "y": Out(data.ArrayLayout(shape(_FIELD["y0"]), lanes)),
                "x": Out(data.ArrayLayout(shape(_FIELD["x0"]), lanes)),
                "word": Out(data.ArrayLayout(shape(_FIELD["start"]), lanes)),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        command, lanes = self.command, self.config.pixels

        # A place: row, word address, and the column counted from the first window's.
        place = data.StructLayout(
            {
                "y": shape(_FIELD["y0"]),
                "column": shape(_FIELD["wrap_x"]),
                "word": shape(_FIELD["start"]),
            }
        )
        lane = [fields_of(place, name=f"lane_{p}", reset_less=True) for p in range(lanes)]
        walker = fields_of(place, reset_less=True)
        fill = Signal(range(lanes + 1))
        m.d.comb += self.ready.eq(fill == 0)

        with m.If(self.restart):
            m.d.sync += [
                walker.y.eq(command.y0),
                walker.column.eq(0),
                walker.word.eq(command.start),
                fill.eq(lanes),
            ]
        with m.Elif(fill != 0):
            # The walker visits the first P windows; each enters at the top and moves down.
            m.d.sync += fill.eq(fill - 1)
            self._advance(m, walker, walker, Const(0), command.stride_x, command.window_x)
            for p in range(lanes):
                m.d.sync += lane[p].eq(lane[p + 1] if p + 1 < lanes else walker)
        with m.Elif(self.next_tile):
            for p in range(lanes):
                self._advance(
                    m, lane[p], lane[p], command.tile_y, command.tile_x, command.tile_jump
                )

        for p in range(lanes):
            m.d.comb += [
                self.y[p].eq(lane[p].y),
                self.x[p].eq(command.x0 + lane[p].column),
                self.word[p].eq(lane[p].word),
            ]
        return m

    def _advance(
        self,
        m: Module,
        to: data.View,
        place: data.View,
        rows: Value,
        columns: Value,
        jump: Value,
    ) -> None:
        """Move `to` to `place` plus rows, columns and words, over the end of a row at most once."""
        command = self.command
        column = place.column + columns
        wraps = Signal()
        m.d.comb += wraps.eq(column >= command.wrap_x)
        m.d.sync += [
            to.column.eq(Mux(wraps, column - command.wrap_x, column)),
            to.y.eq(place.y + rows + Mux(wraps, command.stride_y, 0)),
            to.word.eq(place.word + jump + Mux(wraps, command.wrap_jump, 0)),
        ]
