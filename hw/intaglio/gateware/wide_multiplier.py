"""A product of wide factors out of several multiplier blocks."""

from __future__ import annotations

from amaranth import Cat, Const, Module, Signal, Value

from intaglio.gateware.multiplier import Multiplier
from intaglio.gateware.pipeline import Pipeline
from intaglio.gateware.product import add_tree
from intaglio.gateware.shared import instance
from intaglio.spec.formats import unsigned

PIECE = unsigned(16)  # of the factors, for which every part has a multiplier


class WideMultiplier(Pipeline):
    """Multiply two unsigned factors of any width, 16 bits of each at a time.

    product = a * b.

    Parameters
    ----------
    a_bits, b_bits : int
        Widths of the factors, each more than 16.
    part : str
        As :class:`intaglio.gateware.multiplier.Multiplier`.

    Members
    -------
    move : In(1)
    a : In(a_bits), b : In(b_bits)
    product : Out(a_bits + b_bits)

    Timing
    ------
    Latency 4: that of the multiplier, and one for the sum of the pieces.

    Golden: ``a * b``.
    """

    latency_cycles = Multiplier.latency_cycles + 1

    def __init__(self, a_bits: int, b_bits: int, part: str = "generic") -> None:
        self.piece = Multiplier(PIECE, PIECE, part)
        self.parts = (self.piece,)
        super().__init__(
            f"intaglio_wide_multiplier_{part}_{a_bits}_{b_bits}",
            {"a": a_bits, "b": b_bits},
            {"product": a_bits + b_bits},
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        size = PIECE.bits
        columns: dict[int, list[Value]] = {}
        for i in range(0, len(self.a), size):
            for j in range(0, len(self.b), size):
                a, b = Signal(size, name=f"a_{i}_{j}"), Signal(size, name=f"b_{i}_{j}")
                part = Signal(self.piece.form.bits, name=f"piece_{i}_{j}")
                m.d.comb += [a.eq(self.a[i : i + size]), b.eq(self.b[j : j + size])]
                m.submodules[f"piece_{i}_{j}"] = instance(
                    self.piece, move=self.move, a=a, b=b, product=part
                )
                columns.setdefault(i + j, []).append(part[: 2 * size])

        # Two pieces apart they lie side by side in one row; only the first reaches down to bit 0.
        rows: list[list[tuple[int, Value]]] = []
        for at, pieces in sorted(columns.items()):
            for piece in pieces:
                free = next((row for row in rows if row[-1][0] + 2 * size <= at), None)
                if free is None:
                    rows.append([(at, piece)])
                else:
                    free.append((at, piece))
        first, *others = (Cat(*_spaced(row)) for row in rows)
        total = Cat(first[:size], first[size:] + add_tree([row[size:] for row in others]))
        m.d.comb += self.product.eq(self.stage(m, total[: len(self.product)], "product_4"))
        return m


def _spaced(row: list[tuple[int, Value]]) -> list[Value]:
    """Return the pieces of a row with zeros between them."""
    bits: list[Value] = []
    end = 0
    for at, piece in row:
        bits += [Const(0, at - end), piece]
        end = at + len(piece)
    return bits
