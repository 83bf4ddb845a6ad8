"""Products of any kind before an accumulator of any kind, all of it in one straight style."""

from __future__ import annotations

from amaranth import Module, Signal, Value
from amaranth.hdl import Shape
from amaranth.lib import data, stream
from amaranth.lib.wiring import In, Out

from intaglio.gateware.accumulate import ScaleAccumulate, ShiftAccumulate, add_pairs
from intaglio.gateware.layout import shape
from intaglio.gateware.product import Product
from intaglio.gateware.shared import Holder, instance
from intaglio.spec.errors import ConfigError, Finding

SHALLOW = 2  # products that are added before the accumulator within one cycle


class ProductSum(Holder):
    """Sum products, plainly or over groups with scales.

    o = accumulator(sum over d of product of operand set d), for the accumulator's own rule. With
    ``ShiftAccumulate(ShiftGroups(1), ...)`` it is a plain multiply-accumulate: the accumulator is
    added to or started anew in one cycle and is not copied, so that lanes of all formats can be
    compared in one style.

    Parameters
    ----------
    product : Product
        What multiplies: one result, one operand set.
    depth : int
        Products added before the accumulator: 1 to 64.
    accumulate : ShiftAccumulate or ScaleAccumulate
        Its values must hold the sum of `depth` products.

    Members
    -------
    i : In(stream of depth act, depth wgt, and the accumulator's fields but the value)
    o : Out(stream of the sum)

    Timing
    ------
    Latency `latency_cycles` from the last payload of a sum: the product's, one for the sum over
    more than two products, and the accumulator's; one payload a cycle; stops while ``o`` is valid
    and not ready.

    Raises
    ------
    ConfigError
        E203: `depth` is outside its range. E402: a value of the accumulator is narrower than the
        sum of `depth` products.

    Golden: :func:`intaglio.golden.products.lane_sums`, and those of the accumulators.
    """

    def __init__(
        self, product: Product, depth: int, accumulate: ShiftAccumulate | ScaleAccumulate
    ) -> None:
        self.product, self.depth, self.accumulate = product, depth, accumulate
        accumulate._MustUse__silence = True  # as used as this component is
        findings = []
        if not 1 <= depth <= 64:
            findings.append(
                Finding("E203", f"depth is {depth}", "depth", str(depth), "1 to 64", "set depth")
            )
        need = product.sum_format(max(depth, 1)).bits
        if accumulate.value.bits < need:
            findings.append(
                Finding(
                    "E402",
                    f"values of {accumulate.value.bits} bits are narrower than sums of {depth}",
                    where="accumulate.value",
                    have=f"{accumulate.value.bits} bits",
                    need=f"{need} bits or more",
                    help="widen the values of the accumulator",
                )
            )
        if findings:
            raise ConfigError(findings)
        self.parts = (product,)
        self.deep = depth > SHALLOW
        self.latency_cycles = product.latency_cycles + self.deep + accumulate.latency_cycles
        fields = accumulate.i.payload.shape()
        self.side = {name: field.shape for name, field in fields if name != "value"}
        payload = {
            "act": data.ArrayLayout(shape(product.operands.act), depth),
            "wgt": data.ArrayLayout(shape(product.operands.wgt), depth),
            **self.side,
        }
        super().__init__(
            {
                "i": In(stream.Signature(data.StructLayout(payload))),
                "o": Out(stream.Signature(accumulate.o.payload.shape())),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.accumulate = accumulate = self.accumulate
        move = Signal()
        m.d.comb += [move.eq(~accumulate.i.valid | accumulate.i.ready), self.i.ready.eq(move)]

        products: list[Value] = []
        for d in range(self.depth):
            bits = Signal(shape(self.product.form), name=f"product_{d}")
            m.submodules[f"product_{d}"] = instance(
                self.product,
                move=move,
                act=Value.cast(self.i.payload.act[d]),
                wgt=Value.cast(self.i.payload.wgt[d]),
                product=bits,
            )
            products.append(bits)
        total = add_pairs(products)
        if self.deep:
            register = Signal(total.shape(), reset_less=True, name="total")
            with m.If(move):
                m.d.sync += register.eq(total)
            total = register

        # What goes beside the products.
        valid: Value = self.i.valid
        side = {name: Value.cast(self.i.payload[name]) for name in self.side}
        for n in range(self.product.latency_cycles + self.deep):
            now = Signal(name=f"valid_{n}")
            kept = {
                name: Signal(Shape.cast(form).width, reset_less=True, name=f"{name}_{n}")
                for name, form in self.side.items()
            }
            with m.If(move):
                m.d.sync += now.eq(valid)
                m.d.sync += [kept[name].eq(value) for name, value in side.items()]
            valid, side = now, dict(kept)
        m.d.comb += accumulate.i.valid.eq(valid)
        m.d.comb += accumulate.i.payload.value.eq(total)
        m.d.comb += [Value.cast(accumulate.i.payload[name]).eq(side[name]) for name in side]
        m.d.comb += [
            self.o.payload.eq(accumulate.o.payload),
            self.o.valid.eq(accumulate.o.valid),
            accumulate.o.ready.eq(self.o.ready),
        ]
        return m
