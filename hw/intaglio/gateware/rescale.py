"""A requantiser of one mode as stages: scale, round once with ties up, saturate."""

from __future__ import annotations

from amaranth import Module, Mux, Signal, Value

from intaglio.gateware.layout import shape
from intaglio.gateware.stages import Stages
from intaglio.spec.formats import IntFormat
from intaglio.spec.quant import MULTIPLIER_FRACTION_BITS, SHIFTS

STAGES = 3
"""Stages of a pipeline that :func:`rescale` ends."""


def rescale(
    m: Module, pipe: Stages, accs: list[tuple[Value, Value, Value]], out: IntFormat
) -> list[Value]:
    """Return round(acc * multiplier * 2**(shift - 31)), ties up, saturated to `out`, of each.

    Parameters
    ----------
    accs : list of (acc, multiplier, shift)
        Fields as in :class:`intaglio.spec.scale.Scale`, modes 0 to 3.

    Golden: :func:`intaglio.spec.quant.requantise` in mode SINGLE_UP.
    """
    products: list[Value] = [acc * multiplier for acc, multiplier, _ in accs]
    amounts: list[Value] = []
    for _, _, shift in accs:
        # One less than the whole shift: the bit that is left decides the rounding.
        less = Signal(range(MULTIPLIER_FRACTION_BITS - SHIFTS.start + 1))
        m.d.comb += less.eq(MULTIPLIER_FRACTION_BITS - 1 - shift)
        amounts.append(less)
    for _ in range(2):  # two registers, so that a multiplier block may take one
        pipe.step()
        products, amounts = list(pipe.keep(*products)), list(pipe.keep(*amounts))
    results = []
    for product, amount in zip(products, amounts, strict=True):
        whole = Signal(Value.cast(product).shape())
        result = Signal(shape(out))
        m.d.comb += whole.eq(((product >> amount) + 1) >> 1)
        m.d.comb += result.eq(Mux(whole < out.min, out.min, Mux(whole > out.max, out.max, whole)))
        results.append(result)
    return list(pipe.cut(*results))
