"""The low bits of a product, without a multiplier."""

from __future__ import annotations

from amaranth import Const, Module, Mux, Signal, Value

from intaglio.gateware.multiplier import Multiplier
from intaglio.gateware.pipeline import Pipeline
from intaglio.gateware.primitives import Carry, carry_chain
from intaglio.gateware.product import add_tree


class LowProduct(Pipeline):
    """The low bits of a product.

    product = a * b mod 2**bits.

    Parameters
    ----------
    bits : int
        Of both operands and of the result, 1 to 16.
    part : str
        ``ecp5``: two rows of the product on one carry chain, whose cells hold their gates.
        ``generic``: rows of gates and adders. Up to 3 bits are gates alone.

    Members
    -------
    move : In(1)
    a, b : In(bits)
    product : Out(bits)

    Timing
    ------
    Latency 3, that of :class:`~intaglio.gateware.multiplier.Multiplier`, beside which it stands.

    Golden: ``a * b % 2**bits``.
    """

    latency_cycles = Multiplier.latency_cycles

    def __init__(self, bits: int, part: str = "generic") -> None:
        self.bits, self.part = bits, part
        super().__init__(
            f"intaglio_low_product_{part}_{bits}", {"a": bits, "b": bits}, {"product": bits}
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        a, b = self.stage(m, self.a, "a_1"), self.stage(m, self.b, "b_1")
        if self.bits <= 3:
            # Products and carries of so few bits are shorter as gates than as adders.
            out = [a[0] & b[0]]
            if self.bits > 1:
                out.append((a[1] & b[0]) ^ (a[0] & b[1]))
            if self.bits > 2:
                carry = a[0] & a[1] & b[0] & b[1]
                out.append((a[2] & b[0]) ^ (a[1] & b[1]) ^ (a[0] & b[2]) ^ carry)
            total = Signal(self.bits)
            m.d.comb += [total[n].eq(bit) for n, bit in enumerate(out)]
            m.d.comb += self.product.eq(self.stage(m, self.stage(m, total, "total_2"), "total_3"))
            return m
        rows = [self.stage(m, row, f"rows_2_{n}") for n, row in enumerate(self._rows(m, a, b))]
        m.d.comb += self.product.eq(self.stage(m, add_tree(rows)[: self.bits], "total_3"))
        return m

    def _rows(self, m: Module, a: Value, b: Value) -> list[Value]:
        """Return what remains to be added: rows, or sums of two."""
        bits, zero = self.bits, Const(0, 1)
        if self.part != "ecp5":
            return [Mux(b[n], a << n, 0)[:bits] for n in range(bits)]
        rows: list[Value] = []
        for n in range(0, bits, 2):
            upper = b[n + 1] if n + 1 < bits else zero
            inputs = [(a[k], b[n], a[k - 1] if k else zero, upper) for k in range(bits - n)]
            rows.append(carry_chain(m, f"pair_{n}", Carry.PAIR, inputs) << n)
        return rows
