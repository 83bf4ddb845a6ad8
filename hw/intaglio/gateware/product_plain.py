"""Products with one register, behind them: the style in which formats are compared."""

from __future__ import annotations

from typing import Any

from amaranth import Module

from intaglio.gateware.product import Product, RowsProduct
from intaglio.gateware.shift_add import ShiftProduct
from intaglio.spec.codes_shift import ShiftFormat
from intaglio.spec.formats import IntFormat, dot_format
from intaglio.spec.operands import Operands

OPERAND_STAGE = "_1"  # ends the names of registers of operands


class PlainProduct(Product):
    """One product, written as ``*``, with a register behind it and none before.

    product = act * wgt. Parameters, members and golden as
    :class:`intaglio.gateware.product.Product`; latency 1.
    """

    latency_cycles = 1

    def __init__(self, operands: Operands) -> None:
        form = dot_format(operands.act, operands.wgt, 1)
        super().__init__(f"intaglio_plain_{operands}", operands, form)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        whole = self.act[0] * self.wgt[0]
        m.d.comb += self.product[0].eq(self.stage(m, whole, "result_2"))
        return m


class PlainRowsProduct(RowsProduct):
    """As :class:`intaglio.gateware.product.RowsProduct`, without registers of operands; latency 1.

    Parameters, members and golden as there.
    """

    latency_cycles = 1

    def __init__(self, operands: Operands) -> None:
        super().__init__(operands)
        self.module_name += "_plain"

    def stage(self, m: Module, value: Any, name: str) -> Any:
        """Return a register behind the product, and operands as they are."""
        return value if name.endswith(OPERAND_STAGE) else super().stage(m, value, name)


class PlainShiftProduct(ShiftProduct):
    """As :class:`intaglio.gateware.shift_add.ShiftProduct`, without registers of operands.

    Parameters, members and golden as there; latency 1.
    """

    latency_cycles = 1

    def __init__(self, form: ShiftFormat, act: IntFormat, floor: bool = False) -> None:
        super().__init__(form, act, floor)
        self.module_name += "_plain"

    def stage(self, m: Module, value: Any, name: str) -> Any:
        """Return a register behind the product, and operands as they are."""
        return value if name.endswith(OPERAND_STAGE) else super().stage(m, value, name)
