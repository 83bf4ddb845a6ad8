"""The multiply-accumulate array: words of a window in, accumulators out."""

from __future__ import annotations

from typing import Any

from amaranth import Cat, Const, Module, Mux, Signal
from amaranth.lib import data, stream
from amaranth.lib.wiring import In, Out

from intaglio.gateware.component import fields_of
from intaglio.gateware.cursor import CURSOR_FIELDS, StepCursor
from intaglio.gateware.group_scale import ScaleWords
from intaglio.gateware.lane_product import operand_bits
from intaglio.gateware.layout import field_shape, word_shape
from intaglio.gateware.operands import OperandSelect
from intaglio.gateware.pe import CONTROL_CYCLES, Row
from intaglio.gateware.shared import Holder, instance
from intaglio.gateware.words import accs_layout, words_layout
from intaglio.spec.config import ArrayConfig
from intaglio.spec.lane import Precision

ARRAY_FIELDS = (
    "accumulate",
    "hold",
    "weight_start",
    "weight_step",
    "weight_block",
    "group",
    "spread",
    "spread_channel",
    "precision",
    *CURSOR_FIELDS,
)


class MacArray(Holder):
    """P rows of K processing elements of depth D, output-stationary.

    For each tile, acc[p][k] is the sum over requests, steps and operands of element k
    (:class:`~intaglio.gateware.operands.OperandSelect`) times its weights; the n-th step of the
    tile reads weight word ``weight_start + block * weight_block + n * weight_step``. With
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
    accumulate, hold, weight_*, group, spread*, precision, paired, channels, pair_* : In
        Fields of the COMPUTE command; still while words are in flight. With `hold` nothing is
        drained.
    clear : In(1)
        Begin a command: the next tile is the first of output block 0.
    slow : In(1)
        With activations of 16 bits: drain every other cycle. Still while words are in flight.
    weight_address : Out, weight_data : In(word of weights)
        Weight memory; data one cycle after the address.
    o : Out(stream of Q accumulators, always ready)
        count * K / Q payloads a tile: windows in order, channels in order. Of a command with
        scaled groups, as many for each group.
    scaled : In(1)
        With scales of groups: field of COMPUTE.
    scale, again, more, last : Out
        The same: see :class:`~intaglio.gateware.group_scale.ScaleAccumulators`.
    stepping : Out(1)
        The array takes a step.

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
                **{name: In(field_shape(config, name)) for name in ARRAY_FIELDS},
                "clear": In(1),
                **({"slow": In(1)} if 16 in config.lanes.widths else {}),
                **(scale_members(config) if config.group_scale == "integer" else {}),
                "weight_address": Out(word_shape(config)),
                "weight_data": In(config.lanes.word_bits),
                "o": Out(stream.Signature(accs_layout(config), always_ready=True)),
                "stepping": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        config = self.config
        tap = self.i.payload.tap
        m.submodules.cursor = cursor = StepCursor(config)
        last_step = Signal()
        ends_tile = Signal()
        begins, ends = Signal(), Signal()  # of a group: by itself, the whole tile is one
        m.d.comb += [
            last_step.eq(cursor.step + 1 == tap.steps),
            ends_tile.eq(last_step & tap.last),
            cursor.advance.eq(self.stepping),
            cursor.restart.eq(last_step),
            *(getattr(cursor, name).eq(getattr(self, name)) for name in CURSOR_FIELDS),
        ]

        # Drain book-keeping: cycles for what is still in the chain, and a tile on its way to it.
        slow = self.slow if 16 in config.lanes.widths else Const(0)
        left = Signal(range(2 * config.pixels * config.drain_steps + 1))
        coming = Signal()
        free = Signal()
        m.d.comb += [
            free.eq(~coming & (left <= self.latency_cycles)),
            self.stepping.eq(self.i.valid & (~ends | self.hold | free)),
            self.i.ready.eq(self.stepping & last_step),
        ]

        # Groups with scales: counted in steps from the start of the tile.
        begins_tile = tap.first & cursor.first
        m.d.comb += [begins.eq(begins_tile), ends.eq(ends_tile)]
        if config.group_scale == "integer":
            self._groups(m, begins, ends)

        self._weight_address(m, ends_tile)

        # Control bits follow their operands: chosen in two cycles, as the weights are read.
        flags = data.StructLayout(
            {"add": 1, "first": 1, "capture": 1, "more": 1, "count": range(config.pixels + 1)}
        )
        issue = fields_of(flags)
        m.d.comb += [
            issue.add.eq(self.stepping),
            issue.first.eq(begins & ~self.accumulate),
            issue.capture.eq(self.stepping & ends & ~self.hold),
            issue.more.eq(~ends_tile),
            issue.count.eq(tap.count),
        ]
        control = _delay(m, issue, self.control_cycles)
        used = config.channels * config.lanes.lane_bits
        weight = Signal(used, reset_less=True)
        m.d.sync += weight.eq(self.weight_data[:used])
        lane = config.lanes
        amount = {"amount": self.weight_data[used:]} if lane.amount_bits else {}

        # Channels of 4 bits that are kept apart come as bytes.
        width = Signal(Precision)
        apart = self.depthwise & (self.precision == Precision.BITS4)
        m.d.comb += width.eq(Mux(apart, Precision.BITS8, self.precision))

        # Rows and their drain chain.
        shift = Signal()
        drained = config.requant_lanes * config.acc.bits
        chain = [Signal(drained, name=f"drain_{p}") for p in range(config.pixels)]
        for p in range(config.pixels):
            act = Signal(config.channels * operand_bits(config), name=f"act_{p}")
            taps = [self.i.payload.word[p * config.depth + d] for d in range(config.depth)]
            m.submodules[f"operands_{p}"] = instance(
                self.select,
                words=Cat(*taps),
                depthwise=self.depthwise,
                group=self.group,
                spread=self.spread,
                spread_channel=self.spread_channel,
                **({"precision": self.precision} if 16 in lane.widths else {}),
                **amount,
                tap=cursor.tap,
                channel=cursor.channel,
                act=act,
            )
            m.submodules[f"row_{p}"] = instance(
                self.row,
                act=act,
                wgt=weight,
                **({"precision": width} if lane.switched else {}),
                add=control.add,
                first=control.first,
                capture=control.capture,
                shift=shift,
                drain_in=chain[p + 1] if p + 1 < config.pixels else Const(0, drained),
                drain=chain[p],
            )
        m.d.comb += [
            shift.eq((left != 0) & ~(slow & left[0])),
            self.o.valid.eq(shift),
            self.o.payload.as_value().eq(chain[0]),
        ]
        if config.group_scale == "integer":
            self._scales(m, issue, control, shift, left)
        with m.If(issue.capture):
            m.d.sync += coming.eq(1)
        with m.If(control.capture):
            cycles = control.count * config.drain_steps
            m.d.sync += [coming.eq(issue.capture), left.eq(Mux(slow, cycles << 1, cycles))]
        with m.Elif(left != 0):
            m.d.sync += left.eq(left - 1)
        return m

    def _weight_address(self, m: Module, ends_tile: Signal) -> None:
        """Count one word a step, from the start of the block's panel for each tile."""
        panel = Signal(word_shape(self.config), reset_less=True)
        offset = Signal(word_shape(self.config))
        m.d.comb += self.weight_address.eq(panel + offset)
        with m.If(self.stepping):
            m.d.sync += offset.eq(Mux(ends_tile, 0, offset + self.weight_step))
            with m.If(ends_tile & self.i.payload.tap.end):
                m.d.sync += panel.eq(panel + self.weight_block)
        with m.If(self.clear):
            m.d.sync += [panel.eq(self.weight_start), offset.eq(0)]

    def _groups(self, m: Module, begins: Signal, ends: Signal) -> None:
        """Make each group of a scaled command begin and end by itself."""
        steps = self.config.lanes.group_steps
        place = Signal(range(max(steps, 2)))
        last = place == steps - 1
        with m.If(self.scaled):
            m.d.comb += [begins.eq(place == 0), ends.eq(last)]
        with m.If(self.stepping):
            m.d.sync += place.eq(Mux(last, 0, place + 1))
        with m.If(self.clear):
            m.d.sync += place.eq(0)

    def _scales(self, m: Module, issue: Any, control: Any, shift: Signal, left: Signal) -> None:
        """Collect the scales of a group, and name the group that drains."""
        config = self.config
        m.submodules.words = words = ScaleWords(config)
        arrived = _delay(m, issue, 1)  # the word is at the memory's output
        whole = _delay(m, arrived, 1)
        m.d.comb += [
            words.side.eq(self.weight_data[config.channels * config.lanes.lane_bits :]),
            words.valid.eq(arrived.add),
            words.complete.eq(whole.capture),
            words.capture.eq(control.capture),
            words.shift.eq(shift),
            self.scale.eq(words.scale),
            self.last.eq(left == 1),
        ]
        with m.If(control.capture):
            m.d.sync += [self.more.eq(control.more), self.again.eq(self.more)]


def scale_members(config: ArrayConfig) -> dict[str, Any]:
    """Return the members of an array that has scales of groups."""
    return {
        "scaled": In(1),
        "scale": Out(config.requant_lanes * config.lanes.scale_bits),
        "again": Out(1),
        "more": Out(1),
        "last": Out(1),
    }


def _delay(m: Module, value: Any, cycles: int, *, reset_less: bool = False) -> Any:
    """Return `value` as it was `cycles` cycles ago."""
    for _ in range(cycles):
        later = Signal.like(value, reset_less=reset_less)
        m.d.sync += later.eq(value)
        value = later
    return value
