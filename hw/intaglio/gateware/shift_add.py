"""Products with weights that are sums of powers of two: no multiplier."""

from __future__ import annotations

from amaranth import Array, Const, Module, Shape, Signal, Value

from intaglio.gateware.layout import shape
from intaglio.gateware.product import Product
from intaglio.spec.codes_shift import ShiftFormat
from intaglio.spec.formats import IntFormat, unsigned
from intaglio.spec.operands import Operands


class ShiftProduct(Product):
    """One product as a shift for each term, an add and a negation.

    product = act * value(wgt) * 2**wgt.point, exact. With `floor`, each term is shifted right
    instead and rounds down, as in the published kernel:
    product = (-1)**sign * sum over terms of floor(act * 2**-exponent).

    Parameters
    ----------
    form : ShiftFormat
        Of the weight, whose bit patterns the port takes: ``pow2_5``, ``sp2_4``, ``mask``.
    act : IntFormat
        Of the activation.
    floor : bool
        Drop the fraction of every term.

    Members as :class:`intaglio.gateware.product.Product`; latency 2.

    Golden: :func:`intaglio.golden.products.shift_products`.
    """

    latency_cycles = 2

    def __init__(self, form: ShiftFormat, act: IntFormat, floor: bool = False) -> None:
        self.code, self.floor = form, floor
        name = f"{form.name}a{'' if act.signed else 'u'}{act.bits}"
        most = max(abs(int(end)) * max(-act.min, act.max) for end in form.table())
        product = IntFormat(most.bit_length() + 1)
        if floor:
            # A term is no wider than the activation; the negation of its least value is.
            product = IntFormat(act.bits + len(form.terms) + (not act.signed))
        super().__init__(
            f"intaglio_shift_{name}{'_floor' if floor else ''}",
            Operands(name, unsigned(form.bits), act),
            product,
        )

    @property
    def weights(self) -> tuple[int, int]:
        """Least and greatest factor that a weight stands for."""
        if self.floor:
            # Each term of a floored product is at most the activation; rounding down adds one.
            terms = len(self.code.terms) + 1
            return -terms, terms
        return int(self.code.table().min()), int(self.code.table().max())

    def elaborate(self, platform: object) -> Module:
        m = Module()
        act = self.stage(m, self.act[0], "act_1")
        wgt = self.stage(m, self.wgt[0], "wgt_1")
        negative = wgt[self.code.bits - 1] if self.code.signed else Const(0, 1)
        fields = list(zip(self.code.terms, self.code.fields, strict=True))
        if not self.floor:
            # The sign and the zero act on the activation, which is narrower than what is shifted.
            act = _negated(m, act, negative, "signed")
        terms = [
            self._term(m, act, wgt[at : at + width], exponents, n)
            for n, (exponents, (at, width)) in enumerate(fields)
        ]
        result = Signal(shape(self.form))
        total = sum(terms[1:], terms[0])
        m.d.comb += result.eq(_negated(m, total, negative, "negated") if self.floor else total)
        m.d.comb += self.product[0].eq(self.stage(m, result, "result_2"))
        return m

    def _term(
        self, m: Module, act: Value, field: Value, exponents: tuple[int | None, ...], n: int
    ) -> Value:
        """Return one shifted activation, or 0."""
        point = self.code.point
        amounts = [0 if e is None else (e if self.floor else point - e) for e in exponents]
        used = [int(e is not None) for e in exponents]
        if not all(used):
            wanted = Array(Const(bit, 1) for bit in used)[field]
            gated = Signal(act.shape(), name=f"gated_{n}")
            m.d.comb += gated.eq(act & wanted.replicate(len(act)).as_signed())
            act = gated
        if len(set(amounts)) == 1:
            return act >> amounts[0] if self.floor else act << amounts[0]
        amount = Array(Const(n, max(amounts).bit_length()) for n in amounts)[field]
        return act >> amount if self.floor else act << amount


def _negated(m: Module, value: Value, negative: Value, name: str) -> Value:
    """Return `value`, negated where `negative` is 1."""
    result = Signal(Shape(len(value) + 1, signed=True), name=name)
    wide = Signal(result.shape(), name=f"{name}_wide")
    m.d.comb += [
        wide.eq(value),
        result.eq((wide ^ negative.replicate(len(wide)).as_signed()) + negative),
    ]
    return result
