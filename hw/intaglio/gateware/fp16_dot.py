"""Two FP16 products a cycle, added and accumulated in FP16 or FP32."""

from __future__ import annotations

from amaranth import Module, Value
from amaranth.lib import stream
from amaranth.lib.wiring import In, Out

from intaglio.gateware.component import Component
from intaglio.gateware.float_accumulate import PIPELINED_CONTEXTS, accumulate
from intaglio.gateware.float_add import add, unpack
from intaglio.gateware.float_multiply import operand, product, rounded
from intaglio.gateware.minifloat_dot import dot_layout
from intaglio.gateware.stages import Stages, handshake
from intaglio.spec.ieee import FP16, IeeeFormat


class Fp16Dot(Component):
    """Two-way FP16 dot product, every operation rounded to the accumulator's format.

    acc <- RNE((+0 if first else acc) + RNE(RNE(a0 * w0) + RNE(a1 * w1))), IEEE 754 with
    subnormals, infinity and one NaN. Products are exact where `acc` is FP32.

    Parameters
    ----------
    acc : IeeeFormat
        FP16 or FP32.
    contexts : int
        1: the accumulation takes one long cycle. 4: it is pipelined, and payload n belongs to the
        n modulo 4th of four independent sums.

    Members
    -------
    i : In(stream of 2 act, 2 wgt, first, last)
        FP16 codes; `first` starts the sum that the payload belongs to, `last` puts it out.
    o : Out(stream of acc codes)
        In the order of the `last` payloads.

    Timing
    ------
    Latency `latency_cycles` from the last payload of a sum; two products a cycle; stops while
    ``o`` is valid and not ready.

    Golden: :func:`intaglio.golden.fp16.dot2`.

    Source: IEEE 754-2019; the 2-way SIMD primitive of FP16 on-device learning on microcontrollers.
    """

    lanes = 2

    def __init__(self, acc: IeeeFormat, contexts: int = PIPELINED_CONTEXTS) -> None:
        self.acc, self.contexts = acc, contexts
        rounding = 1 if acc == FP16 else 0
        self.latency_cycles = 2 + rounding + 4 + (PIPELINED_CONTEXTS if contexts > 1 else 1)
        super().__init__(
            {
                "i": In(stream.Signature(dot_layout(FP16.bits, FP16.bits, self.lanes))),
                "o": Out(stream.Signature(acc.bits)),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        pipe = Stages(m, self.i.valid, handshake(m, self))
        codes = self.i.payload
        marks: tuple[Value, ...] = (codes.first, codes.last)

        # 1: operands, normalised.
        factors = [
            operand(m, code, FP16)
            for n in range(self.lanes)
            for code in (codes.act[n], codes.wgt[n])
        ]
        pipe.step()
        factors = [factor.keep(pipe, f"factor_{n}") for n, factor in enumerate(factors)]
        marks = pipe.keep(*marks)

        # 2: exact products; one stage more where they have to be rounded.
        width = max(2 * FP16.precision, self.acc.precision)
        products = [
            product(m, factors[2 * n], factors[2 * n + 1], width, self.acc.least_exponent)
            for n in range(self.lanes)
        ]
        pipe.step()
        products = [number.keep(pipe, f"product_{n}") for n, number in enumerate(products)]
        marks = pipe.keep(*marks)
        if self.acc == FP16:
            products = rounded(m, pipe, products, self.acc)
            marks = pipe.keep(*marks)

        # Then their sum, and the accumulator.
        code, *rest = add(m, pipe, products[0], products[1], self.acc, *marks)
        pipe.step()
        code, first, last = pipe.keep(code, *rest, names=("pair_code", "pair_first", "pair_last"))
        x = unpack(code, self.acc, self.acc.precision)
        code, last = accumulate(m, pipe, x, first, last, self.acc, self.contexts)
        m.d.comb += [self.o.payload.eq(code), self.o.valid.eq(pipe.valid & last)]
        return m
