"""Integer products with one signature: operators, rows of adders, shared multipliers."""

from __future__ import annotations

from itertools import pairwise

from amaranth import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib import data

from intaglio.gateware.layout import shape
from intaglio.gateware.pipeline import Pipeline
from intaglio.spec.errors import ConfigError, Finding
from intaglio.spec.formats import IntFormat, dot_format, signed
from intaglio.spec.operands import Operands
from intaglio.spec.packing import Packing, Repair


class Product(Pipeline):
    """Products of `pixels` activations and `channels` weights, summed over `terms` operand sets.

    product[i * channels + j] = sum_t (act[t * pixels + i] + surpluses[i]) * wgt[t * channels + j]

    Parameters
    ----------
    module_name : str
        Holds every parameter.
    operands : Operands
        Formats of weights and activations.
    pixels, channels, terms : int
        Operands that meet in this component.
    surpluses : tuple of int
        One a pixel; surplus * sum(weights) is for the compiler to take off the bias.
    form : IntFormat
        Of each product.

    Members
    -------
    move : In(1)
        Clock enable.
    act : In(terms * pixels activations), wgt : In(terms * channels weights)
    product : Out(pixels * channels products)

    Timing
    ------
    Latency `latency_cycles`; one set of operands a cycle.

    Golden: :func:`intaglio.golden.products.products`.
    """

    def __init__(
        self,
        module_name: str,
        operands: Operands,
        form: IntFormat,
        *,
        pixels: int = 1,
        channels: int = 1,
        terms: int = 1,
        surpluses: tuple[int, ...] = (0,),
    ) -> None:
        self.operands, self.form = operands, form
        self.pixels, self.channels, self.terms = pixels, channels, terms
        self.surpluses = surpluses
        super().__init__(
            module_name,
            {
                "act": data.ArrayLayout(shape(operands.act), terms * pixels),
                "wgt": data.ArrayLayout(shape(operands.wgt), terms * channels),
            },
            {"product": data.ArrayLayout(shape(form), pixels * channels)},
        )

    @property
    def weights(self) -> tuple[int, int]:
        """Least and greatest value of a weight."""
        return self.operands.wgt.min, self.operands.wgt.max

    def sum_format(self, count: int) -> IntFormat:
        """Return the narrowest format of any sum of `count` results of one product."""
        act = self.operands.act
        acts = [end + surplus for end in (act.min, act.max) for surplus in self.surpluses]
        ends = [a * w * self.terms * count for a in acts for w in self.weights]
        largest, least = max(*ends, 0), min(*ends, -1)
        return signed(max(largest.bit_length(), (-least - 1).bit_length()) + 1)


class OperatorProduct(Product):
    """One product, written as ``*``: what it becomes is the synthesis tool's choice.

    product = act * wgt. Parameters, members and golden as :class:`Product`; latency 2: operands
    and product are registered, as inside most multiplier blocks.
    """

    latency_cycles = 2

    def __init__(self, operands: Operands) -> None:
        form = dot_format(operands.act, operands.wgt, 1)
        super().__init__(f"intaglio_product_{operands}", operands, form)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        act = self.stage(m, self.act[0], "act_1")
        wgt = self.stage(m, self.wgt[0], "wgt_1")
        m.d.comb += self.product[0].eq(self.stage(m, act * wgt, "product_2"))
        return m


class RowsProduct(Product):
    """One product as a sum of rows, one a bit of the weight: no multiplier block is inferred.

    product = sum_b (act << b if wgt[b] else 0), the top bit's row subtracted for signed weights.
    Parameters, members and golden as :class:`Product`; latency 2.
    """

    latency_cycles = 2

    def __init__(self, operands: Operands) -> None:
        form = dot_format(operands.act, operands.wgt, 1)
        super().__init__(f"intaglio_rows_{operands}", operands, form)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        act = self.stage(m, self.act[0], "act_1")
        wgt = self.stage(m, self.wgt[0], "wgt_1")
        width = self.operands.wgt.bits
        rows: list[Value] = [Mux(wgt[b], act << b, 0) for b in range(width)]
        if self.operands.wgt.signed:
            rows[-1] = Mux(wgt[width - 1], -(act << (width - 1)), 0)
        m.d.comb += self.product[0].eq(self.stage(m, _tree(rows), "product_2"))
        return m


class PackedProduct(Product):
    """Products that share one multiplier (two where `terms` are two, and so on).

    Parameters
    ----------
    packing : Packing
        How operands share the ports; weights outside its range are multiplied wrongly, so that
        whoever loads them calls :meth:`intaglio.spec.packing.Packing.check_weights`.
    terms : int
        Operand sets whose port products are added before the fields are told apart, 1 to
        `packing.accumulations`; 1 for the forms with a repair.

    Members and golden as :class:`Product`.

    Timing
    ------
    Latency 3, and 4 for four INT4 products in 18 x 18 bits: operands, port product, fields.

    Raises
    ------
    ConfigError
        E402: a field cannot hold that many terms.
    """

    def __init__(self, packing: Packing, terms: int = 1) -> None:
        most = max(packing.accumulations, 1) if packing.repair is Repair.NONE else 1
        if not 1 <= terms <= most:
            raise ConfigError(
                Finding(
                    "E402",
                    f"{terms} terms overflow a field of {packing.name}",
                    where="terms",
                    have=str(terms),
                    need=f"1 to {most}",
                    help="sum further terms behind the multiplier",
                )
            )
        self.packing = packing
        self.latency_cycles = 4 if packing.repair is Repair.PARITY else 3
        name = packing.name.replace("-", "_")
        form = packing.product
        if terms > 1:
            form = signed(packing.spacing)
        super().__init__(
            f"intaglio_packed_{name}_t{terms}",
            packing.operands,
            form,
            pixels=packing.pixels,
            channels=packing.channels,
            terms=terms,
            surpluses=packing.surpluses,
        )

    @property
    def weights(self) -> tuple[int, int]:
        """Least and greatest value of a weight that the packing allows."""
        return self.packing.least_weight, self.operands.wgt.max

    def elaborate(self, platform: object) -> Module:
        m = Module()
        packing = self.packing
        ports = []
        for t in range(self.terms):
            acts = [self.act[t * self.pixels + i] for i in range(self.pixels)]
            wgts = [self.wgt[t * self.channels + j] for j in range(self.channels)]
            act = _port(acts, packing.act_spacing, packing.act_port, packing.surpluses)
            wgt = _port(wgts, packing.wgt_spacing, packing.wgt_port, (0,) * len(wgts))
            ports.append((self.stage(m, act, f"act_1_{t}"), self.stage(m, wgt, f"wgt_1_{t}")))
        whole = self.stage(m, _tree([a * w for a, w in ports]), "whole_2")
        if packing.repair is Repair.LOW_BITS:
            fields = self._low_bits(m, whole)
        elif packing.repair is Repair.PARITY:
            fields = self._parity(m, whole)
        else:
            fields = self._plain(m, whole)
        for index, value in enumerate(fields):
            m.d.comb += self.product[index].eq(value)
        return m

    def _plain(self, m: Module, whole: Value) -> list[Value]:
        """Each field is its bits and the borrow of the field below."""
        packing = self.packing
        places = sorted(
            (i * packing.act_spacing + j * packing.wgt_spacing, i * self.channels + j)
            for i in range(self.pixels)
            for j in range(self.channels)
        )
        ends = [at for at, _ in places[1:]] + [len(whole)]
        fields: dict[int, Value] = {}
        for (at, index), end in zip(places, ends, strict=True):
            borrow = whole[at - 1] if at else Const(0, 1)
            field = whole[at:end].as_signed() + borrow
            fields[index] = self.stage(m, field[: self.form.bits].as_signed(), f"field_3_{index}")
        return [fields[index] for index in range(len(places))]

    def _low_bits(self, m: Module, whole: Value) -> list[Value]:
        """The lower field's top 6 bits are what is left when the upper one's low bits are gone."""
        act = self.stage(m, Value.cast(self.act[1])[:6], "low_act_1")
        wgt = self.stage(m, Value.cast(self.wgt[0])[:6], "low_wgt_1")
        # As rows: written as a product it would take a second multiplier.
        rows = [Mux(wgt[b], Cat(Const(0, b), act[: 6 - b]), Const(0, 6)) for b in range(6)]
        low = self.stage(m, _tree(rows)[:6], "low_2")
        top = Signal(6)
        at = self.packing.act_spacing
        m.d.comb += top.eq(whole[at : at + 6] - low)
        first = Cat(whole[:at], top).as_signed()
        second = (whole[at:].as_signed() - top.as_signed())[: self.form.bits].as_signed()
        return [self.stage(m, first, "field_3_0"), self.stage(m, second, "field_3_1")]

    def _parity(self, m: Module, whole: Value) -> list[Value]:
        """A field's top bit differs from what stands there by the next product's lowest bit."""
        pairs = [(0, 1), (1, 0), (1, 1)]
        lowest = [
            self.stage(m, Value.cast(self.act[i])[0] & Value.cast(self.wgt[j])[0], f"odd_1_{i}{j}")
            for i, j in pairs
        ]
        lowest = [self.stage(m, bit, f"odd_2_{n}") for n, bit in enumerate(lowest)]
        bits = self.packing.wgt_spacing
        fields: list[Value] = []
        rest = whole
        for n, odd in enumerate(lowest):
            top = rest[bits] ^ odd
            field: Value = Cat(rest[:bits], top).as_signed()
            rest = (rest[bits:].as_signed() + top)[: len(rest) - bits].as_signed()
            if n == 0:
                # Three carries in a row are too long for one cycle.
                field, rest = self.stage(m, field, "field_3_0"), self.stage(m, rest, "rest_3")
                lowest[1:] = [self.stage(m, bit, f"odd_3_{k}") for k, bit in enumerate(lowest[1:])]
            fields.append(field)
        fields.append(rest[: self.form.bits].as_signed())
        return [self.stage(m, field, f"field_4_{n}") for n, field in enumerate(fields)]


def _port(values: list[Value], spacing: int, bits: int, surpluses: tuple[int, ...]) -> Value:
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
    return total[:bits].as_signed()


def _tree(values: list[Value]) -> Value:
    """Return the sum of `values`, added in pairs."""
    while len(values) > 1:
        odd = [values[-1]] if len(values) % 2 else []
        values = [a + b for a, b in list(pairwise(values))[::2]] + odd
    return values[0]
