"""The core: on-chip memories around the compute engine."""

from __future__ import annotations

from amaranth import Module, Signal
from amaranth.lib import stream
from amaranth.lib.wiring import In, Out, connect, flipped

from intaglio.gateware.buffer import ActBuffer
from intaglio.gateware.compute import ComputeEngine
from intaglio.gateware.layout import command_fields, field_shape, word_shape
from intaglio.gateware.load import word_write
from intaglio.gateware.scratchpad import Scratchpad
from intaglio.gateware.shared import Holder
from intaglio.spec.commands import COMPUTE, TAP, Memory
from intaglio.spec.config import CODES, ArrayConfig

EVENTS = ("busy", "stepping", "vectoring", "starved")


class Core(Holder):
    """Everything between the transfer engines: memories, array, requantiser.

    Parameters
    ----------
    config : ArrayConfig
        All of it.

    Members
    -------
    commands : In(stream of COMPUTE)
    writes : In(stream of words for any memory)
        From the load engine.
    fetch : In(stream of word address), fetched : Out(stream of words)
        Reads of the activation buffer, for the store engine.
    done, mark, layer, busy, stepping, vectoring, starved : Out
        As :class:`~intaglio.gateware.compute.ComputeEngine`.

    Golden: COMPUTE of :mod:`intaglio.golden.machine`.
    """

    def __init__(self, config: ArrayConfig) -> None:
        self.config = config
        self.engine = ComputeEngine(config)
        self.parts = (self.engine,)
        super().__init__(
            {
                "commands": In(stream.Signature(command_fields(COMPUTE, config))),
                "writes": In(stream.Signature(word_write(config))),
                "fetch": In(stream.Signature(word_shape(config))),
                "fetched": Out(stream.Signature(config.act_bytes * 8)),
                "done": Out(1),
                "mark": Out(1),
                "layer": Out(field_shape(config, "layer")),
                **{event: Out(1) for event in EVENTS},
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        config = self.config
        m.submodules.engine = engine = self.engine
        m.submodules.acts = acts = ActBuffer(config)
        m.submodules.weights = weights = Scratchpad(config.lanes.word_bits, config.weight_words)
        m.submodules.params = params = Scratchpad(config.param_bytes * 8, config.param_words)

        connect(m, flipped(self.commands), engine.commands)
        connect(m, flipped(self.fetch), acts.fetch)
        connect(m, acts.fetched, flipped(self.fetched))
        connect(m, engine.result, acts.result)
        m.d.comb += [
            acts.bank_enable.eq(engine.bank_enable),
            acts.bank_row.eq(engine.bank_row),
            engine.bank_data.eq(acts.bank_data),
            weights.address.eq(engine.weight_address),
            engine.weight_data.eq(weights.data),
            params.address.eq(engine.param_address),
            engine.param_data.eq(params.data),
            self.done.eq(engine.done),
            self.mark.eq(engine.mark),
            self.layer.eq(engine.layer),
            *(getattr(self, event).eq(getattr(engine, event)) for event in EVENTS),
        ]

        # A loaded word goes to its memory; only the banked buffer can make it wait.
        word = self.writes.payload
        for memory, port in (
            (Memory.ACTS, acts.load),
            (Memory.WEIGHTS, weights.i),
            (Memory.PARAMS, params.i),
            (Memory.TABLE, engine.entry),
        ):
            here = Signal(name=f"to_{memory.name.lower()}")
            own = word.memory == memory
            if memory is Memory.TABLE and config.tap_list:
                own &= word.address < CODES
            m.d.comb += [
                here.eq(own),
                port.valid.eq(self.writes.valid & here),
                port.payload.address.eq(word.address),
                port.payload.data.eq(word.data),
            ]
        self._taps(m, engine)
        if 4 in config.lanes.widths:
            m.d.comb += acts.load.payload.halves.eq(0b11)
        m.d.comb += self.writes.ready.eq((word.memory != Memory.ACTS) | acts.load.ready)
        return m

    def _taps(self, m: Module, engine: ComputeEngine) -> None:
        """Add the list of taps, which lies behind the table."""
        config, word = self.config, self.writes.payload
        if not config.tap_list:
            return
        m.submodules.taps = taps = Scratchpad(config.depth * TAP.bits, config.list_words)
        m.d.comb += [
            taps.i.valid.eq(
                self.writes.valid & (word.memory == Memory.TABLE) & (word.address >= CODES)
            ),
            taps.i.payload.address.eq(word.address - CODES),
            taps.i.payload.data.eq(word.data),
            taps.address.eq(engine.list_address),
            engine.list_data.eq(taps.data),
        ]
