"""From accumulators to words in the buffer: parameters, requantiser, addresses."""

from __future__ import annotations

from amaranth import Module, Mux, Signal
from amaranth.lib import stream
from amaranth.lib.wiring import In, Out, connect, flipped

from intaglio.gateware.fold import Fold
from intaglio.gateware.layout import command_fields, field_shape, word_shape
from intaglio.gateware.out_bytes import OutBytes
from intaglio.gateware.requantise import Requantise
from intaglio.gateware.shared import Holder
from intaglio.gateware.words import accs_layout, write_layout
from intaglio.gateware.writer import Writer
from intaglio.spec.commands import COMPUTE, PARAM
from intaglio.spec.config import ArrayConfig


class Drain(Holder):
    """Requantise the accumulators of a COMPUTE command and write its outputs.

    Accumulators come Q at a time: channels in order, windows in order, output blocks in order.
    Payload n of a window takes parameter word ``param_start + block * param_block + n``. A folded
    command adds the halves of the lanes first.

    Parameters
    ----------
    config : ArrayConfig
        Gives K, Q and the formats.

    Members
    -------
    command : In(COMPUTE)
        Still from `clear` until `done`.
    clear : In(1)
        Begin a command.
    i : In(stream of Q accumulators, always ready)
    param_address : Out, param_data : In(parameter word)
        Parameter memory; data one cycle after the address.
    o : Out(stream of write, always ready)
    done : Out(1)
        The last word is being written.

    Timing
    ------
    A window's word is written `latency_cycles` after its last accumulators came.

    Golden: :func:`intaglio.spec.quant.requantise`.
    """

    latency_cycles = 1 + Requantise.latency_cycles + Writer.latency_cycles  # 1: parameter memory

    def __init__(self, config: ArrayConfig) -> None:
        self.config = config
        self.requantise = Requantise(config)
        self.parts = (self.requantise,)
        super().__init__(
            {
                "command": In(command_fields(COMPUTE, config)),
                "clear": In(1),
                "i": In(stream.Signature(accs_layout(config), always_ready=True)),
                "param_address": Out(word_shape(config)),
                "param_data": In(config.param_bytes * 8),
                "o": Out(stream.Signature(write_layout(config), always_ready=True)),
                "done": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        config, command = self.config, self.command
        m.submodules.requantise = requantise = self.requantise
        m.submodules.out_bytes = out_bytes = OutBytes(config)
        m.submodules.writer = writer = Writer(config)
        sums = self.i
        if config.grouped:
            m.submodules.fold = fold = Fold(config)
            m.d.comb += [
                fold.fold.eq(command.fold),
                fold.i.valid.eq(self.i.valid),
                fold.i.payload.eq(self.i.payload),
            ]
            sums = fold.o

        # Which parameter word: a step within the window, windows within the block, the block.
        step = Signal(range(max(config.drain_steps, 2)))
        window = Signal(field_shape(config, "pixels"))
        base = Signal(word_shape(config), reset_less=True)
        last_step = step == config.drain_steps - 1
        last_window = window + 1 == command.pixels
        m.d.comb += self.param_address.eq(base + step)
        with m.If(self.clear):
            m.d.sync += [step.eq(0), window.eq(0), base.eq(command.param_start)]
        with m.Elif(sums.valid):
            m.d.sync += step.eq(Mux(last_step, 0, step + 1))
            with m.If(last_step):
                m.d.sync += window.eq(Mux(last_window, 0, window + 1))
                with m.If(last_window):
                    m.d.sync += base.eq(base + command.param_block)

        # The accumulators wait for the parameter memory.
        accs = Signal(accs_layout(config), reset_less=True)
        valid = Signal()
        m.d.sync += [accs.eq(sums.payload), valid.eq(sums.valid)]
        m.d.comb += [
            requantise.i.valid.eq(valid),
            requantise.i.payload.acc.eq(accs),
            requantise.i.payload.param.eq(self.param_data[: config.requant_lanes * PARAM.bits]),
            requantise.rounding.eq(command.rounding),
            requantise.zero_point.eq(command.zero_point),
            requantise.low.eq(command.low),
            requantise.high.eq(command.high),
        ]

        # Nothing downstream ever waits: the drain's writes win every bank.
        m.d.comb += [
            requantise.o.ready.eq(1),
            out_bytes.precision.eq(command.out_precision),
            out_bytes.i.valid.eq(requantise.o.valid),
            out_bytes.i.payload.eq(requantise.o.payload),
            writer.command.eq(command),
            writer.clear.eq(self.clear),
            self.done.eq(writer.done),
        ]
        connect(m, out_bytes.o, writer.i)
        connect(m, writer.o, flipped(self.o))
        return m
