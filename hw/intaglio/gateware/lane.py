"""Lanes without flow control: products summed over depth, an accumulator, a drain copy."""

from __future__ import annotations

from amaranth import Cat, Module, Signal, Value
from amaranth.lib import data
from amaranth.lib.wiring import In, Out

from intaglio.gateware.layout import shape
from intaglio.gateware.product import Product
from intaglio.gateware.shared import SharedComponent, instance
from intaglio.spec.formats import IntFormat


class Lane(SharedComponent):
    """Add `depth` products to accumulators and copy the sums when they are complete.

    acc <- acc + total on `take`; sums <- acc + total, acc <- 0 on `end`: the flip-flops' own reset
    clears the accumulator, so that no gate stands between it and its adder.

    Parameters
    ----------
    product : Product
        What multiplies.
    depth : int
        D, products side by side.
    acc : IntFormat
        Of each accumulator.

    Members
    -------
    move : In(1)
        Clock enable of the products and of the tree that adds them.
    take, end : In(1)
        `latency_cycles` - 1 moves after the operands: add them; and the sum is complete.
    act, wgt : In(D operand sets)
        Set d = 0 in the lowest bits.
    sums : Out(a sum for each result of a product)
        The drain copy.

    Timing
    ------
    One set of operands a move.

    Golden: :func:`intaglio.golden.products.lane_sums`.
    """

    def __init__(self, product: Product, depth: int, acc: IntFormat) -> None:
        self.multiplier, self.depth, self.acc = product, depth, acc
        self.parts = (product,)
        self.latency_cycles = product.latency_cycles + (depth - 1).bit_length() + 1
        self.act_bits = product.terms * product.pixels * product.operands.act.bits
        self.wgt_bits = product.terms * product.channels * product.operands.wgt.bits
        self.results = product.pixels * product.channels
        kind = product.module_name.removeprefix("intaglio_")
        self.module_name = f"intaglio_lane_{kind}_d{depth}_a{acc.bits}"
        super().__init__(
            {
                "move": In(1),
                "take": In(1),
                "end": In(1),
                "act": In(depth * self.act_bits),
                "wgt": In(depth * self.wgt_bits),
                "sums": Out(data.ArrayLayout(shape(acc), self.results)),
            }
        )
        # It stands for all parts of its name, of which one is converted; the rest are no mistake.
        self._MustUse__silence = True

    def elaborate(self, platform: object) -> Module:
        m = Module()
        form = self.multiplier.form
        columns: list[list[Value]] = [[] for _ in range(self.results)]
        for d in range(self.depth):
            products = Signal(self.results * form.bits, name=f"products_{d}")
            m.submodules[f"product_{d}"] = instance(
                self.multiplier,
                move=self.move,
                act=self.act.word_select(d, self.act_bits),
                wgt=self.wgt.word_select(d, self.wgt_bits),
                product=products,
            )
            for n in range(self.results):
                columns[n].append(products.word_select(n, form.bits).as_signed())
        for n, column in enumerate(columns):
            values = column
            level = 0
            while len(values) > 1:
                pairs = list(zip(values[::2], values[1::2], strict=False))
                values = [
                    self._add(m, a, b, f"sum_{n}_{level}_{k}") for k, (a, b) in enumerate(pairs)
                ] + [self._keep(m, last, f"odd_{n}_{level}") for last in values[2 * len(pairs) :]]
                level += 1
            acc = Signal(shape(self.acc), reset_less=True, name=f"acc_{n}")
            total = Signal(shape(self.acc), name=f"total_{n}")
            m.d.comb += total.eq(acc + values[0])
            with m.If(self.take):
                m.d.sync += acc.eq(total)
            with m.If(self.end):
                m.d.sync += [acc.eq(0), self.sums[n].eq(total)]
        return m

    def _keep(self, m: Module, value: Value, name: str) -> Value:
        register = Signal(value.shape(), reset_less=True, name=name)
        with m.If(self.move):
            m.d.sync += register.eq(value)
        return register

    def _add(self, m: Module, a: Value, b: Value, name: str) -> Value:
        """Return a register of a + b, one bit wider.

        Two sums of signed products overflow their own width where both are positive alone. Of an
        even width, on carry cells of two bits, a gate for the sign is cheaper than a bit more.
        """
        bits = len(a)
        if not self.multiplier.peaked or len(a) != len(b) or bits % 2:
            return self._keep(m, a + b, name)
        low = Signal(bits, name=f"{name}_low")
        m.d.comb += low.eq(a + b)
        sign = self._keep(m, low[-1] & (a[-1] | b[-1]), f"{name}_sign")
        return Cat(self._keep(m, low, name), sign).as_signed()


class LaneRow(SharedComponent):
    """Lanes side by side that share their activations.

    Parameters
    ----------
    lane : Lane
        Of every place.
    count : int
        Lanes.

    Members
    -------
    move, take, end, act : as :class:`Lane`
    wgt : In(weights of each lane), sums : Out(sums of each lane)

    Golden: :func:`intaglio.golden.products.lane_sums`.
    """

    def __init__(self, lane: Lane, count: int) -> None:
        self.lane, self.count = lane, count
        self.parts = (lane,)
        self.module_name = f"{lane.module_name}_x{count}"
        super().__init__(
            {
                **{name: In(1) for name in ("move", "take", "end")},
                "act": In(len(lane.act)),
                "wgt": In(count * len(lane.wgt)),
                "sums": Out(count * len(Value.cast(lane.sums))),
            }
        )
        self._MustUse__silence = True

    def elaborate(self, platform: object) -> Module:
        m = Module()
        sums = len(Value.cast(self.lane.sums))
        for n in range(self.count):
            m.submodules[f"lane_{n}"] = instance(
                self.lane,
                **{name: getattr(self, name) for name in ("move", "take", "end", "act")},
                wgt=self.wgt.word_select(n, len(self.lane.wgt)),
                sums=self.sums.word_select(n, sums),
            )
        return m
