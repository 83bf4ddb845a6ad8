"""On-chip addresses of a transfer, word by word."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from amaranth.hdl import Array, Module, Signal
from amaranth.lib import data, stream
from amaranth.lib.wiring import In, Out

from intaglio.gateware.component import Component
from intaglio.gateware.layout import command_fields, word_shape
from intaglio.spec.commands import LOAD
from intaglio.spec.config import ArrayConfig

PLAN_FIELDS = ("memory", "address", "address_stride", "row_beats", "rows")


def plan_layout(config: ArrayConfig) -> data.StructLayout:
    """Return the fields of a LOAD that say where its words go."""
    whole = command_fields(LOAD, config)
    return data.StructLayout({name: whole[name].shape for name in PLAN_FIELDS})


class Walk(Component):
    """Address of each word of a transfer: ``address + row * address_stride + word``.

    Parameters
    ----------
    config : ArrayConfig
        Widths of counts and addresses.
    beats : sequence of int
        Beats of a word of each memory; `row_beats` is a multiple of it.

    Members
    -------
    i : In(stream.Signature(plan_layout(config)))
        The fields of a LOAD record with these names.
    o : Out(stream.Signature({memory, address, beats, last}))
        Words; `beats` is the number of beats of a word - 1; withdrawn by `flush`.
    flush : In(1)
        Forget the rest; nothing is taken.

    Timing
    ------
    Latency 1 cycle; one word a cycle, one cycle without a word between two inputs.
    """

    def __init__(self, config: ArrayConfig, beats: Sequence[int]) -> None:
        self.config, self.beats = config, tuple(beats)
        plan = plan_layout(config)
        word = data.StructLayout(
            {
                "memory": plan["memory"].shape,
                "address": word_shape(config),
                "beats": range(max(2, *self.beats)),
                "last": 1,
            }
        )
        super().__init__(
            {
                "i": In(stream.Signature(plan)),
                "o": Out(stream.Signature(word)),
                "flush": In(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        plan: Any = Signal(plan_layout(self.config), reset_less=True)
        row_address = Signal.like(plan.address, reset_less=True)
        left = Signal.like(plan.row_beats, reset_less=True)
        step = Signal(range(max(self.beats) + 1), reset_less=True)
        busy = Signal()
        ends = Signal()
        last = Signal()
        steps = Array([*self.beats, *[1] * (2 ** len(plan.memory) - len(self.beats))])

        m.d.comb += [
            ends.eq(left <= step),
            last.eq(ends & (plan.rows == 1)),
            self.i.ready.eq(~busy & ~self.flush),
            self.o.valid.eq(busy),
            self.o.payload.memory.eq(plan.memory),
            self.o.payload.address.eq(plan.address),
            self.o.payload.beats.eq(step - 1),
            self.o.payload.last.eq(last),
        ]
        with m.If(self.i.valid & self.i.ready):
            m.d.sync += [
                plan.eq(self.i.payload),
                row_address.eq(self.i.payload.address + self.i.payload.address_stride),
                left.eq(self.i.payload.row_beats),
                step.eq(steps[self.i.payload.memory]),
                busy.eq(1),
            ]
        with m.If(self.o.valid & self.o.ready):
            m.d.sync += [
                plan.address.eq(plan.address + 1),
                left.eq(left - step),
            ]
            with m.If(ends):
                m.d.sync += [
                    plan.address.eq(row_address),
                    row_address.eq(row_address + plan.address_stride),
                    left.eq(plan.row_beats),
                    plan.rows.eq(plan.rows - 1),
                    busy.eq(~last),
                ]
        with m.If(self.flush):
            m.d.sync += busy.eq(0)
        return m
