"""Products with weights that are sums of powers of two: no multiplier."""

from __future__ import annotations

from amaranth import Array, Const, Module, Mux, Signal, Value

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
        terms = [
            self._term(act, wgt[at : at + width], exponents)
            for exponents, (at, width) in zip(self.code.terms, self.code.fields, strict=True)
        ]
        total = sum(terms[1:], terms[0])
        result = Signal(shape(self.form))
        negative = wgt[self.code.bits - 1] if self.code.signed else Const(0, 1)
        m.d.comb += result.eq(Mux(negative, -total, total))
        m.d.comb += self.product[0].eq(self.stage(m, result, "product_2"))
        return m

    def _term(self, act: Value, field: Value, exponents: tuple[int | None, ...]) -> Value:
        """Return one shifted activation, or 0."""
        point = self.code.point
        amounts = [0 if e is None else (e if self.floor else point - e) for e in exponents]
        amount: Value = Const(amounts[-1])
        if len(set(amounts)) > 1:
            amount = Array(Const(n, max(amounts).bit_length()) for n in amounts)[field]
        shifted = act >> amount if self.floor else act << amount
        used = [int(e is not None) for e in exponents]
        if all(used):
            return shifted
        return Mux(Array(Const(n, 1) for n in used)[field], shifted, 0)
