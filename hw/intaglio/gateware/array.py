"""The multiply-accumulate array: words of a window in, accumulators out."""

from __future__ import annotations

from typing import Any

from amaranth import Cat, Const, Module, Mux, Signal
from amaranth.lib import data, stream
from amaranth.lib.wiring import In, Out

from intaglio.gateware.component import fields_of
from intaglio.gateware.cursor import CURSOR_FIELDS, StepCursor
from intaglio.gateware.layout import shape
from intaglio.gateware.operands import OperandSelect
from intaglio.gateware.pe import CONTROL_CYCLES, Row
from intaglio.gateware.shared import Holder, instance
from intaglio.gateware.words import accs_layout, words_layout
from intaglio.spec.commands import COMPUTE, WORDS
from intaglio.spec.config import ArrayConfig

_FIELD = {field.name: field.format for field in COMPUTE.fields}
ARRAY_FIELDS = (
    "accumulate",
    "hold",
    "weight_start",
    "weight_step",
    "weight_block",
    "group",
    *CURSOR_FIELDS,
)


class MacArray(Holder):
    """P rows of K processing elements of depth D, output-stationary.

    For each tile, acc[p][k] is the sum over requests, steps and d of operand d of element k
    (:class:`~intaglio.gateware.operands.OperandSelect`) times ``wgt[d*K + k]``; the n-th step of
    the tile reads weight word ``weight_start + block * weight_block + n * weight_step``. With
    `accumulate` a sum goes on from the accumulators as they are.

    Parameters
    ----------
    config : ArrayConfig
        Gives P, K, D, Q and the formats.

    Members
    -------
    i : In(stream of words)
        Taps of P windows; a request is taken when its last step is issued.
    depthwise : In(1)
        The operation is DEPTHWISE.
    accumulate, hold, weight_*, group, paired, channels, pair_* : In
        Fields of the COMPUTE command; still while words are in flight. With `hold` nothing is
        drained.
    clear : In(1)
        Begin a command: the next tile is the first of output block 0.
    weight_address : Out, weight_data : In(D * K weights)
        Weight memory; data one cycle after the address.
    o : Out(stream of Q accumulators, always ready)
        count * K / Q payloads a tile: windows in order, channels in order.
    stepping, blocked : Out(1)
        The array takes a step; it would, but the drain copy is not free.

    Timing
    ------
    One step a cycle. A tile's first accumulators leave `latency_cycles` after its last step is
    issued; the next tile computes meanwhile, and its last step waits until the drain copy is free.

    Golden: :mod:`intaglio.bench.pairs_array`, an int64 einsum.
    """

    # Operands are chosen while the weights are read and registered.
    control_cycles = OperandSelect.latency_cycles + CONTROL_CYCLES
    latency_cycles = control_cycles + 1  # the drain copy

    def __init__(self, config: ArrayConfig) -> None:
        self.config = config
        self.row = Row(config)
        self.select = OperandSelect(config)
        self.parts = (self.row, self.select)
        super().__init__(
            {
                "i": In(stream.Signature(words_layout(config))),
                "depthwise": In(1),
                **{name: In(shape(_FIELD[name])) for name in ARRAY_FIELDS},
                "clear": In(1),
                "weight_address": Out(shape(WORDS)),
                "weight_data": In(config.weight_bytes * 8),
                "o": Out(stream.Signature(accs_layout(config), always_ready=True)),
                "stepping": Out(1),
                "blocked": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        config = self.config
        tap = self.i.payload.tap
        m.submodules.cursor = cursor = StepCursor(config)
        last_step = Signal()
        ends_tile = Signal()
        m.d.comb += [
            last_step.eq(cursor.step + 1 == tap.steps),
            ends_tile.eq(last_step & tap.last),
            cursor.advance.eq(self.stepping),
            cursor.restart.eq(last_step),
            *(getattr(cursor, name).eq(getattr(self, name)) for name in CURSOR_FIELDS),
        ]

        # Drain book-keeping: payloads still in the chain, and a tile on its way to it.
        left = Signal(range(config.pixels * config.drain_steps + 1))
        coming = Signal()
        free = Signal()
        m.d.comb += [
            free.eq(~coming & (left <= self.latency_cycles)),
            self.stepping.eq(self.i.valid & (~ends_tile | self.hold | free)),
            self.blocked.eq(self.i.valid & ~self.stepping),
            self.i.ready.eq(self.stepping & last_step),
        ]

        # Weight address: one word a step, from the start of the block's panel for each tile.
        panel = Signal(shape(WORDS), reset_less=True)
        offset = Signal(shape(WORDS))
        m.d.comb += self.weight_address.eq(panel + offset)
        with m.If(self.stepping):
            m.d.sync += offset.eq(Mux(ends_tile, 0, offset + self.weight_step))
            with m.If(ends_tile & tap.end):
                m.d.sync += panel.eq(panel + self.weight_block)
        with m.If(self.clear):
            m.d.sync += [panel.eq(self.weight_start), offset.eq(0)]

        # Control bits follow their operands: chosen in two cycles, as the weights are read.
        flags = data.StructLayout(
            {"add": 1, "first": 1, "capture": 1, "count": range(config.pixels + 1)}
        )
        issue = fields_of(flags)
        m.d.comb += [
            issue.add.eq(self.stepping),
            issue.first.eq(tap.first & cursor.first & ~self.accumulate),
            issue.capture.eq(self.stepping & ends_tile & ~self.hold),
            issue.count.eq(tap.count),
        ]
        control = _delay(m, issue, self.control_cycles)
        weight = Signal.like(self.weight_data, reset_less=True)
        m.d.sync += weight.eq(self.weight_data)

        # Rows and their drain chain.
        shift = Signal()
        drained = config.requant_lanes * config.acc.bits
        chain = [Signal(drained, name=f"drain_{p}") for p in range(config.pixels)]
        for p in range(config.pixels):
            act = Signal(config.depth * config.channels * config.act.bits, name=f"act_{p}")
            taps = [self.i.payload.word[p * config.depth + d] for d in range(config.depth)]
            m.submodules[f"operands_{p}"] = instance(
                self.select,
                words=Cat(*taps),
                depthwise=self.depthwise,
                group=self.group,
                tap=cursor.tap,
                channel=cursor.channel,
                act=act,
            )
            m.submodules[f"row_{p}"] = instance(
                self.row,
                act=act,
                wgt=weight,
                add=control.add,
                first=control.first,
                capture=control.capture,
                shift=shift,
                drain_in=chain[p + 1] if p + 1 < config.pixels else Const(0, drained),
                drain=chain[p],
            )
        m.d.comb += [
            shift.eq(left != 0),
            self.o.valid.eq(shift),
            self.o.payload.as_value().eq(chain[0]),
        ]
        with m.If(issue.capture):
            m.d.sync += coming.eq(1)
        with m.If(control.capture):
            m.d.sync += [coming.eq(issue.capture), left.eq(control.count * config.drain_steps)]
        with m.Elif(shift):
            m.d.sync += left.eq(left - 1)
        return m


def _delay(m: Module, value: Any, cycles: int, *, reset_less: bool = False) -> Any:
    """Return `value` as it was `cycles` cycles ago."""
    for _ in range(cycles):
        later = Signal.like(value, reset_less=reset_less)
        m.d.sync += later.eq(value)
        value = later
    return value
