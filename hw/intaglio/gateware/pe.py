"""Processing element and row: D-deep dot products with an accumulator and a drain copy."""

from __future__ import annotations

from amaranth import Cat, Module, Mux, Signal
from amaranth.lib import data
from amaranth.lib.wiring import In, Out

from intaglio.gateware.component import fields_of
from intaglio.gateware.layout import shape
from intaglio.gateware.shared import Holder, SharedComponent, instance
from intaglio.spec.config import ArrayConfig
from intaglio.spec.formats import dot_format

# From operands at the ports to the control bits that add their products: operand and product
# registers, which are the multiplier's own on parts that have them.
CONTROL_CYCLES = 2


class Pe(SharedComponent):
    """Multiply D activations by D weights and add the sum to the accumulator.

    acc <- (0 if first else acc) + sum_d act[d] * wgt[d];  drain <- acc on capture.

    Parameters
    ----------
    config : ArrayConfig
        Gives D and the formats.

    Members
    -------
    act, wgt : In(D operands)
        Operands, d = 0 in the lowest bits.
    add, first, capture : In(1)
        Two cycles after the operands: add the products, start from 0, copy the new sum to `drain`.
    shift : In(1)
        Replace `drain` by `drain_in`; never together with `capture`.
    drain_in : In(acc), drain : Out(acc)
        The drain chain.

    Timing
    ------
    Operands and products are registered: a sum is in the accumulator three cycles after its
    operands were at the ports.

    Golden: an int64 dot product.
    """

    def __init__(self, config: ArrayConfig) -> None:
        self.config = config
        self.module_name = f"intaglio_pe_d{config.depth}_a{config.acc.bits}"
        super().__init__(
            {
                "act": In(config.depth * config.act.bits),
                "wgt": In(config.depth * config.wgt.bits),
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
        config = self.config
        act = fields_of(data.ArrayLayout(shape(config.act), config.depth), reset_less=True)
        wgt = fields_of(data.ArrayLayout(shape(config.wgt), config.depth), reset_less=True)
        m.d.sync += [act.as_value().eq(self.act), wgt.as_value().eq(self.wgt)]

        products = []
        for d in range(config.depth):
            product = Signal(
                shape(dot_format(config.act, config.wgt, 1)), reset_less=True, name=f"product_{d}"
            )
            m.d.sync += product.eq(act[d] * wgt[d])
            products.append(product)

        acc = Signal(shape(config.acc), reset_less=True)
        total = Signal(shape(config.acc))
        m.d.comb += total.eq(Mux(self.first, 0, acc) + sum(products[1:], products[0]))
        with m.If(self.add):
            m.d.sync += acc.eq(total)
        drain = Signal(config.acc.bits, reset_less=True)
        with m.If(self.capture):
            m.d.sync += drain.eq(total)
        with m.Elif(self.shift):
            m.d.sync += drain.eq(self.drain_in)
        m.d.comb += self.drain.eq(drain)
        return m


class Row(SharedComponent, Holder):
    """K processing elements that work on one pixel.

    Parameters
    ----------
    config : ArrayConfig
        Gives K, D, Q and the formats.

    Members
    -------
    act : In(D * K activations), wgt : In(D * K weights)
        Operands: d of element k is at d * K + k.
    add, first, capture, shift
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
        shape_text = f"k{config.channels}_d{config.depth}_q{config.requant_lanes}"
        self.module_name = f"intaglio_row_{shape_text}_a{config.acc.bits}"
        drained = config.requant_lanes * config.acc.bits
        super().__init__(
            {
                "act": In(config.channels * config.depth * config.act.bits),
                "wgt": In(config.channels * config.depth * config.wgt.bits),
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
            places = [d * config.channels + k for d in range(config.depth)]
            m.submodules[f"pe_{k}"] = instance(
                self.pe,
                act=Cat(self.act.word_select(at, config.act.bits) for at in places),
                wgt=Cat(self.wgt.word_select(at, config.wgt.bits) for at in places),
                add=self.add,
                first=self.first,
                capture=self.capture,
                shift=self.shift,
                drain_in=chain[k + config.requant_lanes],
                drain=drains[k],
            )
        m.d.comb += self.drain.eq(Cat(*drains[: config.requant_lanes]))
        return m
