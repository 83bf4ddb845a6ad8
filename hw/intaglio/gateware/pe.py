"""Processing element and row: D-deep dot products with an accumulator and a drain copy."""

from __future__ import annotations

from amaranth import Cat, Const, Module, Signal, Value, signed
from amaranth.lib.wiring import In, Out

from intaglio.gateware.adder import gated_sum, signed_sum
from intaglio.gateware.lane_product import lane_name, lane_product, operand_bits
from intaglio.gateware.layout import shape
from intaglio.gateware.multiplier import Multiplier, part_of
from intaglio.gateware.shared import Holder, SharedComponent, instance
from intaglio.spec.config import ArrayConfig
from intaglio.spec.lane import Precision

# From operands at the ports to the control bits that add their products: the registers of a
# multiplier block, and one in the fabric, since blocks stand in columns far from their adders.
# Products that take less wait.
CONTROL_CYCLES = Multiplier.latency_cycles + 1


class Pe(SharedComponent, Holder):
    """Multiply the operands of a step and add the sum to the accumulator.

    acc <- (0 if first else acc) + sum_n act[n] * value(wgt[n]);  drain <- acc on capture.

    Parameters
    ----------
    config : ArrayConfig
        Gives D, the lane and the formats.

    Members
    -------
    act, wgt : In
        Operands of :class:`intaglio.spec.lane.Lane`, the first in the lowest bits.
    precision : In(Precision)
        Width of the operands, where there are several; still while operands are in flight.
    add, first, capture : In(1)
        `CONTROL_CYCLES` after the operands: add the products, start from 0, copy the new sum to
        `drain`.
    shift : In(1)
        Replace `drain` by `drain_in`; never together with `capture`.
    drain_in : In(acc), drain : Out(acc)
        The drain chain.

    Timing
    ------
    Products are registered: a sum is in the accumulator `CONTROL_CYCLES` + 1 after its operands
    were at the ports.

    Golden: an int64 dot product.
    """

    def __init__(self, config: ArrayConfig) -> None:
        self.config = config
        self.products = {bits: lane_product(config, bits) for bits in config.lanes.widths}
        self.parts = tuple(self.products.values())
        self.part = part_of(config)
        self.module_name = f"intaglio_pe_{lane_name(config)}"
        super().__init__(
            {
                "act": In(operand_bits(config)),
                "wgt": In(config.lanes.lane_bits),
                **({"precision": In(Precision)} if config.lanes.switched else {}),
                "add": In(1),
                "first": In(1),
                "capture": In(1),
                "shift": In(1),
                "drain_in": In(config.acc.bits),
                "drain": Out(config.acc.bits),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        acc_bits = self.config.acc.bits
        added = Signal(signed(acc_bits))
        sums = {bits: self._sum(m, bits) for bits in self.products}
        m.d.comb += added.eq(next(iter(sums.values())))
        for bits in list(sums)[1:]:
            with m.If(self.precision == Precision.of(bits)):
                m.d.comb += added.eq(sums[bits])

        acc = Signal(signed(acc_bits), reset_less=True)
        total = Signal(signed(acc_bits))
        m.d.comb += total.eq(gated_sum(m, "next", acc, added, self.first, self.part))
        with m.If(self.add):
            m.d.sync += acc.eq(total)
        drain = Signal(acc_bits, reset_less=True)
        with m.If(self.capture):
            m.d.sync += drain.eq(total)
        with m.Elif(self.shift):
            m.d.sync += drain.eq(self.drain_in)
        m.d.comb += self.drain.eq(drain)
        return m

    def _sum(self, m: Module, bits: int) -> Value:
        """Return the sum of the products of operands that are `bits` wide."""
        product = self.products[bits]
        act_bits, wgt_bits = product.operands.act.bits, product.operands.wgt.bits
        values: list[Value] = []
        for n in range(self.config.lanes.operands(bits)):
            value = Signal(shape(product.form), name=f"product_{bits}_{n}")
            m.submodules[f"multiply_{bits}_{n}"] = instance(
                product,
                move=Const(1),
                act=self.act.word_select(n, act_bits),
                wgt=self.wgt.word_select(n, wgt_bits),
                product=value,
            )
            for _ in range(CONTROL_CYCLES - product.latency_cycles):
                later = Signal.like(value, reset_less=True)
                m.d.sync += later.eq(value)
                value = later
            values.append(value)
        return signed_sum(m, f"sum_{bits}", values, self.part)


class Row(SharedComponent, Holder):
    """K processing elements that work on one pixel.

    Parameters
    ----------
    config : ArrayConfig
        Gives K, D, Q and the formats.

    Members
    -------
    act : In(K times the operands), wgt : In(K times the weights)
        Those of element 0 in the lowest bits.
    precision, add, first, capture, shift
        As :class:`Pe`.
    drain_in : In(Q accumulators), drain : Out(Q accumulators)
        The drain chain moves Q accumulators at once; element 0 leaves first.

    Timing
    ------
    As :class:`Pe`.
    """

    def __init__(self, config: ArrayConfig) -> None:
        self.config = config
        self.pe = Pe(config)
        self.parts = (self.pe,)
        shape_text = f"k{config.channels}_q{config.requant_lanes}"
        self.module_name = f"intaglio_row_{shape_text}_{lane_name(config)}"
        drained = config.requant_lanes * config.acc.bits
        super().__init__(
            {
                "act": In(config.channels * operand_bits(config)),
                "wgt": In(config.channels * config.lanes.lane_bits),
                **({"precision": In(Precision)} if config.lanes.switched else {}),
                "add": In(1),
                "first": In(1),
                "capture": In(1),
                "shift": In(1),
                "drain_in": In(drained),
                "drain": Out(drained),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        config = self.config
        acc_bits = config.acc.bits
        drains = [Signal(acc_bits, name=f"drain_{k}") for k in range(config.channels)]
        beyond = [self.drain_in.word_select(q, acc_bits) for q in range(config.requant_lanes)]
        chain = [*drains, *beyond]
        for k in range(config.channels):
            m.submodules[f"pe_{k}"] = instance(
                self.pe,
                act=self.act.word_select(k, operand_bits(config)),
                wgt=self.wgt.word_select(k, config.lanes.lane_bits),
                **({"precision": self.precision} if config.lanes.switched else {}),
                add=self.add,
                first=self.first,
                capture=self.capture,
                shift=self.shift,
                drain_in=chain[k + config.requant_lanes],
                drain=drains[k],
            )
        m.d.comb += self.drain.eq(Cat(*drains[: config.requant_lanes]))
        return m
