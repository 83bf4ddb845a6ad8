"""Quantised addition in exact integers."""

from __future__ import annotations

from intaglio.golden.output import Codes, Output
from intaglio.golden.windows import Array
from intaglio.spec.formats import INT8
from intaglio.spec.graph import Quantisation
from intaglio.spec.quant import ADD_LEFT_SHIFT, Rounding, add_rescales, rescale_add_operand


def add(
    a: Array,
    b: Array,
    qa: Quantisation,
    qb: Quantisation,
    qy: Quantisation,
    low: int = INT8.min,
    high: int = INT8.max,
    left: int = ADD_LEFT_SHIFT,
    sign: int = 1,
) -> Codes:
    """Return the codes of a + sign * b: on one scale, summed, requantised; all in mode 0.

    Parameters
    ----------
    a, b : int array
        Codes of shapes that broadcast.
    qa, qb, qy : Quantisation
        Of a, b and the output, per tensor.
    low, high : int
        Clamp of the output.
    left : int
        Bits by which the operands are shifted left first: 20, or 15 for codes of 16 bits.
    sign : int
        1 for a sum, -1 for a difference.
    """
    to_a, to_b, to_y = add_rescales(qa.scale, qb.scale, qy.scale, left)
    total = rescale_add_operand(a, qa.zero_point, to_a, left) + sign * rescale_add_operand(
        b, qb.zero_point, to_b, left
    )
    return Output((to_y,), Rounding.DOUBLE, qy.zero_point, low, high).codes(total)
