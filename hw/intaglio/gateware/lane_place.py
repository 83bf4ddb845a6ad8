"""Places of a tile's windows: image coordinates and word address of each lane."""

from __future__ import annotations

from dataclasses import dataclass

from amaranth import Const, Module, Mux, Signal, Value
from amaranth.lib import data
from amaranth.lib.wiring import In, Out

from intaglio.gateware.component import Component, fields_of
from intaglio.gateware.layout import command_fields, field_shape
from intaglio.gateware.words import act_address
from intaglio.spec.commands import COMPUTE
from intaglio.spec.config import ArrayConfig


@dataclass(frozen=True)
class Step:
    """What a step adds to column, row and word: within a row, and where column >= `edge`."""

    edge: Signal
    columns: Signal
    back: Signal
    rows: Signal
    next_rows: Signal
    jump: Signal
    next_jump: Signal


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
    next_tile, first_tile : In(1)
        Advance every lane by a tile, or put it back to its first window; only while `ready`.
    y, x, word : Out(P of each)
        Row, column and word address of the first tap of each lane's window.

    Golden: :class:`intaglio.spec.window.Window`.
    """

    def __init__(self, config: ArrayConfig) -> None:
        self.config = config
        lanes = config.pixels
        super().__init__(
            {
                "command": In(command_fields(COMPUTE, config)),
                "restart": In(1),
                "ready": Out(1),
                "next_tile": In(1),
                "first_tile": In(1),
                "y": Out(data.ArrayLayout(field_shape(config, "y0"), lanes)),
                "x": Out(data.ArrayLayout(field_shape(config, "x0"), lanes)),
                "word": Out(data.ArrayLayout(act_address(config), lanes)),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        command, lanes = self.command, self.config.pixels

        # A place: row, word address, and the column counted from the first window's.
        place = data.StructLayout(
            {
                "y": field_shape(self.config, "y0"),
                "column": field_shape(self.config, "wrap_x"),
                "word": act_address(self.config),
            }
        )
        lane = [fields_of(place, name=f"lane_{p}", reset_less=True) for p in range(lanes)]
        begin = [fields_of(place, name=f"begin_{p}", reset_less=True) for p in range(lanes)]
        walker = fields_of(place, reset_less=True)
        fill = Signal(range(lanes + 1))
        m.d.comb += self.ready.eq(fill == 0)
        window = self._step(m, "window", Const(0), command.stride_x, command.window_x)
        tile = self._step(m, "tile", command.tile_y, command.tile_x, command.tile_jump)

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
            self._advance(m, walker, walker, window)
            for p in range(lanes):
                following = begin[p + 1] if p + 1 < lanes else walker
                m.d.sync += [begin[p].eq(following), lane[p].eq(following)]
        with m.Elif(self.first_tile):
            m.d.sync += [lane[p].eq(begin[p]) for p in range(lanes)]
        with m.Elif(self.next_tile):
            for p in range(lanes):
                self._advance(m, lane[p], lane[p], tile)

        for p in range(lanes):
            m.d.comb += [
                self.y[p].eq(lane[p].y),
                self.x[p].eq(command.x0 + lane[p].column),
                self.word[p].eq(lane[p].word),
            ]
        return m

    def _step(self, m: Module, name: str, rows: Value, columns: Value, jump: Value) -> Step:
        """Return registers of what a step adds, and what it adds over the end of a row."""
        command = self.command
        values = {
            "edge": (command.wrap_x - columns, field_shape(self.config, "wrap_x")),
            "columns": (columns, field_shape(self.config, "wrap_x")),
            "back": (columns - command.wrap_x, field_shape(self.config, "wrap_x")),
            "rows": (rows, field_shape(self.config, "y0")),
            "next_rows": (rows + command.stride_y, field_shape(self.config, "y0")),
            "jump": (jump, act_address(self.config)),
            "next_jump": (jump + command.wrap_jump, act_address(self.config)),
        }
        step = {
            key: Signal(form, name=f"{name}_{key}", reset_less=True)
            for key, (_, form) in values.items()
        }
        m.d.sync += [step[key].eq(value) for key, (value, _) in values.items()]
        return Step(**step)

    def _advance(self, m: Module, to: data.View, place: data.View, step: Step) -> None:
        """Move `to` to `place` plus a step, over the end of a row at most once."""
        wraps = Signal()
        m.d.comb += wraps.eq(place.column >= step.edge)
        m.d.sync += [
            to.column.eq(place.column + Mux(wraps, step.back, step.columns)),
            to.y.eq(place.y + Mux(wraps, step.next_rows, step.rows)),
            to.word.eq(place.word + Mux(wraps, step.next_jump, step.jump)),
        ]
