"""A lane: products of any kind, summed over depth and over payloads."""

from __future__ import annotations

from amaranth import Module, Mux, Signal, Value
from amaranth.lib import data, stream
from amaranth.lib.wiring import In, Out

from intaglio.gateware.accumulate import add_pairs
from intaglio.gateware.layout import shape
from intaglio.gateware.product import Product
from intaglio.gateware.shared import Holder, instance
from intaglio.gateware.stages import handshake
from intaglio.spec.errors import ConfigError, Finding
from intaglio.spec.formats import signed
from intaglio.spec.groups import require_accumulator

SHALLOW = 2  # products that are added before the accumulator within one cycle


class MacLane(Holder):
    """Multiply and accumulate: `depth` products a cycle, summed up to the payload with `last`.

    o[n] = sum over payloads and d of product n of operand set d; see
    :class:`intaglio.gateware.product.Product` for a product. Zero points and surpluses do not
    reach the gates: :func:`intaglio.spec.operands.folded_bias` puts them into the bias.

    Parameters
    ----------
    product : Product
        What multiplies: operators, rows, a shared multiplier, shifts.
    depth : int
        D, products side by side: 1 to 64.
    acc_bits : int
        Width of the accumulators: 32, 40, 48, or any that holds the longest sum.
    longest : int
        Payloads of the longest sum.

    Members
    -------
    i : In(stream of act, wgt, last)
        Operands of product d = 0 first.
    o : Out(stream of the sums)

    Timing
    ------
    One payload a cycle; a sum follows its last payload by `latency_cycles`: the product's, one for
    the accumulator, and one for the sum over D where that is more than two.

    Raises
    ------
    ConfigError
        E203: `depth` is outside its range. E402: an accumulator is narrower than the longest sum
        needs.

    Golden: :func:`intaglio.golden.products.lane_sums`.
    """

    def __init__(self, product: Product, depth: int, acc_bits: int, longest: int) -> None:
        if not 1 <= depth <= 64:
            raise ConfigError(
                Finding(
                    "E203", f"depth is {depth}", "lane.depth", str(depth), "1 to 64", "set depth"
                )
            )
        count = depth * longest
        require_accumulator(signed(acc_bits), product.sum_format(count), f"{count} products")
        self.multiplier, self.depth, self.acc = product, depth, signed(acc_bits)
        self.parts = (product,)
        self.deep = depth > SHALLOW
        self.latency_cycles = product.latency_cycles + 1 + self.deep
        self.act_count, self.wgt_count = (
            product.terms * product.pixels,
            product.terms * product.channels,
        )
        self.results = product.pixels * product.channels
        payload = {
            "act": data.ArrayLayout(shape(product.operands.act), depth * self.act_count),
            "wgt": data.ArrayLayout(shape(product.operands.wgt), depth * self.wgt_count),
            "last": 1,
        }
        sums = data.ArrayLayout(shape(self.acc), self.results)
        super().__init__(
            {
                "i": In(stream.Signature(data.StructLayout(payload))),
                "o": Out(stream.Signature(sums)),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        move = handshake(m, self)
        act, wgt = self.i.payload.act.as_value(), self.i.payload.wgt.as_value()
        bits = self.multiplier.form.bits
        act_bits = self.act_count * self.multiplier.operands.act.bits
        wgt_bits = self.wgt_count * self.multiplier.operands.wgt.bits

        # What goes with the operands through the products.
        delay = self.latency_cycles - 1
        valid, last = Signal(delay), Signal(delay)
        with m.If(move):
            m.d.sync += [
                valid.eq(valid << 1 | self.i.valid),
                last.eq(last << 1 | self.i.payload.last),
            ]

        columns: list[list[Value]] = [[] for _ in range(self.results)]
        for d in range(self.depth):
            products = Signal(self.results * bits, name=f"lane_products_{d}")
            m.submodules[f"lane_{d}"] = instance(
                self.multiplier,
                move=move,
                act=act.word_select(d, act_bits),
                wgt=wgt.word_select(d, wgt_bits),
                product=products,
            )
            for n in range(self.results):
                columns[n].append(products.word_select(n, bits).as_signed())

        first, done = Signal(init=1), Signal()
        with m.If(move):
            m.d.sync += done.eq(valid[-1] & last[-1])
            with m.If(valid[-1]):
                m.d.sync += first.eq(last[-1])
        for n, column in enumerate(columns):
            total = add_pairs(column)
            if self.deep:
                register = Signal(total.shape(), reset_less=True, name=f"total_{n}")
                with m.If(move):
                    m.d.sync += register.eq(total)
                total = register
            acc = Signal(shape(self.acc), reset_less=True, name=f"acc_{n}")
            with m.If(move & valid[-1]):
                m.d.sync += acc.eq(Mux(first, 0, acc) + total)
            m.d.comb += self.o.payload[n].eq(acc)
        m.d.comb += self.o.valid.eq(done)
        return m
