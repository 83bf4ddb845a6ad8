"""Arithmetic that moves in step, and the stream around it."""

from __future__ import annotations

from typing import Any

from amaranth import Module, Signal, Value
from amaranth.hdl import ShapeLike
from amaranth.lib import data, stream
from amaranth.lib.wiring import In, Out

from intaglio.gateware.component import fields_of
from intaglio.gateware.shared import Holder, SharedComponent, instance


class Pipeline(SharedComponent):
    """A component whose outputs follow its inputs by `latency_cycles` cycles in which it moves.

    Parameters
    ----------
    module_name : str
        Holds every parameter.
    inputs, outputs : dict
        Shape of each operand and of each result.

    Members
    -------
    move : In(1)
        Clock enable of every register.

    Timing
    ------
    One set of operands a cycle while `move`.
    """

    latency_cycles: int

    def __init__(
        self, module_name: str, inputs: dict[str, ShapeLike], outputs: dict[str, ShapeLike]
    ) -> None:
        self.module_name = module_name
        self.inputs, self.outputs = inputs, outputs
        super().__init__(
            {"move": In(1)}
            | {name: In(shape) for name, shape in inputs.items()}
            | {name: Out(shape) for name, shape in outputs.items()}
        )
        # It stands for all parts of its name, of which one is converted; the rest are no mistake.
        self._MustUse__silence = True

    def stage(self, m: Module, value: Any, name: str) -> Any:
        """Return a register that takes `value` when the pipeline moves."""
        cast = Value.cast(value)
        register = Signal(cast.shape(), reset_less=True, name=name)
        with m.If(self.move):
            m.d.sync += register.eq(cast)
        return register


class Streamed(Holder):
    """A :class:`Pipeline` between two streams.

    Parameters
    ----------
    core : Pipeline
        Anything that moves in step.

    Members
    -------
    i : In(stream of the core's inputs)
    o : Out(stream of the core's outputs)
        In the order of `i`.

    Timing
    ------
    Latency `latency_cycles`, the core's; one payload a cycle; stops while ``o`` is valid and not
    ready.

    Golden: the core's.
    """

    def __init__(self, core: Pipeline) -> None:
        self.core = core
        self.parts = (core,)
        self.latency_cycles = core.latency_cycles
        super().__init__(
            {
                "i": In(stream.Signature(data.StructLayout(core.inputs))),
                "o": Out(stream.Signature(data.StructLayout(core.outputs))),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        move = Signal()
        if self.latency_cycles:
            valid = Signal(self.latency_cycles)
            m.d.comb += [move.eq(~self.o.valid | self.o.ready), self.o.valid.eq(valid[-1])]
            with m.If(move):
                m.d.sync += valid.eq(valid << 1 | self.i.valid)
        else:
            m.d.comb += [move.eq(self.o.ready), self.o.valid.eq(self.i.valid)]
        m.d.comb += self.i.ready.eq(move)
        result = fields_of(self.o.payload.shape())
        m.d.comb += self.o.payload.eq(result)
        m.submodules.core = instance(
            self.core,
            move=move,
            **{name: Value.cast(self.i.payload[name]) for name in self.core.inputs},
            **{name: Value.cast(result[name]) for name in self.core.outputs},
        )
        return m
