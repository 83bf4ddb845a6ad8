"""Pairs of 16-bit products into a 32-bit accumulator, with each way of handling overflow."""

from __future__ import annotations

from amaranth import Cat, Const, Module, Mux, Signal, Value
from amaranth.hdl import signed
from amaranth.lib import data, stream
from amaranth.lib.wiring import In, Out

from intaglio.gateware.component import Component
from intaglio.gateware.float_accumulate import accumulate
from intaglio.gateware.float_add import finite, normalise
from intaglio.gateware.stages import Stages, handshake
from intaglio.spec.codes_dfp import WIDE_BITS, Overflow, spill_chain
from intaglio.spec.formats import INT32
from intaglio.spec.ieee import FP32


class PairFma(Component):
    """Add two products of shared-exponent integers to an accumulator each cycle.

    acc <- (0 if first else acc) + a0 * w0 + a1 * w1. An accumulator that leaves its width wraps
    and sets a flag, which stays set to the end of the sum. The exponents are those of the tensors
    and do not enter.

    Parameters
    ----------
    bits : int
        Width of the operands, 2 to 16.
    mode : Overflow
        SPILL: after `chain` products, and at the end, acc is added to an FP32 sum, rounded to
        nearest even, and starts from 0. PRESHIFT: operands are halved, ties to even, and saturated
        at +-(2**(bits - 2) - 1). FLAG: nothing but the flag. WIDE: 48 bits.
    chain : int
        Even; products between two spills; by default :func:`intaglio.spec.codes_dfp.spill_chain`.

    Members
    -------
    i : In(stream of 2 act, 2 wgt, first, last)
    o : Out(stream of acc, overflow)
        acc: 32 bits, 48 in mode WIDE, an FP32 code in mode SPILL.

    Timing
    ------
    Latency `latency_cycles` from the last payload of a sum; one payload a cycle; stops while ``o``
    is valid and not ready.

    Golden: :func:`intaglio.golden.dfp.pair_sum`.

    Source: Das et al. 2018, partial FP32 accumulation of short integer chains.
    """

    def __init__(self, bits: int = 16, mode: Overflow = Overflow.FLAG, chain: int = 0) -> None:
        self.bits, self.mode = bits, mode
        self.chain = chain or spill_chain(bits)
        self.acc_bits = WIDE_BITS if mode is Overflow.WIDE else INT32.bits
        self.latency_cycles = 5 if mode is Overflow.SPILL else 3
        result = data.StructLayout({"acc": signed(self.acc_bits), "overflow": 1})
        operands = data.ArrayLayout(signed(bits), 2)
        pairs = data.StructLayout({"act": operands, "wgt": operands, "first": 1, "last": 1})
        super().__init__({"i": In(stream.Signature(pairs)), "o": Out(stream.Signature(result))})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        pipe = Stages(m, self.i.valid, handshake(m, self))
        codes = self.i.payload

        # 1: products.
        act = [self._operand(codes.act[n]) for n in range(2)]
        wgt = [self._operand(codes.wgt[n]) for n in range(2)]
        left, right, first, last = pipe.cut(
            act[0] * wgt[0], act[1] * wgt[1], codes.first, codes.last
        )

        # 2: their sum.
        pair, first, last = pipe.cut(left + right, first, last)

        # 3: the accumulator.
        begin, spill = self._chain(m, pipe, first, last)
        acc = Signal(signed(self.acc_bits), reset_less=True)
        overflow = Signal(reset_less=True)
        total = Signal(signed(self.acc_bits + 2))
        kept = total[: self.acc_bits].as_signed()
        m.d.comb += total.eq(Mux(begin, 0, acc) + pair)
        with m.If(pipe.move & pipe.valid):
            m.d.sync += [
                acc.eq(kept),
                overflow.eq((overflow & ~first) | (total != kept)),
            ]
        start = self._first_spill(m, pipe, first, spill)
        spill, start, last = pipe.cut(spill, start, last)
        result: Value = acc
        flag: Value = overflow
        if self.mode is Overflow.SPILL:
            result, flag, last = self._spill(m, pipe, acc, overflow, spill, start, last)
        m.d.comb += [
            self.o.payload.acc.eq(result),
            self.o.payload.overflow.eq(flag),
            self.o.valid.eq(pipe.valid & last),
        ]
        return m

    def _operand(self, code: Value) -> Value:
        """Return what is multiplied."""
        if self.mode is not Overflow.PRESHIFT:
            return code
        limit = (1 << (self.bits - 2)) - 1
        half = (code >> 1) + (code[0] & code[1])
        return Mux(half > limit, limit, Mux(half < -limit, -limit, half))

    def _chain(self, m: Module, pipe: Stages, first: Value, last: Value) -> tuple[Value, Value]:
        """Return whether the accumulator starts from 0 and whether it spills after this payload."""
        if self.mode is not Overflow.SPILL:
            return first, Const(0, 1)
        beats = self.chain // 2
        done = Signal(range(beats + 1))
        count = Mux(first, 0, done)
        spill = last | (count == beats - 1)
        with m.If(pipe.move & pipe.valid):
            m.d.sync += done.eq(Mux(spill, 0, count + 1))
        return count == 0, spill

    def _first_spill(self, m: Module, pipe: Stages, first: Value, spill: Value) -> Value:
        """Return whether a spill at this payload is the first one of its sum."""
        if self.mode is not Overflow.SPILL:
            return Const(0, 1)
        fresh = Signal(reset_less=True)
        start = first | fresh
        with m.If(pipe.move & pipe.valid):
            m.d.sync += fresh.eq(start & ~spill)
        return start

    def _spill(
        self,
        m: Module,
        pipe: Stages,
        acc: Signal,
        overflow: Signal,
        spill: Value,
        start: Value,
        last: Value,
    ) -> tuple[Value, Value, Value]:
        """Return (FP32 sum, overflow, last) after two more stages."""
        pipe.valid = pipe.valid & spill
        magnitude = Mux(acc < 0, -acc, acc)[: self.acc_bits]
        x = normalise(
            m,
            finite(acc[-1], Const(self.acc_bits - 1), magnitude),
            FP32.least_exponent,
        )
        pipe.step()
        names = ("start", "last", "overflow_1")
        kept = pipe.keep(start, last, overflow, names=names)
        x, (start, last, overflow_1) = x.keep(pipe, "x"), kept
        code, last = accumulate(m, pipe, x, start, last, FP32, contexts=1)
        (overflow_2,) = pipe.keep(overflow_1)
        return Cat(code).as_signed(), overflow_2, last
