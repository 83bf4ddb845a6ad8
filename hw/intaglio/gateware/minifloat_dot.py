"""Dot products of FP8 and FP4 codes: exact, or accumulated in an IEEE format."""

from __future__ import annotations

from typing import Any

from amaranth import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib import data, stream
from amaranth.lib.wiring import In, Out

from intaglio.gateware.component import Component
from intaglio.gateware.float_accumulate import PIPELINED_CONTEXTS, accumulate
from intaglio.gateware.float_add import Parts, normalise
from intaglio.gateware.layout import shape
from intaglio.gateware.minifloat import multiply, place
from intaglio.gateware.stages import Stages, handshake
from intaglio.spec.codes import accumulator_format
from intaglio.spec.codes_minifloat import BLOCK_BIAS, BLOCK_NAN, Minifloat
from intaglio.spec.ieee import IeeeFormat

TREE_LEVELS = 2
"""Levels of the adder tree between two registers."""
SHARED_BITS = 8
"""Width of the shared exponent of an MX block."""


def dot_layout(act_bits: int, wgt_bits: int, lanes: int, blocks: bool = False) -> data.StructLayout:
    """Return `lanes` pairs of codes with the marks of a sum's first and last payload."""
    members: dict[str, Any] = {
        "act": data.ArrayLayout(act_bits, lanes),
        "wgt": data.ArrayLayout(wgt_bits, lanes),
        "first": 1,
        "last": 1,
    }
    if blocks:
        members |= {"act_exponent": SHARED_BITS, "wgt_exponent": SHARED_BITS}
    return data.StructLayout(members)


def fused(
    m: Module, pipe: Stages, codes: Any, fa: Minifloat, fw: Minifloat, carried: tuple[Value, ...]
) -> tuple[Value, tuple[Value, ...]]:
    """Return the exact sum of the products of all lanes and `carried`, after stages of `pipe`."""
    lanes = len(codes.act)
    parts: list[tuple[Value, ...]] = [
        multiply(m, codes.act[n], codes.wgt[n], fa, fw) for n in range(lanes)
    ]
    pipe.step()
    parts = [pipe.keep(*part) for part in parts]
    carried = pipe.keep(*carried)
    terms = tuple(place(m, part, fa, fw) for part in parts)
    terms, carried = pipe.cut(*terms), pipe.keep(*carried)
    while len(terms) > 1:
        for _ in range(TREE_LEVELS):
            pairs = [terms[n : n + 2] for n in range(0, len(terms), 2)]
            terms = tuple(pair[0] + pair[1] if len(pair) > 1 else pair[0] for pair in pairs)
        terms, carried = pipe.cut(*terms), pipe.keep(*carried)
    return terms[0], carried


def fused_stages(lanes: int) -> int:
    """Return the stages that :func:`fused` takes."""
    stages = 2
    while lanes > 1:
        lanes, stages = -(-lanes // (1 << TREE_LEVELS)), stages + 1
    return stages


class MinifloatDot(Component):
    """Accumulate the products of N lanes exactly, N products a cycle.

    o = sum over payloads from `first` to `last`, and over lanes, of integer(act) * integer(wgt).

    Parameters
    ----------
    act, wgt : Minifloat
        Formats of the operands; the biases change nothing.
    lanes : int
        N, products summed in a cycle; 1 is a plain multiply-accumulate.
    terms : int
        Longest sum of products; it decides the accumulator's width.

    Members
    -------
    i : In(stream of N act, N wgt, first, last)
        `first` starts from 0; `last` puts the sum out.
    o : Out(stream of accumulator_format(wgt, act, terms))
        In units of 2**(act.quantum + wgt.quantum).

    Timing
    ------
    Latency `latency_cycles` from the last payload of a sum; one payload a cycle; stops while ``o``
    is valid and not ready.

    Golden: :func:`intaglio.golden.minifloat.dot`.
    """

    def __init__(self, act: Minifloat, wgt: Minifloat, lanes: int = 1, terms: int = 512) -> None:
        self.act, self.wgt, self.lanes = act, wgt, lanes
        self.acc = accumulator_format(wgt, act, terms)
        self.latency_cycles = fused_stages(lanes) + 1
        super().__init__(
            {
                "i": In(stream.Signature(dot_layout(act.bits, wgt.bits, lanes))),
                "o": Out(stream.Signature(shape(self.acc))),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        pipe = Stages(m, self.i.valid, handshake(m, self))
        codes = self.i.payload
        term, (first, last) = fused(m, pipe, codes, self.act, self.wgt, (codes.first, codes.last))
        acc = Signal(shape(self.acc), reset_less=True)
        with m.If(pipe.move & pipe.valid):
            m.d.sync += acc.eq(Mux(first, 0, acc) + term)
        (last,) = pipe.cut(last)
        m.d.comb += [self.o.payload.eq(acc), self.o.valid.eq(pipe.valid & last)]
        return m


class MinifloatFloatDot(Component):
    """Accumulate minifloat products in FP16 or FP32, each addition rounded once.

    acc <- RNE((+0 if first else acc) + sum over lanes of act * wgt): the products and the sum over
    lanes are exact, the addition to the accumulator is IEEE round to nearest even with subnormals,
    overflow gives infinity. With `blocks` each sum counts 2**(ea + ew - 254) times, the shared
    exponents of MX blocks; exponent 255 makes the accumulator NaN.

    Parameters
    ----------
    act, wgt : Minifloat
        Formats of the operands.
    acc : IeeeFormat
        Format of the accumulator.
    lanes : int
        Products summed exactly before an addition.
    contexts : int
        1: an addition takes one long cycle. 4: it is pipelined, and payload n belongs to the
        n modulo 4th of four independent sums.
    blocks : bool
        Whether payloads carry shared exponents.

    Members
    -------
    i : In(stream of lanes act, lanes wgt, first, last; act_exponent, wgt_exponent with `blocks`)
        `first` starts the sum that the payload belongs to, `last` puts it out.
    o : Out(stream of acc codes)
        In the order of the `last` payloads.

    Timing
    ------
    Latency `latency_cycles` from the last payload of a sum; one payload a cycle; stops while ``o``
    is valid and not ready.

    Golden: :func:`intaglio.golden.minifloat.float_dot`; with `blocks`
    :func:`intaglio.golden.minifloat.block_dot`.
    """

    def __init__(
        self,
        act: Minifloat,
        wgt: Minifloat,
        acc: IeeeFormat,
        lanes: int = 1,
        contexts: int = PIPELINED_CONTEXTS,
        blocks: bool = False,
    ) -> None:
        self.act, self.wgt, self.acc = act, wgt, acc
        self.lanes, self.contexts, self.blocks = lanes, contexts, blocks
        front = 1 if lanes == 1 else fused_stages(lanes)
        self.latency_cycles = front + 1 + (PIPELINED_CONTEXTS if contexts > 1 else 1)
        super().__init__(
            {
                "i": In(stream.Signature(dot_layout(act.bits, wgt.bits, lanes, blocks))),
                "o": Out(stream.Signature(acc.bits)),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        pipe = Stages(m, self.i.valid, handshake(m, self))
        codes = self.i.payload
        carried: tuple[Value, ...] = (codes.first, codes.last)
        if self.blocks:
            carried += (codes.act_exponent, codes.wgt_exponent)
        if self.lanes == 1:
            negative, magnitude, shift = multiply(m, codes.act[0], codes.wgt[0], self.act, self.wgt)
            # A product is an integer: its zero has no sign.
            negative = negative & magnitude.any()
            pipe.step()
            negative, magnitude, shift = pipe.keep(negative, magnitude, shift)
            carried = pipe.keep(*carried)
        else:
            term, carried = fused(m, pipe, codes, self.act, self.wgt, carried)
            negative, shift = term[-1], Const(0)
            magnitude = Mux(negative, -term, term)[: len(term) - 1]
        first, last, *shared = carried
        width = max(len(magnitude), self.acc.precision)
        exponent = shift + self.act.quantum + self.wgt.quantum + len(magnitude) - 1
        nan: Value = Const(0, 1)
        if self.blocks:
            exponent = exponent + shared[0] + shared[1] - 2 * BLOCK_BIAS
            nan = (shared[0] == BLOCK_NAN) | (shared[1] == BLOCK_NAN)
        x = Parts(
            negative, exponent, Cat(Const(0, width - len(magnitude)), magnitude), Const(0, 1), nan
        )
        x = normalise(m, x, self.acc.least_exponent)
        pipe.step()
        x, (first, last) = x.keep(pipe, "x"), pipe.keep(first, last)
        code, last = accumulate(m, pipe, x, first, last, self.acc, self.contexts)
        m.d.comb += [self.o.payload.eq(code), self.o.valid.eq(pipe.valid & last)]
        return m
