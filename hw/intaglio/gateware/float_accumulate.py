"""The loop of a floating-point accumulator: one addition a cycle."""

from __future__ import annotations

from amaranth import Array, Module, Mux, Signal, Value

from intaglio.gateware.float_add import Parts, add, unpack
from intaglio.gateware.stages import Stages
from intaglio.spec.ieee import IeeeFormat

PIPELINED_CONTEXTS = 4
"""Independent sums that a pipelined loop needs: its cycles from reading a sum to writing it."""


def accumulate(
    m: Module, pipe: Stages, x: Parts, first: Value, last: Value, form: IeeeFormat, contexts: int
) -> tuple[Value, Value]:
    """Return (code, last) of acc <- RNE((0 if first else acc) + x), a register of the output.

    Payload n belongs to sum n modulo `contexts`, in the order in which payloads pass `pipe`. The
    stage that holds `x` begins the loop; one more stage of `pipe` ends with the register.

    Parameters
    ----------
    contexts : int
        1: the addition takes one long cycle; :data:`PIPELINED_CONTEXTS`: four short ones.
    """
    turn = Signal(range(contexts))
    if contexts > 1:
        with m.If(pipe.move & pipe.valid):
            m.d.sync += turn.eq(Mux(turn == contexts - 1, 0, turn + 1))
    sums = Array(Signal(form.bits, reset_less=True, name=f"sum_{n}") for n in range(contexts))
    before = Signal(form.bits)
    m.d.comb += before.eq(Mux(first, 0, sums[turn]))
    loop = Stages(m, pipe.valid, pipe.move, registered=contexts > 1)
    y = unpack(before, form, len(x.significand))
    code, last, back = add(m, loop, x, y, form, last, turn)
    with m.If(pipe.move & loop.valid):
        m.d.sync += sums[back].eq(code)
    # The loop's stages are the pipeline's own: nothing else of it runs beside them.
    pipe.valid, pipe.cycles = loop.valid, pipe.cycles + loop.cycles
    code, last = pipe.cut(code, last)
    return code, last
