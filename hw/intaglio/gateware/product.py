"""Integer products with one signature: multiplier blocks, rows of adders."""

from __future__ import annotations

from itertools import pairwise

from amaranth import Module, Mux, Value
from amaranth.lib import data

from intaglio.gateware.layout import shape
from intaglio.gateware.multiplier import Multiplier
from intaglio.gateware.pipeline import Pipeline
from intaglio.gateware.shared import instance
from intaglio.spec.formats import IntFormat, dot_format, signed
from intaglio.spec.operands import Operands


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
    def peaked(self) -> bool:
        """Whether every negative product is nearer to zero than the greatest one."""
        act, wgt = self.operands.act, self.operands.wgt
        whole = self.form.bits == act.bits + wgt.bits
        return act.signed and wgt.signed and whole and not any(self.surpluses)

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
    """One product of a part's multiplier block, or ``*`` between registers.

    product = act * wgt. Parameters, members and golden as :class:`Product`; what ``*`` becomes is
    the synthesis tool's choice.

    Parameters
    ----------
    part : str
        As :class:`intaglio.gateware.multiplier.Multiplier`, which is placed.

    Timing
    ------
    Latency 3: registers of operands, of the multiplier and of the product.
    """

    latency_cycles = Multiplier.latency_cycles

    def __init__(self, operands: Operands, part: str = "generic") -> None:
        form = dot_format(operands.act, operands.wgt, 1)
        self.block = Multiplier(operands.act, operands.wgt, part)
        self.parts = (self.block,)
        name = f"intaglio_product_{operands}"
        super().__init__(name if part == "generic" else f"{name}_{part}", operands, form)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.block = instance(
            self.block,
            move=self.move,
            a=Value.cast(self.act),
            b=Value.cast(self.wgt),
            product=Value.cast(self.product),
        )
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
        m.d.comb += self.product[0].eq(self.stage(m, add_tree(rows), "result_2"))
        return m


def add_tree(values: list[Value]) -> Value:
    """Return the sum of `values`, added in pairs."""
    while len(values) > 1:
        odd = [values[-1]] if len(values) % 2 else []
        values = [a + b for a, b in list(pairwise(values))[::2]] + odd
    return values[0]
