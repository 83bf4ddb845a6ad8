"""Products that share a multiplier block, told apart behind the sum over their terms."""

from __future__ import annotations

from amaranth import Cat, Const, Module, Signal, Value

from intaglio.gateware.low_product import LowProduct
from intaglio.gateware.multiplier import Multiplier
from intaglio.gateware.product import Product
from intaglio.gateware.shared import instance
from intaglio.spec.errors import ConfigError, Finding
from intaglio.spec.formats import signed
from intaglio.spec.packing import Packing, Repair

MOST_TERMS = 8  # of the forms with a repair


class PackedProduct(Product):
    """Products that share one multiplier (two where `terms` are two, and so on).

    The multipliers' products are added first, so that the fields of a sum are told apart once and
    not those of every product.

    Parameters
    ----------
    packing : Packing
        How operands share the ports; weights outside its range are multiplied wrongly, so that
        whoever loads them calls :meth:`intaglio.spec.packing.Packing.check_weights`.
    terms : int
        Operand sets whose products are added: 1 to `packing.accumulations`; a power of two to 8
        for the forms with a repair.
    part : str
        As :class:`intaglio.gateware.multiplier.Multiplier`, which is placed `terms` times.

    Members and golden as :class:`Product`.

    Timing
    ------
    Latency: 3 of the multiplier, one for each level of the sum over terms, and for the fields 1,
    2 with a repair by one bit, 3 with one by several.

    Raises
    ------
    ConfigError
        E402: a field cannot hold that many terms.
    """

    def __init__(self, packing: Packing, terms: int = 1, part: str = "generic") -> None:
        plain = packing.repair is Repair.NONE
        most = max(packing.accumulations, 1) if plain else MOST_TERMS
        if not 1 <= terms <= most or not (plain or terms & (terms - 1) == 0):
            raise ConfigError(
                Finding(
                    "E402",
                    f"{terms} terms overflow a field of {packing.name}",
                    where="terms",
                    have=str(terms),
                    need=f"1 to {most}" if plain else f"a power of two to {most}",
                    help="sum further terms behind the multiplier",
                )
            )
        self.packing = packing
        self.block = Multiplier(signed(packing.act_port), signed(packing.wgt_port), part)
        levels = (terms - 1).bit_length()
        form = signed(packing.spacing) if plain and terms > 1 else packing.product
        if not plain:
            form = signed(form.bits + levels)
        # Bits of a field that lie on the next one's.
        self.overlap = 0 if plain else form.bits - packing.spacing
        self.low = LowProduct(self.overlap, part) if self.overlap else None
        self.parts = (self.block, self.low) if self.low else (self.block,)
        self.latency_cycles = Multiplier.latency_cycles + levels + self._field_cycles
        name = packing.name.replace("-", "_")
        kind = "" if part == "generic" else f"_{part}"
        super().__init__(
            f"intaglio_packed_{name}_t{terms}{kind}",
            packing.operands,
            form,
            pixels=packing.pixels,
            channels=packing.channels,
            terms=terms,
            surpluses=packing.surpluses,
        )

    @property
    def _field_cycles(self) -> int:
        """Cycles from the sum of the products to the fields."""
        if not self.overlap:
            return 1
        fields = self.packing.pixels * self.packing.channels - 1
        return fields * (1 if self.overlap < 5 else 2)

    @property
    def weights(self) -> tuple[int, int]:
        """Least and greatest value of a weight that the packing allows."""
        return self.packing.least_weight, self.operands.wgt.max

    def elaborate(self, platform: object) -> Module:
        m = Module()
        packing = self.packing
        # Places of the fields, lowest first: (bit, index of the result, pixel, channel).
        places = sorted(
            (i * packing.act_spacing + j * packing.wgt_spacing, i * self.channels + j, i, j)
            for i in range(self.pixels)
            for j in range(self.channels)
        )
        wholes: list[Value] = []
        lows: list[list[Value]] = [[] for _ in places]
        for t in range(self.terms):
            acts = [self.act[t * self.pixels + i] for i in range(self.pixels)]
            wgts = [self.wgt[t * self.channels + j] for j in range(self.channels)]
            a, b = (
                Signal(self.block.inputs[side], name=f"{side}_{t}", reset_less=True)
                for side in ("a", "b")
            )
            whole = Signal(self.block.form.bits, name=f"whole_{t}")
            m.d.comb += [
                a.eq(_port(acts, packing.act_spacing, packing.surpluses)),
                b.eq(_port(wgts, packing.wgt_spacing, (0,) * len(wgts))),
            ]
            m.submodules[f"block_{t}"] = instance(
                self.block,
                move=self.move,
                a=a,
                b=b,
                product=whole,
            )
            wholes.append(whole.as_signed())
            if self.low is None:
                continue
            for n, (_, _, i, j) in enumerate(places[1:], 1):
                raised = Value.cast(acts[i]) ^ packing.surpluses[i]
                low = Signal(self.overlap, name=f"low_{t}_{n}")
                m.submodules[f"low_{t}_{n}"] = instance(
                    self.low,
                    move=self.move,
                    a=raised[: self.overlap],
                    b=Value.cast(wgts[j])[: self.overlap],
                    product=low,
                )
                lows[n].append(low)
        total = self._sum(m, wholes, 0, "whole")
        if self.low is None:
            fields = self._plain(m, total, [at for at, *_ in places])
        else:
            parts = [self._sum(m, low, self.overlap, f"low_{n}") for n, low in enumerate(lows)]
            fields = self._repaired(m, total, parts)
        for field, (_, index, *_) in zip(fields, places, strict=True):
            m.d.comb += self.product[index].eq(field)
        return m

    def _sum(self, m: Module, values: list[Value], bits: int, name: str) -> Value:
        """Return the sum of `values`, modulo 2**bits unless that is 0, a register a level."""
        level = 0
        while len(values) > 1:
            sums = [a + b for a, b in zip(values[::2], values[1::2], strict=False)]
            sums = [*sums, *values[2 * len(sums) :]]
            values = [
                self.stage(m, total[:bits] if bits else total, f"{name}_{level}_{k}")
                for k, total in enumerate(sums)
            ]
            level += 1
        return values[0] if values else Const(0)

    def _plain(self, m: Module, whole: Value, starts: list[int]) -> list[Value]:
        """Each field is its bits and the borrow of the field below."""
        fields: list[Value] = []
        for n, (at, end) in enumerate(zip(starts, [*starts[1:], len(whole)], strict=True)):
            borrow = whole[at - 1] if at else Const(0, 1)
            field = whole[at:end].as_signed() + borrow
            fields.append(self.stage(m, field[: self.form.bits].as_signed(), f"field_{n}"))
        return fields

    def _repaired(self, m: Module, whole: Value, lows: list[Value]) -> list[Value]:
        """A field's top bits are what is left when the next one's low bits are gone."""
        spacing, overlap = self.packing.spacing, self.overlap
        fields: list[Value] = []
        rest = whole
        for n in range(1, len(lows)):
            top = (rest[spacing : spacing + overlap] - lows[n])[:overlap]
            if overlap >= 5:
                # A subtraction of its own, and a cycle for it.
                top = self.stage(m, top, f"top_{n}")
                rest = self.stage(m, rest, f"rest_{n}")
                fields = [self.stage(m, f, f"kept_{n}_{k}") for k, f in enumerate(fields)]
            fields.append(Cat(rest[:spacing], top).as_signed())
            bits = len(rest) - spacing
            rest = (rest[spacing:].as_signed() - top.as_signed())[:bits].as_signed()
            later = [self.stage(m, low, f"later_{n}_{k}") for k, low in enumerate(lows[n + 1 :])]
            lows[n + 1 :] = later
            fields = [self.stage(m, f, f"field_{n}_{k}") for k, f in enumerate(fields)]
            rest = self.stage(m, rest, f"beyond_{n}")
        return [*fields, rest[: self.form.bits].as_signed()]


def _port(values: list[Value], spacing: int, surpluses: tuple[int, ...]) -> Value:
    """Return the values side by side in a port.

    With a surplus of half the range, which inverts the sign bit, a value is not negative and lies
    beside the next one; others borrow from it.
    """
    total: Value = values[-1]
    for value, surplus in list(zip(values, surpluses, strict=True))[-2::-1]:
        if surplus:
            flipped = Cat(value[:-1], ~value[-1])
            total = Cat(flipped, Const(0, spacing - len(flipped)), total).as_signed()
        else:
            total = (total << spacing) + value
    return total
